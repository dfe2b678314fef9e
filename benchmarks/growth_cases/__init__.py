"""Cases of benchmarks.growth. A module's QUICK and LONG name its cases: name -> function(scratch folder, env) -> rows.

env: names a Prefect server that is up. What takes more than half a minute is LONG.
"""
