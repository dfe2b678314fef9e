"""One real night published again and again under other names, so that a history is there in seconds, not in months."""

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.common import nightdesk
from benchmarks.growth_cases.texts import write_varied
from nightdesk.tasks import tables
from nightdesk.tasks.tables import publish
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.places import part_name

LONG_AGO = date(2020, 1, 1)  # date of the real night
_NAMES = {
    "doc_id", "content_hash", "source", "chunk_id", "topic_id", "story_id", "unit",
    "call_id", "parent_call_id", "decision_id", "answer_key",
}  # fmt: skip
"""Columns whose values no two nights share."""
_PUBLISHED = ("passages", "topics", "documents", "calls", "judgements")


def real_night(folder: Path, env: Mapping[str, str], sentences: int, length: int, seed: int) -> dict[str, pa.Table]:
    """Run a night of documents of a length; return its tables."""
    write_varied(folder / "in", sentences, length, seed)
    nightdesk("run", folder / "in", "--out", folder / "out", "--date", LONG_AGO, env=dict(env))
    return {name: tables.scan(folder / "out", name).drop_columns("run_date") for name in _PUBLISHED}


def copied(night: Mapping[str, pa.Table], number: int, run_id: str) -> dict[str, pa.Table]:
    """Return the tables of a night as another one's: names of its own, `number` days later."""
    return {name: contract(name).conform(_renamed(table, number, run_id)) for name, table in night.items()}


def publish_night(out: Path, night: Mapping[str, pa.Table], number: int) -> None:
    """Publish a copy for a date of its own: that of so many days from today."""
    run_id = str(uuid.UUID(int=abs(number), version=4))
    put(out, date_of(number), copied(night, number, run_id), run_id)


def publish_batch(out: Path, night: Mapping[str, pa.Table], number: int) -> None:
    """Publish a copy as a batch of one run, which is always the same."""
    run_id = str(uuid.UUID(int=0, version=4))
    put(out, LONG_AGO, copied(night, number, run_id), run_id, number)


def put(out: Path, day: date, night: Mapping[str, pa.Table], run_id: str, batch: int = 1) -> None:
    """Publish a batch as a run does."""
    publish.publish(out, day, part_name(run_id, "a" * 8, batch), night)


def date_of(number: int) -> date:
    """Return the date of a copied night."""
    return date.today() + timedelta(days=number)


@contextmanager
def made_quickly() -> Iterator[None]:
    """Let the disk write when it likes: nights that are only made to be measured on need not outlast a power cut."""
    with mock.patch.object(os, "fsync", lambda descriptor: None):
        yield


def _renamed(table: pa.Table, number: int, run_id: str) -> pa.Table:
    columns = {}
    for name in table.column_names:
        values = table[name]
        if name == "run_id":
            values = pa.array([run_id] * len(table))
        elif name in _NAMES:
            values = pc.binary_join_element_wise(f"n{abs(number)}", values, "-")
        elif name == "started_at":
            values = pc.add(values, pa.scalar(timedelta(days=number)))
        columns[name] = values
    return pa.table(columns)
