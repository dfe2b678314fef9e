"""What is done with a run's batches of documents by code: reading them, making their tables, counting them."""
