"""What became known of calls after they were stored, in the journal until the calls are published.

The answers' store has every call at once. Which answers served, how they were judged, and which stored answers were
used again is known to the process alone; a night that is run again finds it out anew, but a chunk that is settled is
asked no more. So it is written down in the transaction that settles.
"""

import json
from collections.abc import Set
from pathlib import Path
from typing import Any

from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.calling.call_rows import Ledger

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS call_notes (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, "
    "name TEXT NOT NULL, doc_id TEXT, value TEXT NOT NULL)",
)
_Row = tuple[str, str, str | None, Any]  # kind, id of the call, document, value
_CACHED, _NOTE, _JUDGEMENT, _PART = "cached", "note", "judgement", "part"


class CallNotes:
    """Keeps a ledger in the journal. Used from one thread."""

    def __init__(self, db: Database, ledger: Ledger) -> None:
        """Load the ledger with what stands in the journal.

        Raises:
            StoreError: the journal cannot be read.
        """
        self._db, self._ledger = db, ledger
        # What is in the journal: ids of cached uses, (id, judge) of judgements, and notes as they are there.
        self._cached: set[str] = set()
        self._judgements: set[tuple[str, str]] = set()
        self._notes: dict[str, dict[str, Any]] = {}
        self._new: list[_Row] = []  # of a transaction of keep()
        for kind, name, value in db.rows("SELECT kind, name, value FROM call_notes ORDER BY number"):
            its = json.loads(value)
            if kind == _CACHED:
                ledger.cached.append(its)
            elif kind == _NOTE:
                ledger.notes.setdefault(name, {}).update(its)
            elif kind == _JUDGEMENT:
                ledger.judgements.append(its)
        self._new = self._rows(frozenset())
        self.kept()

    def keep(self, besides: Set[str] = frozenset()) -> None:
        """Write what is new in the ledger. Called within a transaction; once that stands, call kept().

        besides: documents that are still being asked about: after a kill they are asked again, which tells it anew.

        Raises:
            StoreError: the journal cannot be written.
        """
        self._new = self._rows(besides)
        self._write(self._new)

    def kept(self) -> None:
        """Take note that the transaction of keep() stands."""
        for kind, name, _, its in self._new:
            if kind == _CACHED:
                self._cached.add(name)
            elif kind == _JUDGEMENT:
                self._judgements.add((name, its["judge"]))
            else:
                self._notes[name] = dict(its)
        self._new = []

    def begin_part(self, part: str, besides: Set[str] = frozenset()) -> None:
        """Note that all but what the ledger holds now is about to be published in a part. A transaction of its own.

        besides: as for keep().

        Raises:
            StoreError: the journal cannot be written.
        """

        def begin() -> None:
            self._write([(_PART, part, None, {})])
            self._cached, self._judgements, self._notes = set(), set(), {}
            self.keep(besides)

        self._db.transact(begin)
        self.kept()

    def end_part(self, part: str) -> None:
        """Let go what is published in a part.

        Raises:
            StoreError: the journal cannot be written.
        """
        _drop(self._db, part, stands=True)

    def _rows(self, besides: Set[str]) -> list[_Row]:
        """Return what is in the ledger and not in the journal."""
        ledger, doc_of = self._ledger, {i: n.get("doc_id") for i, n in self._ledger.notes.items()}
        rows: list[_Row] = [
            (_CACHED, r["call_id"], r["doc_id"], r)
            for r in ledger.cached
            if r["call_id"] not in self._cached and r["doc_id"] not in besides
        ]
        rows += [
            (_JUDGEMENT, j["call_id"], None, j)
            for j in ledger.judgements
            if (j["call_id"], j["judge"]) not in self._judgements and doc_of.get(j["call_id"]) not in besides
        ]
        rows += [
            (_NOTE, i, doc_of[i], n)
            for i, n in ledger.notes.items()
            if self._notes.get(i) != n and doc_of[i] not in besides
        ]
        return rows

    def _write(self, rows: list[_Row]) -> None:
        self._db.executemany(
            "INSERT INTO call_notes (kind, name, doc_id, value) VALUES (?, ?, ?, ?)",
            [(kind, name, doc_id, json.dumps(value, ensure_ascii=False)) for kind, name, doc_id, value in rows],
        )


def recover(db: Database, out: Path) -> None:
    """Clear up after a process that was killed while it published a part: it stands, or it never will.

    Raises:
        StoreError: the journal cannot be read or written.
    """
    for (part,) in db.rows("SELECT name FROM call_notes WHERE kind = ? ORDER BY number", [_PART]):
        _drop(db, part, stands=(out / part).exists())


def forget(db: Database, doc_id: str) -> None:
    """Remove what is known of the calls of a document, as far as it may hold text. Called within a transaction.

    Raises:
        StoreError: the journal cannot be written.
    """
    db.execute("DELETE FROM call_notes WHERE doc_id = ?", [doc_id])


def _drop(db: Database, part: str, stands: bool) -> None:
    """Remove a part's mark with what came before it, which is published; or, if it is not, with what came after it.

    What came after the mark says again what the part was not to hold.
    """
    which = "<=" if stands else ">="
    its = "(SELECT number FROM call_notes WHERE kind = ? AND name = ?)"
    db.transact(lambda: db.execute(f"DELETE FROM call_notes WHERE number {which} {its}", [_PART, part]))
