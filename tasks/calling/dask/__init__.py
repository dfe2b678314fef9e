"""The calls of a run on Dask: its cluster, the workers that can be used, and the pool that sends calls there."""
