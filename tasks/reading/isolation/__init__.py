"""Parsing in processes of their own: what is to be parsed, who does it, and what they do."""
