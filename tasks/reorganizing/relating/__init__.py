"""Relating the topics of a document: what is asked, in which questions, and in how many rounds."""
