"""Whether time grows with the size of hostile input, or faster: every reader, role and embedded model.

python -m benchmarks.scaling [WORD...] takes the steps whose names hold one of the words, or all (about 300), and prints
for each the CPU time at a size n, and by what it grows to 2n and from there to 4n. n is where the time is well above
the clock's noise; each time is the shortest of several, because other processes only ever add to it. A step is right if
neither growth is above 2.5, or its largest input takes next to nothing; one that is not is measured again with twice
the input, where what grows too fast grows faster still, and a cache that was left at one size is behind it. The exit
code is 1 if a step is not right then either. --every says every hostile piece in every place (hours).
"""

import argparse
import contextlib
import gc
import os
import pickle
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from benchmarks.common import show
from benchmarks.scaling_cases import embedded, readers, roles
from benchmarks.scaling_cases.step import Step

MOST_RATIO = 2.5
ENOUGH_S = 0.03  # what n takes, so that noise is small beside it
NOTHING_S = 0.03  # what the largest input may take whatever the ratios say
MOST_S = 60  # CPU that a step may take before it is ended


def main() -> None:
    """Measure, print, and exit with 1 if a step is not right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="only the steps whose names hold one of these")
    parser.add_argument("--every", action="store_true", help="every hostile piece in every place")
    parser.add_argument("--part", default="0/1", help="k/m: every m-th step from the k-th on")
    asked = parser.parse_args()
    os.environ |= {"TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        steps = [*readers.steps(Path(folder), asked.every), *roles.steps(), *embedded.steps(asked.every)]
        k, m = map(int, asked.part.split("/"))
        chosen = [s for s in steps if not asked.words or any(word in s.name for word in asked.words)][k::m]
        for warm in (readers.warm, embedded.warm):
            warm()
        rows = []
        for number, step in enumerate(chosen, 1):
            row = measured(step)
            rows.append(row)
            if not row["right"]:
                print(f"{number}/{len(chosen)} {row}", file=sys.stderr, flush=True)
    show("scaling", rows)
    sys.exit(0 if all(row["right"] for row in rows) else 1)


def measured(step: Step) -> dict[str, object]:
    """Return a row of the table: a step's size, its time in ms, and the ratios."""
    n, times = _in_child(step)
    if not times:
        return {"step": step.name, "n": n, "ms": f"> {MOST_S * 1000}", "2n/n": "", "4n/2n": "", "right": False}
    ratios = [round(b / max(a, 1e-6), 2) for a, b in pairwise(times)]
    said = dict(zip(("2n/n", "4n/2n"), ratios, strict=True))
    return {"step": step.name, "n": n, "ms": round(times[0] * 1000, 1), **said, "right": _is_right(times)}


def _in_child(step: Step) -> tuple[int, list[float]]:
    """Measure a step in a process of its own, which is ended if it takes too long; then there are no times."""
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            resource.setrlimit(resource.RLIMIT_CPU, (MOST_S, MOST_S))
            gc.collect()
            gc.freeze()  # else one round of the collector over all modules is added at some size
            os.write(writes, pickle.dumps(_times(step)))
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return pickle.loads(said) if said else (step.start, [])


def _times(step: Step) -> tuple[int, list[float]]:
    n = step.start
    # The first time in a new process is longer, because memory is copied.
    while 4 * n < step.most and min(_seconds(step, n), _seconds(step, n)) < ENOUGH_S:
        n *= 2
    times = _at(step, n)
    if _is_right(times):
        return n, times
    again = _at(step, 2 * n)
    return (2 * n, again) if _is_right(again) else (n, times)


def _at(step: Step, n: int) -> list[float]:
    """Return the times for n, 2n and 4n."""
    measured: list[list[float]] = [[], [], []]
    times: list[float] = []
    for rounds in (3, 2, 4):  # more only if these say that a step is not right
        for _ in range(rounds):
            for size, so_far in zip((n, 2 * n, 4 * n), measured, strict=True):
                so_far.append(_seconds(step, size))
        times = [min(so_far) for so_far in measured]
        if _is_right(times):
            break
    return times


def _is_right(times: Sequence[float]) -> bool:
    return times[-1] <= NOTHING_S or all(b <= MOST_RATIO * a for a, b in pairwise(times))


def _seconds(step: Step, n: int) -> float:
    """Return the CPU that a step takes for an input of a size."""
    given = step.make(n)
    embedded.forget()
    begin = time.process_time()
    step.run(given)
    return time.process_time() - begin


if __name__ == "__main__":
    main()
