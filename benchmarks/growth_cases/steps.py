"""What a night does besides asking models, each in a process of its own: python -m ...steps STEP OUT NIGHT SOURCE.

It prints the least CPU, in seconds, that the step took of three times; what it imports is there before. NIGHT: a folder
that save() filled. SOURCE: the documents that it was made of.
"""

import asyncio
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.growth_cases.copies import LONG_AGO, date_of, publish_night, put
from nightdesk.flows.cli.weights import weights, what_if
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.edition.index import write_index
from nightdesk.tasks.edition.pages import write_edition
from nightdesk.tasks.learning.learn import learn_from_tables
from nightdesk.tasks.reorganizing.run import open_run

TIMES = 3
NEWS = load_profile("news")


def save(folder: Path, night: Mapping[str, pa.Table]) -> None:
    """Write the tables of a night into a folder."""
    folder.mkdir(parents=True)
    for name, table in night.items():
        pq.write_table(table, folder / f"{name}.parquet")


def learn_night(out: Path, night: Mapping[str, pa.Table], number: int) -> float:
    """Publish a copy of a night and learn from it; return the CPU seconds that learning took."""
    publish_night(out, night, number)
    begin = time.process_time()
    learn_from_tables(out, NEWS, date_of(number), str(uuid.uuid4()))
    return time.process_time() - begin


def _learn(out: Path, night: Path, _: Path) -> float:
    given = {part.stem: pq.read_table(part) for part in night.glob("*.parquet")}
    return min(learn_night(out, given, number) for number in range(1, TIMES + 1))


def _read(out: Path, night: Path, source: Path) -> float:
    """Have a run find that its documents are published, long ago."""
    given = {part.stem: pq.read_table(part) for part in night.glob("*.parquet")}
    put(out, LONG_AGO, given, str(uuid.uuid4()))

    async def main() -> float:
        async with open_run(str(uuid.uuid4()), date.today(), [str(source)], out, NEWS) as run:
            await run.router.embed(["Dask is up when this is answered."])
            begin = time.process_time()
            run.begin(True, False)
            assert run.next_batch() is None
            return time.process_time() - begin

    return min(asyncio.run(main()) for _ in range(TIMES))


def _least(step: Callable[[Path], object]) -> Callable[[Path, Path, Path], float]:
    """Make a step of something that reads what is there."""

    def measured(out: Path, night: Path, source: Path) -> float:
        taken = []
        for _ in range(TIMES):
            begin = time.process_time()
            step(out)
            taken.append(time.process_time() - begin)
        return min(taken)

    return measured


STEPS: dict[str, Callable[[Path, Path, Path], float]] = {
    "edition": _least(lambda out: write_edition(out, date_of(-1))),
    "index page": _least(lambda out: write_index(out, date_of(-1))),
    "weights": _least(lambda out: weights(out, as_json=True)),
    "history of weights": _least(lambda out: weights(out, history=True, as_json=True)),
    "what-if": _least(lambda out: what_if(out, as_json=True)),
    "read": _read,
    "learn": _learn,
}

if __name__ == "__main__":
    print(STEPS[sys.argv[1]](*map(Path, sys.argv[2:])))
