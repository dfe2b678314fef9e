"""Publishing: audited tables -> parts in place, so that no reader ever sees a document twice or half a part.

OUT/tables/<table>/run_date=YYYY-MM-DD/<part>.parquet. Publishing appends: new documents of a batch make a part of its
name in each of passages, topics and documents, which is never touched again as long as they are not published again. A
document that stands for the date already is replaced in the part in which it stands: that part is written anew and put
in place by one os.replace. The other tables only ever get parts of their own. docs/decisions/0004 says why.

The moment of publishing, kills and locks: publishing/manifest.py.
"""

import logging
import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.tables.broken_parts import BrokenPart, read_part, set_aside, set_aside_orphans
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.index.known_documents import KnownDocuments
from nightdesk.tasks.tables.places import REPLACED, append_part, is_of_streams, table_folder
from nightdesk.tasks.tables.publishing.manifest import (
    carry_out_pending,
    decide,
    decided,
    locked,
    recover,
    remove_staged,
    stage,
    staging_of,
    sweep_staging,
)

__all__ = [
    "REPLACED",
    "decided",
    "locked",
    "publish",
    "recover",
    "remove_staged",
    "sweep_staging",
    "table_folder",
    "withdraw",
]
Moves = list[tuple[str, str]]
log = logging.getLogger("nightdesk")


def publish(
    out: Path,
    run_date: date,
    part_name: str,
    tables: Mapping[str, pa.Table],
    is_forgotten: Callable[[str], bool] = lambda doc_id: False,
) -> dict[str, pa.Table]:
    """Put audited tables in place; the documents in `documents` lose their earlier rows. Return what was put there.

    part_name: name of the parts that are added, unique to the call (see places.part_name).
    is_forgotten: tells whether a document was forgotten since it was read; its rows are left out.

    Raises:
        PublishError: the disk refuses it. Nothing was published, or all of it is as soon as somebody recovers.
    """
    staging = out / "_staging" / part_name
    with naming_the_file(staging), locked(out, run_date):
        carry_out_pending(out, run_date)
        set_aside_orphans(out, run_date)
        gone = set(tables["documents"]["doc_id"].to_pylist()) if "documents" in tables else set()
        tables = _without(tables, sorted(filter(is_forgotten, gone)))
        moves = None
        while moves is None:
            staging.mkdir(parents=True)
            try:
                moves = _staged(out, staging, run_date, tables, gone)
            except BrokenPart as e:
                set_aside(out, run_date, e, gone)
                shutil.rmtree(staging)
        decide(out, staging, run_date, moves)
    return tables


def _staged(out: Path, staging: Path, run_date: date, tables: Mapping[str, pa.Table], gone: set[str]) -> Moves:
    moves: Moves = []
    for name, table in tables.items():
        # calls even if the audit left none of them: the part is what marks the store's records as published.
        if name not in REPLACED and (len(table) or name == "calls"):
            moves.append(stage(staging, append_part(name, run_date, staging.name), table))
    if "documents" in tables:
        published = set(tables["documents"]["doc_id"].to_pylist())
        part_of, changed = _parts_of(out, run_date, gone, published, f"{staging.name}.parquet")
        for name in REPLACED:
            if name in tables:
                folder = table_folder(name, run_date)
                moves += _stage_replaced(out, staging, folder, tables[name], gone, part_of, changed)
    return moves


def _parts_of(
    out: Path, run_date: date, gone: set[str], published: set[str], new: str
) -> tuple[dict[str, str], list[str]]:
    """Return the part that the rows of each published document go to, and all parts that change.

    new: the name of the part for documents that do not stand yet.
    """
    standing: dict[str, set[str]] = {}
    if (out / table_folder("documents", run_date)).is_dir():
        with KnownDocuments(out, [run_date]) as known:
            if known.broken:
                raise known.broken[0]
            standing = known.parts_of(run_date, gone)
    part_of = {doc_id: min(standing.get(doc_id, {new})) for doc_id in published}
    changed = {*part_of.values()}.union(*standing.values())
    if any(is_of_streams(name.removesuffix(".parquet")) for name in changed):
        changed |= _parts_of_growing(out, run_date, standing.keys())
    return part_of, sorted(changed)


def _parts_of_growing(out: Path, run_date: date, doc_ids: Iterable[str]) -> set[str]:
    """Return the names of all parts with rows of documents that were published while they grew."""
    wanted = pa.array(sorted(doc_ids), pa.string())
    return {
        part.name
        for table in REPLACED
        for part in (out / table_folder(table, run_date)).glob("*.parquet")
        if is_of_streams(part.stem) and pc.any(pc.is_in(read_part(part, ["doc_id"])["doc_id"], wanted)).as_py()
    }


def _stage_replaced(
    out: Path,
    staging: Path,
    folder: Path,
    table: pa.Table,
    gone: set[str],
    part_of: Mapping[str, str],
    changed: Iterable[str],
) -> Moves:
    """Stage the parts of one table that change: each with its new rows and its earlier ones of other documents."""
    c = contract(folder.parent.name)
    mine = pa.array([part_of[doc_id] for doc_id in table["doc_id"].to_pylist()], pa.string())
    moves = []
    for part in changed:
        rows = table.filter(pc.equal(mine, part))
        if (out / folder / part).exists():
            old = read_part(out / folder / part)
            rows = pa.concat_tables([c.conform(old.filter(_is_other(old, gone))), rows])
        rows = c.sorted(rows)
        moves.append(stage(staging, folder / part, rows.replace_schema_metadata(c.schema.metadata)))
    return moves


def _without(tables: Mapping[str, pa.Table], doc_ids: list[str]) -> dict[str, pa.Table]:
    """Leave out the rows of documents, but for those of `calls`, which hold no text."""
    if not doc_ids:
        return dict(tables)
    log.warning("%s: forgotten while this run was under way; not published", ", ".join(doc_ids))
    return {
        name: t if name == "calls" or "doc_id" not in t.schema.names else t.filter(_is_other(t, doc_ids))
        for name, t in tables.items()
    }


def _is_other(table: pa.Table, doc_ids: Iterable[str]) -> pa.ChunkedArray:
    return pc.invert(pc.is_in(table["doc_id"], pa.array(sorted(doc_ids), pa.string())))


def withdraw(out: Path, run_date: date, doc_id: str) -> list[Path]:
    """Take a document's rows, the provisional ones and those in quarantine too, out of the tables of a date.

    Returns the parts that are broken.

    Raises:
        PublishError: the disk refuses it.
    """
    staging = staging_of(out, "withdraw", run_date)
    broken: list[Path] = []
    with naming_the_file(staging), locked(out, run_date):
        carry_out_pending(out, run_date)
        staging.mkdir(parents=True)
        moves: Moves = []
        for name in ("quarantine", "passages_open", *REPLACED):
            for part in sorted((out / table_folder(name, run_date)).glob("*.parquet")):
                try:
                    if doc_id in read_part(part, ["doc_id"])["doc_id"].to_pylist():
                        rows = read_part(part)
                        moves.append(stage(staging, part.relative_to(out), rows.filter(_is_other(rows, [doc_id]))))
                except BrokenPart:
                    broken.append(part)
        decide(out, staging, run_date, moves)
    return broken
