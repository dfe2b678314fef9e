"""What benchmarks/growth.py measures, a module per part of the project."""
