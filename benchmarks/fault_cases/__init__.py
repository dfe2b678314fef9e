"""Faults, one function each, performed from outside on real processes."""
