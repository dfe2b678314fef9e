"""Runs for dates that were named: which dates, what stands under them and under others, what they would take."""
