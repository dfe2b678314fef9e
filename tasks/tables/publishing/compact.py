"""Compaction: the many parts that the batches of a date have left are merged into few, each sorted by its key.

Only passages, topics and documents are compacted: parts of calls, judgements and quarantine are named by the attempt
that published them, and the learner counts on that. nightdesk's own readers see every document once at any moment,
because they heed the manifest. Readers of the plain folder see documents twice between the move of a merged part and
the removal of those that were merged into it, so they have to wait until compaction is over.
"""

import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.calling.answers.turns import nobody_at_work
from nightdesk.tasks.tables import parts
from nightdesk.tasks.tables.broken_parts import BrokenPart, read_part
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.places import REPLACED, is_of_streams, table_folder
from nightdesk.tasks.tables.publishing.manifest import carry_out_pending, decide, locked, stage, staging_of

MOST_BYTES = 128 * 1024 * 1024  # of a merged part, its three tables together, so that memory stays bounded
log = logging.getLogger("nightdesk")


@dataclass(frozen=True, slots=True)
class Compacted:
    """What became of a date. before, after: how many parts its `documents` had, and have; is_busy: a run is at it."""

    run_date: date
    before: int
    after: int
    is_busy: bool = False


def compact(out: Path, before: date) -> Iterator[Compacted]:
    """Merge the parts of every date before one, and yield each date as it is done. Dates that a run is at stay.

    Raises:
        PublishError: the disk refuses it. Nothing is lost, and the next call goes on.
    """
    for day in parts.dates(out, "documents"):
        if day < before:
            yield _compact_date(out, day)


def _compact_date(out: Path, run_date: date) -> Compacted:
    staging = staging_of(out, "compact", run_date)
    with naming_the_file(staging), nobody_at_work(out, run_date) as is_free, locked(out, run_date):
        carry_out_pending(out, run_date)
        before = _count(out, run_date)
        if not is_free:
            return Compacted(run_date, before, before, is_busy=True)
        groups = [names for names in _groups(out, run_date) if len(names) > 1]
        if groups:
            staging.mkdir(parents=True)
            try:
                moves = [_stage_merged(out, staging, run_date, t, names) for t in REPLACED for names in groups]
            except BaseException:
                shutil.rmtree(staging, ignore_errors=True)
                raise
            going = [table_folder(table, run_date) / name for table in REPLACED for g in groups for name in g[1:]]
            decide(out, staging, run_date, moves, going)
        return Compacted(run_date, before, _count(out, run_date))


def _groups(out: Path, run_date: date) -> list[list[str]]:
    """Return which parts become one: neighbours by name, up to MOST_BYTES. Broken ones are named and stay as they are.

    Left out is what lacks its part in one of the tables, because somebody has removed it.
    """
    groups: list[list[str]] = []
    size = 0
    there = sorted(
        path
        for path in (out / table_folder("documents", run_date)).glob("*.parquet")
        if not is_of_streams(path.stem)  # the journal knows them by name until the day of its streams is closed
    )
    for part in there if len(there) > 1 else ():  # a date that is one part is not read at every compaction
        its = [out / table_folder(table, run_date) / part.name for table in REPLACED]
        if not all(_is_whole(path, run_date) for path in its):
            continue
        its_bytes = sum(path.stat().st_size for path in its)
        if not groups or size + its_bytes > MOST_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(part.name)
        size += its_bytes
    return groups


def _is_whole(path: Path, run_date: date) -> bool:
    if not path.exists():
        return False
    try:
        read_part(path)
    except BrokenPart as e:
        parts.name_broken(parts.Part(path, path, run_date), e)
        return False
    return True


def _stage_merged(out: Path, staging: Path, run_date: date, table: str, names: Sequence[str]) -> tuple[str, str]:
    """Stage one part of a table with the rows of several; it takes the place of the first."""
    c, folder = contract(table), table_folder(table, run_date)
    rows = pa.concat_tables([c.conform(read_part(out / folder / name)) for name in names])
    rows = c.sorted(rows)
    return stage(staging, folder / names[0], rows.replace_schema_metadata(c.schema.metadata))


def _count(out: Path, run_date: date) -> int:
    return len(list((out / table_folder("documents", run_date)).glob("*.parquet")))
