"""Unfinished documents: those of the last nights of which a part was lost, because models failed or dollars ran out.

A night takes them up again, each under its own run_date, from the text that stands in `passages`: the source may be
gone, and the same text finds the answers that are in the store already. The column `taken_up` of `documents` says which
nights have done so; after filing.TAKEN_UP of them a document is given up, and its reason says why.

A night that ended bad is run again as a whole, because a batch that the audit withheld stands in no table.
OUT/nights/<profile>/<date>.bad lists the nights on which the night of a date ended so.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.reading.documents import Document, Unreadable, known_column
from nightdesk.tasks.reading.sources import Reading
from nightdesk.tasks.reorganizing.filing import REPLACED, TAKEN_UP
from nightdesk.tasks.reorganizing.missed_nights import LOOK_BACK
from nightdesk.tasks.safety.links import fresh
from nightdesk.tasks.tables import parts, read
from nightdesk.tasks.tables.index.known_documents import KnownDocuments
from nightdesk.tasks.tables.places import is_of_streams

_TOGETHER = 10_000  # sentences whose text is read at a time
_COLUMNS = ("doc_id", "source", "title", "content_hash", "language", "sentences", "reason")
_PASSAGE = ("doc_id", "position", "sentence_id", "text", "start_s", "end_s", "speaker")


@dataclass(frozen=True, slots=True)
class EarlierDocument:
    """How a document stands in `documents` for a date. lost: sentences that another try may place."""

    content_hash: str
    lost: int
    taken_up: tuple[str, ...]

    def tried_on(self, night: date | None, run_date: date) -> tuple[str, ...]:
        """Return the nights that will have taken it up once this one has. night: None if the run is no night."""
        if night is None or night == run_date or not self.lost:
            return self.taken_up
        return tuple(sorted({*self.taken_up, night.isoformat()}))


@dataclass(frozen=True, slots=True)
class Rebuilt(Reading):
    """Documents of a date as they were published, in place of sources. They are read again from the tables."""

    out: Path = Path()
    run_date: date = date.min

    def documents(self) -> Iterator[Document | Unreadable]:
        """Yield the documents, some at a time."""
        where = pc.field("doc_id").isin(sorted(self.doc_ids))
        rows = _scan(self.out, "documents", self.run_date, _COLUMNS, where)
        group: list[dict[str, Any]] = []
        for row in sorted(rows, key=lambda r: r["doc_id"]):
            group.append(row)
            if sum(r["sentences"] for r in group) >= _TOGETHER:
                yield from _documents(self.out, self.run_date, group)
                group = []
        if group:
            yield from _documents(self.out, self.run_date, group)


class Stood:
    """How a profile's documents stand for a date; each is looked up when it is asked for."""

    def __init__(self, out: Path, profile: str, run_date: date) -> None:
        self._known, self._profile, self._run_date = KnownDocuments(out, [run_date]), profile, run_date

    def close(self) -> None:
        """Close the index."""
        self._known.close()

    def of(self, doc_id: str) -> EarlierDocument | None:
        """Return how a document stood; None if it did not, or could not be read."""
        its = [d for d in self._known.of_ids([doc_id]) if (d.run_date, d.profile) == (self._run_date, self._profile)]
        readable = [EarlierDocument(d.content_hash, d.lost, d.taken_up) for d in its if d.content_hash is not None]
        return readable[-1] if readable else None


def find(out: Path, profile: str, night: date) -> dict[date, frozenset[str]]:
    """Return what a night is to take up again: date -> doc_ids, oldest first; what it took up already is left out.

    Looked through are the dates of the last LOOK_BACK days and, for a schedule with longer gaps, the last dates before
    that, as many as a document is taken up for.
    """
    earlier = [day for day in parts.dates(out, "documents") if day < night]
    near = {day for day in earlier if day >= night - timedelta(days=LOOK_BACK)} | set(earlier[-TAKEN_UP:])
    found = {}
    with KnownDocuments(out, near) as known:
        for day in sorted(near):
            ids = frozenset(
                d.doc_id
                for d in known.unfinished(day, profile)
                if not is_of_streams(d.part.removesuffix(".parquet"))  # its day is not closed yet
                and len(d.taken_up) < TAKEN_UP
                and night.isoformat() not in d.taken_up
            )
            if ids:
                found[day] = ids
    return found


def rebuilt(out: Path, run_date: date, doc_ids: frozenset[str]) -> Rebuilt:
    """Return published documents of a date as what a run reads."""
    return Rebuilt((), doc_ids, out=out, run_date=run_date)


def bad_nights(out: Path, profile: str, run_date: date) -> set[str]:
    """Return the nights (YYYY-MM-DD) on which the night of a date ended bad; a broken list counts as none."""
    try:
        nights = json.loads(_bad(out, profile, run_date).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return {str(n) for n in nights} if isinstance(nights, list) else set()


def note_bad(out: Path, profile: str, run_date: date, night: date) -> bool:
    """Write down that the night of a date ended bad on a night; return whether it is given up for that.

    Raises:
        PublishError: the disk refuses it.
    """
    nights = sorted({*bad_nights(out, profile, run_date), night.isoformat()})
    path = _bad(out, profile, run_date)
    with naming_the_file(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = fresh(path.with_suffix(".tmp"))
        temporary.write_text(json.dumps(nights), encoding="utf-8")
        temporary.replace(path)
    return len(set(nights) - {run_date.isoformat()}) >= TAKEN_UP


def _bad(out: Path, profile: str, run_date: date) -> Path:
    return out / "nights" / profile / f"{run_date.isoformat()}.bad"


def _documents(out: Path, run_date: date, rows: Sequence[dict[str, Any]]) -> Iterator[Document]:
    """Build documents of their sentences. What is not whole (withdrawn meanwhile, say) is left as it is."""
    where = pc.field("doc_id").isin([r["doc_id"] for r in rows])
    sentences: dict[str, list[dict[str, Any]]] = {}
    for p in _scan(out, "passages", run_date, _PASSAGE, where):
        sentences.setdefault(p["doc_id"], []).append(p)
    for row in rows:
        its = sorted(sentences.get(row["doc_id"], ()), key=lambda p: p["position"])
        if [p["position"] for p in its] != list(range(1, row["sentences"] + 1)):
            continue
        replaced = re.match(rf"(\d+) {re.escape(REPLACED)}", row["reason"] or "")
        yield Document(
            row["doc_id"],
            row["source"],
            row["content_hash"],
            row["language"],
            tuple(p["sentence_id"] for p in its),
            tuple(p["text"] for p in its),
            int(replaced[1]) if replaced else 0,
            row["title"],
            *(known_column(tuple(p[column] for p in its)) for column in ("start_s", "end_s", "speaker")),
        )


def _scan(out: Path, table: str, day: date, columns: Sequence[str], where: pc.Expression) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = read.scan(out, table, day, day, list(columns), where).to_pylist()
    return rows
