"""Faults, performed from outside on real processes: how each ends, what is lost, what is paid twice, what is said.

ends: "finished" (the night went on to its end), "resumed" (the same command goes on from there), "refused" (one line
before anything starts). coverage: share of the sentences that stand in `passages` in the end. paid_again: answers that
were paid for twice. half_batches: states seen by a reader that polls the tables in which a document stood twice.
message and exit_code: of the run that was disturbed. right: whether all of that is as it should be.
"""

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.common import prefect_server, scratch, show
from benchmarks.fault_cases import batch_faults, dask_faults, money_faults, store_faults

Fault = Callable[[Path, dict[str, str]], dict[str, Any]]
WINGS = (batch_faults, dask_faults, money_faults, store_faults)


def main() -> None:
    """Perform the faults that are named, or all; print a table; exit code 1 if a row is not right."""
    faults: dict[str, Fault] = {name: fault for wing in WINGS for name, fault in wing.cases().items()}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="perform the faults whose names hold one of these")
    parser.add_argument("--all", action="store_true", help="perform every fault")
    parser.add_argument("--list", action="store_true", help="list the faults")
    asked = parser.parse_args()
    chosen = {n: f for n, f in faults.items() if asked.all or any(word in n for word in asked.words)}
    if asked.list or not chosen:
        sys.exit("\n".join(faults))
    rows = []
    with prefect_server() as env:
        for name, fault in chosen.items():
            rows.append(_performed(name, fault, env))
            print(f"{len(rows)}/{len(chosen)} {name}: {'right' if rows[-1]['right'] else 'WRONG'}", file=sys.stderr)
    show("faults", rows)
    sys.exit(0 if all(r["right"] for r in rows) else 1)


def _performed(name: str, fault: Fault, env: dict[str, str]) -> dict[str, Any]:
    started = time.perf_counter()
    with scratch() as folder:
        try:
            row = fault(folder, dict(env))
        except Exception as e:  # noqa: BLE001  (one fault that cannot be performed must not hide the others)
            traceback.print_exc()
            row = {"message": f"could not be performed: {type(e).__name__}: {e}"[:160], "right": False}
    return {**row, "fault": name, "seconds": round(time.perf_counter() - started, 1)}


if __name__ == "__main__":
    main()
