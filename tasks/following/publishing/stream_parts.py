"""Publishing rounds of settling: what is held in the journal -> parts in place, idempotently.

A round rewrites the open part of passages, and the parts in which the rows of its topics and documents stand: all of
them are bounded, so its cost does not grow with the documents. Every part is there in topics, passages and documents,
because what is missing in `documents` counts as removed (tables/broken_parts.py).
"""

import asyncio
import shutil
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.following.journal import Journal
from nightdesk.tasks.following.publishing import held_rounds
from nightdesk.tasks.following.publishing.held_rounds import Round
from nightdesk.tasks.following.publishing.slice_audit import cleared
from nightdesk.tasks.tables.audit import AuditReport
from nightdesk.tasks.tables.broken_parts import BrokenPart, read_part, set_aside, set_aside_orphans
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.places import REPLACED, append_part, table_folder
from nightdesk.tasks.tables.publishing.manifest import carry_out_pending, decide, locked, stage
from nightdesk.tasks.tables.quarantine import Audit, Tables


@dataclass(frozen=True, slots=True)
class PublishedRound:
    """A round that is published. sentences: its own; refused: of them, those that the audit has made unplaced.

    rolls: whether it has begun a new part of passages. reports: of the first audit.
    """

    sentences: int
    refused: int
    rolls: bool
    reports: Sequence[AuditReport]


async def publish_held(
    out: Path, run_date: date, journal: Journal, audit: Audit, categories: Sequence[str], run_id: str
) -> list[PublishedRound]:
    """Publish the rounds of a date that are held, in order: each is audited, put in place, and marked.

    The journal is used in the thread of the event loop; audit and files have a thread of their own. One at a time.
    After a kill the same call publishes what is held still. run_id: of the rows that are published.

    Raises:
        PublishError: the disk refuses it, or the auditor is gone: what is held stays so, and the same call goes on.
        AuditFailed: a round is not whole, which nothing but a fault of nightdesk can cause; it stays held.
    """
    done = []
    while (its := held_rounds.next_round(journal.db, run_date)) is not None:
        its_rows = await asyncio.to_thread(cleared, its.documents, categories, run_id, audit)
        rolls = await asyncio.to_thread(put, out, its, its_rows.tables, journal.is_forgotten)
        held_rounds.mark_published(journal.db, its.number, its_rows.filed)
        refused = sum(len(filed.refused) for filed in its_rows.filed)
        done.append(PublishedRound(len(its_rows.tables["passages"]), refused, rolls, its_rows.reports))
    return done


def put(out: Path, its: Round, tables: Tables, is_forgotten: Callable[[str], bool]) -> bool:
    """Put the audited rows of a round in place of earlier rows of the same keys; return whether a part was begun.

    Raises:
        PublishError: the disk refuses it. Nothing was published, or all of it is as soon as somebody recovers.
    """
    staging = out / "_staging" / f"{its.name.rpartition('-')[0]}-{uuid.uuid4().hex}"
    with naming_the_file(staging), locked(out, its.run_date):
        carry_out_pending(out, its.run_date)
        set_aside_orphans(out, its.run_date)
        gone = {d.settled.doc_id for d in its.documents if is_forgotten(d.settled.doc_id)}
        kept = [d for d in its.documents if d.settled.doc_id not in gone]
        rows = {name: table.filter(_is_other(table, gone)) if gone else table for name, table in tables.items()}
        begun = any(
            not (out / table_folder("passages", its.run_date) / f"{s.part}.parquet").exists()
            for d in kept
            for s in d.slices
        )
        moves = None
        while moves is None:
            staging.mkdir(parents=True)
            try:
                moves = _staged(out, staging, replace(its, documents=kept), rows)
            except BrokenPart as e:
                set_aside(out, its.run_date, e, set())
                shutil.rmtree(staging)
            except BaseException:
                shutil.rmtree(staging, ignore_errors=True)
                raise
        decide(out, staging, its.run_date, moves)
    return begun


def _staged(out: Path, staging: Path, its: Round, rows: Tables) -> list[tuple[str, str]]:
    moves = []
    if len(rows["quarantine"]):  # of the round's name, so that publishing it again puts no second one there
        moves.append(stage(staging, append_part("quarantine", its.run_date, its.name), rows["quarantine"]))
    parts_of = {name: _parts_of(name, its, rows[name]) for name in REPLACED}
    changed = sorted({part for parts in parts_of.values() for part in parts.to_pylist()} | _named(its))
    for name in REPLACED:
        for part in changed:
            place = table_folder(name, its.run_date) / f"{part}.parquet"
            new = rows[name].filter(pc.equal(parts_of[name], part))
            is_there = (out / place).exists()
            if len(new) or not is_there:
                moves.append(stage(staging, place, _merged(name, out / place if is_there else None, its, new)))
    return moves


def _named(its: Round) -> set[str]:
    """Return the parts that sentences and the row of a document go to: they have to be there in every table."""
    return {d.document_part for d in its.documents} | {s.part for d in its.documents for s in d.slices}


def _parts_of(name: str, its: Round, rows: pa.Table) -> pa.Array:
    """Return the part that each of some rows of a table goes to."""
    of = {d.settled.doc_id: d for d in its.documents}
    ids = rows["doc_id"].to_pylist()
    if name == "documents":
        parts = [of[doc_id].document_part for doc_id in ids]
    elif name == "topics":
        parts = [of[d].parts[t] for d, t in zip(ids, rows["topic_id"].to_pylist(), strict=True)]
    else:
        at = {d: {p: s.part for s in held.slices for p in range(s.first, s.last + 1)} for d, held in of.items()}
        parts = [at[d][p] for d, p in zip(ids, rows["position"].to_pylist(), strict=True)]
    return pa.array(parts, pa.string())


def _merged(name: str, part: Path | None, its: Round, new: pa.Table) -> pa.Table:
    """Return the rows of a part with new ones in place of those of the same keys."""
    c = contract(name)
    rows = new
    if part is not None:
        old = c.conform(read_part(part))
        rows = pa.concat_tables([old.filter(_stays(name, old, new, its)), c.conform(new)])
    return c.sorted(rows).replace_schema_metadata(c.schema.metadata)


def _stays(name: str, old: pa.Table, new: pa.Table, its: Round) -> pa.Array:
    """Tell which rows of a part stay: those of other sentences than the round's, and of no key that comes anew."""
    if name != "passages":
        key = contract(name).key[-1]
        return pc.invert(pc.is_in(old[key], new[key].combine_chunks()))
    at = pc.index_in(old["doc_id"], pa.array([d.settled.doc_id for d in its.documents], pa.string())).combine_chunks()
    first, last = (pa.array([getattr(d.settled, end) for d in its.documents], pa.int32()) for end in ("first", "last"))
    position = old["position"]
    inside = pc.and_(pc.greater_equal(position, first.take(at)), pc.less_equal(position, last.take(at)))
    return pc.invert(pc.fill_null(inside, False))


def _is_other(table: pa.Table, doc_ids: set[str]) -> pa.Array:
    return pc.invert(pc.is_in(table["doc_id"], pa.array(sorted(doc_ids), pa.string())))
