"""What a follow has published of a date, in numbers, read from the tables: a follow that went on has no others."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.tasks.following.journal import document_id
from nightdesk.tasks.reorganizing.totals import Totals
from nightdesk.tasks.tables import parts

_SUMS = ("sentences", "placed", "unplaced", "failed", "unpaid", "topics")


def day_totals(out: Path, run_date: date, profile: str) -> Totals:
    """Return how the documents of streams stand that a profile's follow has published for a date."""
    its = parts.read(out, "documents", [run_date], ["doc_id", "profile", "status", "reason", *_SUMS])
    of_streams = pc.ends_with(its["doc_id"], document_id("", run_date))
    its = its.filter(pc.and_(of_streams, pc.equal(its["profile"], profile)))
    is_read = pc.equal(its["status"], "published")
    totals, unread = Totals(), its.filter(pc.invert(is_read))
    its = its.filter(is_read)
    totals.documents, totals.unreadable = its.num_rows, unread.num_rows
    totals.reasons = [f"{row['doc_id']}: {row['reason']}" for row in unread.select(["doc_id", "reason"]).to_pylist()]
    for name in _SUMS:
        setattr(totals, name, _sum(its, name))
    totals.waiting = sorted(its.filter(pc.greater(pc.fill_null(its["unpaid"], 0), 0))["doc_id"].to_pylist())
    return totals


def _sum(rows: pa.Table, name: str) -> int:
    return int(pc.sum(rows[name]).as_py() or 0)
