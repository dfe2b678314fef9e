"""What came in: sources, documents, sentences, languages, encodings."""
