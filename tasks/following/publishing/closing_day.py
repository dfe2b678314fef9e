"""The end of a day of streams: their documents are brought into the form in which a night leaves documents.

While a day is open, the rows of a document are spread over the parts of streams (places.is_of_streams). Here they are
read some documents at a time, and staged as parts that each hold whole documents; one manifest puts these in place and
removes the others. So memory is bounded by GROUP sentences or one document, and a kill leaves the day as it was, or
closed as soon as somebody recovers. Readers of the plain folders see documents twice between a move and a removal.
"""

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.following.publishing.closed_rows import closed
from nightdesk.tasks.tables.broken_parts import BrokenPart, read_part, set_aside, set_aside_orphans
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.places import REPLACED, is_of_streams, part_name, table_folder
from nightdesk.tasks.tables.publishing.manifest import carry_out_pending, decide, locked, stage

GROUP = 20_000  # sentences of documents that come into one part; a longer document has a part of its own


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """What was done. documents: how many were written anew; merged: topics that became a part of an earlier one."""

    documents: int
    merged: int


def close_date(out: Path, run_date: date, run_id: str, attempt: str) -> ClosedDay:
    """Bring each stream document of a date into one part of the same name in passages, topics and documents.

    Topics that were found to be a part of an earlier one become so. Call it after everything of the date is settled
    and published (publish_held); after a kill the same call goes on. It works on the tables alone: then call
    Journal.close_date, which lets go what the journal knows of the date. Synchronous; may be called in another thread.

    Raises:
        PublishError: the disk refuses it. The tables stand as they were, and the next call goes on.
    """
    staging = out / "_staging" / f"{run_id}.{attempt}-close"
    with naming_the_file(staging), locked(out, run_date):
        carry_out_pending(out, run_date)
        set_aside_orphans(out, run_date)
        done = None
        while done is None:
            shutil.rmtree(staging, ignore_errors=True)  # of an earlier call that failed
            staging.mkdir(parents=True)
            try:
                done, moves = _staged(out, staging, run_date, (run_id, attempt))
            except BrokenPart as e:
                set_aside(out, run_date, e, set())
            except BaseException:
                shutil.rmtree(staging, ignore_errors=True)
                raise
        going = [place for table in reversed(REPLACED) for place in _parts(out, table, run_date)]
        decide(out, staging, run_date, moves, going)
    return done


def _staged(out: Path, staging: Path, run_date: date, run: tuple[str, str]) -> tuple[ClosedDay, list[tuple[str, str]]]:
    where, sizes = _spread(out, run_date)
    names = _free_names(out, run_date, run)
    moves: dict[str, list[tuple[str, str]]] = {table: [] for table in REPLACED}
    merged = 0
    for group in _groups(where, sizes):
        name = next(names)
        parts = sorted({part for doc_id in group for part in where[doc_id]})
        tables, into = closed({table: _rows(out, table, run_date, parts, group) for table in REPLACED})
        merged += into
        for table in REPLACED:
            c = contract(table)
            rows = c.sorted(tables[table]).replace_schema_metadata(c.schema.metadata)
            moves[table].append(stage(staging, table_folder(table, run_date) / name, rows))
    return ClosedDay(len(where), merged), [move for table in REPLACED for move in moves[table]]


def _parts(out: Path, table: str, run_date: date) -> list[Path]:
    """Return the parts of streams of a table, below OUT, in the order in which they were begun."""
    found = (out / table_folder(table, run_date)).glob("*.parquet")
    return sorted((p.relative_to(out) for p in found if is_of_streams(p.stem)), key=lambda p: (len(p.name), p.name))


def _spread(out: Path, run_date: date) -> tuple[dict[str, set[str]], dict[str, int]]:
    """Return for each document the names of the parts that hold rows of it, and how many sentences it has."""
    where: dict[str, set[str]] = {}
    sizes: dict[str, int] = {}
    for table in REPLACED:
        for part in _parts(out, table, run_date):
            for found in pc.value_counts(read_part(out / part, ["doc_id"])["doc_id"]).to_pylist():
                doc_id = found["values"]
                where.setdefault(doc_id, set()).add(part.name)
                sizes[doc_id] = sizes.get(doc_id, 0) + (found["counts"] if table == "passages" else 0)
    return where, sizes


def _groups(where: Mapping[str, Collection[str]], sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Yield documents that come into one part: those that lie in the same parts together, so that few are read."""
    group: list[str] = []
    for doc_id in sorted(where, key=lambda d: (min((len(name), name) for name in where[d]), d)):
        if group and sum(sizes[d] for d in group) + sizes[doc_id] > GROUP:
            yield group
            group = []
        group.append(doc_id)
    if group:
        yield group


def _rows(out: Path, table: str, run_date: date, parts: Sequence[str], doc_ids: Sequence[str]) -> pa.Table:
    c, wanted = contract(table), pa.array(doc_ids, pa.string())
    rows = [c.schema.empty_table()]
    for name in parts:
        if (path := out / table_folder(table, run_date) / name).exists():
            part = c.conform(read_part(path))
            rows.append(part.filter(pc.is_in(part["doc_id"], wanted)))
    return pa.concat_tables(table.replace_schema_metadata(None) for table in rows)


def _free_names(out: Path, run_date: date, run: tuple[str, str]) -> Iterator[str]:
    for number in count(1):
        name = f"{part_name(*run, number)}.parquet"
        if not any((out / table_folder(table, run_date) / name).exists() for table in REPLACED):
            yield name
