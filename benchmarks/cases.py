"""Running benchmark cases by name: those of a package's modules under QUICK by default, those under LONG when asked."""

import argparse
import importlib
import pkgutil
import sys
import time
from types import ModuleType

from benchmarks.common import prefect_server, scratch, show
from benchmarks.growth_cases.rows import Case, Rows


def main(name: str, package: ModuleType, description: str) -> None:
    """Measure the cases that the command line names and print their rows; exit with 1 if a goal is not met."""
    quick, long = cases(package, "QUICK"), cases(package, "LONG")
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"quick: {', '.join(quick)}; long: {', '.join(long)}")
    parser.add_argument("--long", action="store_true", help="the long cases, too")
    asked = parser.parse_args()
    every = quick | long
    if unknown := [name for name in asked.names if name not in every]:
        parser.error(f"{', '.join(unknown)}: no such case; choose of {', '.join(every)}")
    names = asked.names or (every if asked.long else quick)
    rows: Rows = []
    with prefect_server() as env:
        for case in names:
            begin = time.perf_counter()
            with scratch() as folder:
                rows += every[case](folder, env)
            print(f"{case}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
    show(name, rows)
    sys.exit(0 if all(row["met"] != "no" for row in rows) else 1)


def cases(package: ModuleType, kind: str) -> dict[str, Case]:
    """Return the cases that the modules of a package name under QUICK or LONG."""
    found: dict[str, Case] = {}
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        found |= getattr(importlib.import_module(module.name), kind, {})
    return found
