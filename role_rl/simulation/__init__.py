"""Nights in a world of models as numbers."""
