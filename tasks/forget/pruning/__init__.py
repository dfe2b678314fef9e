"""Pruning: what is older than it is kept goes, whole dates and parts of tables, editions and answers."""
