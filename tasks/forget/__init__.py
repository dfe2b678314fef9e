"""Forgetting a document: it leaves every place below OUT that keeps text, and what is left of it is named.

document.py takes the steps, places.py lists the places, leftovers.py searches for what is left.
"""
