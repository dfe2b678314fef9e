"""Sections of a profile that have a module of their own."""
