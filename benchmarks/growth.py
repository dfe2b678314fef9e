"""What a night costs as it grows, and as nights before it pile up: ratios and CPU, each beside its goal.

Without arguments: the quick cases, under three minutes. Texts differ by seed in every sentence, so that no answer comes
from the store or a cache. CPU is of all processes that a case starts but the Prefect server, which is told apart.

Wall times want a machine that does nothing else. The cases are in benchmarks/growth_cases, a module for each theme.
"""

from benchmarks import growth_cases
from benchmarks.cases import main

if __name__ == "__main__":
    main("growth", growth_cases, __doc__ or "")
