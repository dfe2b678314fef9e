"""The ways to make plans from evidence, one of which a profile names."""
