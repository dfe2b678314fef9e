"""The edition: a night as a page to read in the morning, OUT/editions/<date>/index.html, and an index over the nights.

night.py says what a night holds, reading/ makes it of the tables, pages.py writes it down. Beside this file lie the
templates, the one style sheet and the one script; a page carries all it needs and asks the network for nothing.
"""
