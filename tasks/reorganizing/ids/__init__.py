"""Ids of topics and stories: derived from the text, kept once they were published."""
