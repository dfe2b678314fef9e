"""The edition of a large night, and the index over many nights: bytes of the largest file, memory, CPU."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from benchmarks.common import ROOT
from benchmarks.growth_cases.rows import Rows, at_most, told
from benchmarks.growth_cases.seeded_night import publish_seeded
from nightdesk.tasks.edition.index import write_index
from nightdesk.tasks.edition.pages import edition_path, write_edition

DAY = date(2026, 3, 1)
_SMALL = 2_000  # sentences of the night by which everything is loaded before it is measured


def _edition(folder: Path, sentences: int, each: int | None = None) -> Rows:
    """Measure the edition of a night. each: sentences of a document."""
    small, out = folder / "small", folder / "out"
    publish_seeded(small, DAY, _SMALL, seed=2)
    publish_seeded(out, DAY, sentences, **({} if each is None else {"each": each}))
    command = [sys.executable, "-m", "benchmarks.growth_cases.edition", str(small), str(out)]
    done = subprocess.run(command, cwd=ROOT, check=True, text=True, capture_output=True)
    found = json.loads(done.stdout.splitlines()[-1])
    name = f"edition, {sentences:,} sentences" + (f" in documents of {each:,}" if each else "")
    return [
        at_most(f"{name}: largest file, MB", found["largest_mb"], 2),
        at_most(f"{name}: CPU ms a sentence", found["cpu_s"] / sentences * 1000, 0.04),
        at_most(f"{name}: memory above that of a small one, MB", found["memory_mb"], 300),
        told(f"{name}: files", found["files"]),
    ]


def _indexes(folder: Path, _: Mapping[str, str]) -> Rows:
    few, many = (_index_cpu(folder / str(nights), nights) for nights in (30, 360))
    return [at_most("index over the nights, CPU of night 360 over night 30", many / few, 1.2)]


def _index_cpu(out: Path, nights: int) -> float:
    """Return the CPU seconds that the index takes of a night: the least of several."""
    (out / "_staging").mkdir(parents=True)
    publish_seeded(out, DAY, _SMALL)
    page = write_edition(out, DAY)
    last = DAY + timedelta(days=nights - 1)
    for day in (DAY + timedelta(days=n) for n in range(1, nights)):
        edition_path(out, day).parent.mkdir(parents=True)
        for name in ("index.html", "night.json"):
            edition_path(out, day).with_name(name).write_bytes(page.with_name(name).read_bytes())
    write_index(out)
    taken = []
    for _ in range(9):
        begin = time.process_time()
        write_index(out, last)
        taken.append(time.process_time() - begin)
    return min(taken)


QUICK = {
    "edition": lambda folder, env: _edition(folder, 100_000),
    "index": _indexes,
}
LONG = {
    "edition-million": lambda folder, env: _edition(folder, 1_000_000),
    "edition-one-document": lambda folder, env: _edition(folder, 300_000, each=300_000),
}


def _main() -> None:
    """Make two editions in this process, and print what the second took."""
    small, out = map(Path, sys.argv[1:])
    write_edition(small, DAY)
    before, begin = _peak_mb(), time.process_time()
    page = write_edition(out, DAY)
    sizes = [file.stat().st_size for file in page.parent.iterdir()]
    took = {"cpu_s": time.process_time() - begin, "memory_mb": _peak_mb() - before}
    print(json.dumps({**took, "largest_mb": max(sizes) / 1e6, "files": len(sizes)}))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    _main()
