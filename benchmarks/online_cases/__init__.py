"""The cases of benchmarks/online.py."""
