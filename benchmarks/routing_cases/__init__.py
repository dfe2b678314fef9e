"""Cases of benchmarks/public_routing.py: the record, and the policies that choose a model for each prompt."""
