"""Whether any document can break the readers: mutants of samples of every form.

python -m benchmarks.mutations [COUNT] [SEED] [FORM...] reads COUNT mutants (1,000) of each form and prints by form how
many documents were read and how many refused, the seconds, and the longest that one took. A mutant at which a reader
fails, which loses text, or takes more than 5 s of CPU, is written to benchmarks/results/mutants/; the exit code is 1.
"""

import itertools
import logging
import sys
import tempfile
import time
from pathlib import Path

from nightdesk.tasks.reading.isolation import processes
from tests.tasks.reading.mutations import ENDS_ITS_PROCESS, mutants, samples
from tests.tasks.reading.test_mutations import try_one

MOST_S = 5.0


def main(count: int, seed: int, forms: list[str]) -> int:
    """Read mutants, print a line a form; return how many broke something."""
    logging.disable()
    every = samples()
    broken = 0
    print(f"{'form':16} {'mutants':>8} {'read':>8} {'refused':>8} {'broken':>7} {'s':>7} {'longest':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name in forms or every:
            processes.ISOLATED = name in ENDS_ITS_PROCESS
            read = refused = bad = 0
            longest, began = 0.0, time.process_time()
            for raw in itertools.islice(mutants(every[name], list(every.values()), seed), count):
                start = time.process_time()
                try:
                    good, not_good = try_one(Path(folder) / name, raw)
                    read, refused = read + good, refused + not_good
                    why = ""
                except Exception as e:  # noqa: BLE001  # that is what is looked for
                    why = f"{type(e).__name__}: {e}"
                took = time.process_time() - start
                longest = max(longest, took)
                if took > MOST_S and not why:
                    why = f"{took:.1f} s"
                if why:
                    bad += 1
                    kept = Path("benchmarks/results/mutants") / f"{bad}-{name}"
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    kept.write_bytes(raw)
                    print(f"{kept}: {why[:300]}", file=sys.stderr)
            took = time.process_time() - began
            print(f"{name:16} {count:8} {read:8} {refused:8} {bad:7} {took:7.1f} {longest:8.2f}", flush=True)
            broken += bad
    return broken


if __name__ == "__main__":
    numbers = [int(a) for a in sys.argv[1:] if a.isdecimal()]
    chosen = [a for a in sys.argv[1:] if not a.isdecimal()]
    sys.exit(main(*(numbers + [1_000, 1][len(numbers) :]), chosen) > 0)
