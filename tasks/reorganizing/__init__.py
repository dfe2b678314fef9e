"""A night, in order: from a batch of documents to audited rows."""
