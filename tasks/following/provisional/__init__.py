"""What is shown of streams before it is settled: the filed tails, the live page, lines for a terminal."""
