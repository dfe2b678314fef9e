"""What other weights would have earned, and whether a change of them may be served."""
