"""What a night does besides asking models, in a process of its own: python -m ...steps OUT NIGHT SOURCE.

It prints for each step the least CPU, in seconds, that it took of some times, so without what it imports. NIGHT: a
folder that save() filled. SOURCE: the documents that it was made of.
"""

import asyncio
import json
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.growth_cases.copies import LONG_AGO, date_of, publish_night, put
from nightdesk.flows.cli.weights import weights, what_if
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.edition.index import write_index
from nightdesk.tasks.edition.pages import write_edition
from nightdesk.tasks.learning.learn import learn_from_tables, learn_unseen
from nightdesk.tasks.reorganizing import missed_nights, unfinished
from nightdesk.tasks.reorganizing.opening import open_out
from nightdesk.tasks.reorganizing.run import open_run
from nightdesk.tasks.tables.index.known_documents import KnownDocuments

TIMES = 5
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

    return min(asyncio.run(main()) for _ in range(2))


def _newest(out: Path) -> date:
    return max(date.fromisoformat(folder.name) for folder in (out / "editions").glob("????-??-??"))


def _start(out: Path) -> None:
    """Do what a night does of OUT before it reads: see what was missed and is unfinished, learn what is new."""
    now = datetime.now(UTC)
    passed = missed_nights.nights_of(now - timedelta(days=k) for k in range(missed_nights.LOOK_BACK))
    missed_nights.decide(now, now, passed, missed_nights.read_marks(out, NEWS.name))
    unfinished.find(out, NEWS.name, now.date())
    open_out(out, str(uuid.uuid4())).close()
    learn_unseen(out, NEWS, now.date(), "")
    KnownDocuments(out).close()


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
    "edition": _least(lambda out: write_edition(out, _newest(out))),
    "index page": _least(lambda out: write_index(out, _newest(out))),
    "weights": _least(lambda out: weights(out, as_json=True)),
    "history of weights": _least(lambda out: weights(out, history=True, as_json=True)),
    "what-if": _least(lambda out: what_if(out, as_json=True)),
    "opening of OUT at a start": _least(_start),
    "read": _read,
    "learn": _learn,
}

if __name__ == "__main__":
    out, night, source = map(Path, sys.argv[1:])
    print(json.dumps({name: step(out, night, source) for name, step in STEPS.items()}))
