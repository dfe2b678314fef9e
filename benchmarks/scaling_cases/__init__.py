"""What is measured by benchmarks.scaling: readers, roles and embedded models, each with hostile input of any size."""
