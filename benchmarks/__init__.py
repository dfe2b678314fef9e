"""What measures speed, cost, quality and learning; each module is run by itself and prints one table."""
