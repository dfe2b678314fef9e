"""Batches of documents: their stages as Prefect tasks, and the order in which several batches go through them."""
