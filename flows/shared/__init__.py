"""What the flows have in common."""
