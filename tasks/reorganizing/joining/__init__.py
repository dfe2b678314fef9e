"""Joining topics of different documents and nights: what is compared, and what two must have in common."""
