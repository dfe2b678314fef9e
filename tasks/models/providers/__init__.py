"""Models behind a provider's protocol, and the providers' batches."""
