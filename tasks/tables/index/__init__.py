"""The index of OUT: one SQLite file that spares whoever asks about all dates from reading the tables of all dates.

It is a cache: whatever is in it, but for what stood on dates that were pruned, is read from the tables again if the
file is removed.
"""
