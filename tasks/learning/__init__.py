"""What the night taught: published rows -> the next version of the weights, and its picture."""
