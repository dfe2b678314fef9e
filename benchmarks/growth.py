"""What a night costs as it grows, and as nights before it pile up: ratios and CPU, each beside its goal.

Without arguments: the quick cases, under three minutes. Texts differ by seed in every sentence, so that no answer comes
from the store or a cache. CPU is of all processes that a case starts but the Prefect server, which is told apart.

Wall times want a machine that does nothing else. The cases are in benchmarks/growth_cases, a module for each theme.
"""

import argparse
import importlib
import pkgutil
import sys
import time

from benchmarks import growth_cases
from benchmarks.common import prefect_server, scratch, show
from benchmarks.growth_cases.rows import Case, Rows


def main() -> None:
    """Measure and print; exit with 1 if a goal is not met."""
    quick, long = cases("QUICK"), cases("LONG")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"quick: {', '.join(quick)}; long: {', '.join(long)}")
    parser.add_argument("--long", action="store_true", help="the long cases, too")
    asked = parser.parse_args()
    every = quick | long
    if unknown := [name for name in asked.names if name not in every]:
        parser.error(f"{', '.join(unknown)}: no such case; choose of {', '.join(every)}")
    names = asked.names or (every if asked.long else quick)
    rows: Rows = []
    with prefect_server() as env:
        for name in names:
            begin = time.perf_counter()
            with scratch() as folder:
                rows += every[name](folder, env)
            print(f"{name}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
    show("growth", rows)
    sys.exit(0 if all(row["met"] != "no" for row in rows) else 1)


def cases(kind: str) -> dict[str, Case]:
    """Return the cases that the modules of growth_cases name under QUICK or LONG."""
    found: dict[str, Case] = {}
    for module in pkgutil.iter_modules(growth_cases.__path__, f"{growth_cases.__name__}."):
        found |= getattr(importlib.import_module(module.name), kind, {})
    return found


if __name__ == "__main__":
    main()
