"""The documents that were published, by id: asked for tonight's ids alone, however many nights there were.

The index keeps a row for each row of `documents`. It follows the parts of that table (part_changes), so documents that
are published, forgotten or removed by hand come and go with their parts; those of pruned dates stay known.
"""

import json
import logging
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from nightdesk.tasks.calling.answers.storage_errors import StoreError
from nightdesk.tasks.tables import parts
from nightdesk.tasks.tables.broken_parts import BrokenPart, read_part
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.index import database, part_changes
from nightdesk.tasks.tables.index.database import is_damaged
from nightdesk.tasks.tables.index.part_changes import Changes, KnownPart
from nightdesk.tasks.tables.places import table_folder

_COLUMNS = ["doc_id", "content_hash", "run_id", "profile", "failed", "unpaid", "taken_up"]
_AT_ONCE = 500  # ids in one question; SQLite takes 999 values at least
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS documents (doc_id TEXT, part INTEGER, content_hash TEXT, run_id TEXT, profile TEXT, "
    "lost INTEGER, taken_up TEXT, PRIMARY KEY (doc_id, part)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS documents_of_parts ON documents (part)",
)
_INSERT = (
    "INSERT OR REPLACE INTO documents (doc_id, part, content_hash, run_id, profile, lost, taken_up) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_SELECT = (
    "SELECT d.doc_id, p.run_date, d.content_hash, d.run_id, d.profile, d.lost, d.taken_up, p.name, p.is_pruned "
    "FROM documents d JOIN known_parts p ON p.number = d.part"
)
log = logging.getLogger("nightdesk")


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """How a document stands, or stood before pruning, under a date.

    content_hash: None if it could not be read. lost: sentences that another try may place. taken_up: the nights that
    tried. part: the name of the part in which it stands in `documents`, or stood if it is_pruned.
    """

    doc_id: str
    run_date: date
    content_hash: str | None
    run_id: str
    profile: str
    lost: int
    taken_up: tuple[str, ...]
    part: str
    is_pruned: bool


class KnownDocuments:
    """The published documents of OUT as they stood at the last look. Used from one thread at a time.

    days: the only dates that are looked at when it is opened; None: all. broken: parts that a look could not read.
    """

    def __init__(self, out: Path, days: Collection[date] | None = None) -> None:
        self.out = out
        self.broken: list[BrokenPart] = []
        self._days = days
        try:
            self._open()
        except StoreError as e:
            if not is_damaged(e):
                raise
            self._open()  # it was moved aside, so it is made anew of the tables

    def _open(self) -> None:
        with ExitStack() as stack:
            self._db = stack.enter_context(database.opened(self.out, *_SCHEMA))
            self.look(self._days)
            self._held = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, trace: TracebackType | None) -> None:
        self._held.__exit__(kind, e, trace)

    def close(self) -> None:
        """Close the index."""
        self._held.close()

    def look(self, days: Collection[date] | None = None) -> None:
        """Bring the index up to date with the tables. Costs a stat for each date, or each part of dates that are named.

        Raises:
            StoreError: the index cannot be read or written.
        """
        self.broken = []
        part_changes.keep_up(self._db, self.out, "documents", self._apply, days)

    def of_ids(self, doc_ids: Iterable[str]) -> list[KnownDocument]:
        """Return how documents stand, under all dates.

        Raises:
            StoreError: the index cannot be read.
        """
        return [
            _known(row)
            for some in _chunks(doc_ids)
            for row in self._rows(f"{_SELECT} WHERE d.doc_id IN ({', '.join('?' * len(some))})", some)
        ]

    def published(
        self, pairs: Iterable[tuple[str, str]], run_date: date, later: bool = False, runs: Set[str] = frozenset()
    ) -> set[tuple[str, str]]:
        """Return which pairs of doc_id and content_hash an earlier date has published.

        later: count those of later dates, too. runs: and of this date those that these runs have published.

        Raises:
            StoreError: the index cannot be read.
        """
        asked = set(pairs)
        found = {
            (d.doc_id, d.content_hash)
            for d in self.of_ids({doc_id for doc_id, _ in asked})
            if d.content_hash is not None
            and (
                d.run_date < run_date
                or (later and d.run_date > run_date)
                or (d.run_date == run_date and d.run_id in runs)
            )
        }
        return found & asked

    def parts_of(self, run_date: date, doc_ids: Iterable[str]) -> dict[str, set[str]]:
        """Return in which parts of `documents` of a date documents stand: doc_id -> names of parts that are there.

        Raises:
            StoreError: the index cannot be read.
        """
        found: dict[str, set[str]] = {}
        folder = self.out / table_folder("documents", run_date)
        for document in self.of_ids(doc_ids):
            if document.run_date == run_date and (folder / document.part).exists():
                found.setdefault(document.doc_id, set()).add(document.part)
        return found

    def unfinished(self, run_date: date, profile: str) -> list[KnownDocument]:
        """Return the documents of a profile and date of which sentences were lost, but for those that were pruned.

        Raises:
            StoreError: the index cannot be read.
        """
        where = "WHERE p.keeper = 'documents' AND p.run_date = ? AND d.profile = ? AND d.lost > 0 "
        where += "AND d.content_hash IS NOT NULL AND NOT p.is_pruned"  # those cannot be read again
        return [_known(row) for row in self._rows(f"{_SELECT} {where}", (run_date.isoformat(), profile))]

    def mark_pruned(self, run_date: date) -> None:
        """Keep the documents of a date known although its parts are about to be removed. Comes before their removal.

        Raises:
            StoreError: the index cannot be written.
        """
        self.look([run_date])
        self._db.transact(lambda: part_changes.mark_pruned(self._db, "documents", run_date))

    def forget(self, doc_id: str) -> int:
        """Remove a document from the index; return how many rows it had. It comes back while it stands in a table.

        Raises:
            StoreError: the index cannot be written.
        """
        rows = self._db.transact(lambda: self._forget(doc_id))
        self._db.rows("PRAGMA wal_checkpoint(TRUNCATE)")  # its id may stand in SQLite's log, too
        return rows

    def _rows(self, sql: str, values: Sequence[str]) -> list[tuple[Any, ...]]:
        """Ask the index; one that turns out to be damaged is made anew and asked again."""
        try:
            return self._db.rows(sql, values)
        except StoreError as e:
            if not is_damaged(e):
                raise
            with suppress(StoreError):
                self._held.__exit__(type(e), e, e.__traceback__)
        self._open()
        return self._db.rows(sql, values)

    def _forget(self, doc_id: str) -> int:
        # A part in which it stands could not be rewritten. Without its row here the document would be published beside
        # itself, so that part is read again at the next look.
        of_parts = "FROM documents d JOIN known_parts p ON p.number = d.part WHERE d.doc_id = ? AND NOT p.is_pruned"
        for (number,) in self._db.rows(f"SELECT p.number {of_parts}", (doc_id,)):
            part_changes.unread(self._db, number)
            self._db.execute("DELETE FROM documents WHERE part = ? AND doc_id != ?", (number, doc_id))
        return self._db.execute("DELETE FROM documents WHERE doc_id = ?", (doc_id,))

    def _apply(self, changes: Changes) -> None:
        self._db.executemany("DELETE FROM documents WHERE part = ?", [(part.number,) for part in changes.gone])
        for part in changes.added:
            try:
                rows = _rows(part)
            except FileNotFoundError:  # it was removed meanwhile, which the next look finds
                part_changes.unread(self._db, part.number)
            except (OSError, BrokenPart, pa.ArrowException) as e:
                parts.name_broken(part, e)
                part_changes.unread(self._db, part.number)
                if isinstance(e, BrokenPart):
                    self.broken.append(e)
            else:
                self._db.executemany(_INSERT, rows)


class PublishedElsewhere:
    """Tells of (doc_id, content_hash) whether an earlier date has published it; the tables are looked at once.

    later: those of later dates count, too. runs: and of this date those that these runs have published.
    """

    def __init__(self, out: Path, run_date: date, later: bool = False, runs: Set[str] = frozenset()) -> None:
        self._known, self._what = KnownDocuments(out), (run_date, later, runs)

    def close(self) -> None:
        """Close the index."""
        self._known.close()

    def __contains__(self, pair: object) -> bool:
        return bool(isinstance(pair, tuple) and self._known.published([pair], *self._what))


def _rows(part: KnownPart) -> list[tuple[Any, ...]]:
    file = contract("documents").conform(read_part(part.path, _COLUMNS, "documents"), _COLUMNS).to_pydict()
    return [
        (doc_id, part.number, content_hash, run_id, profile, (failed or 0) + (unpaid or 0), json.dumps(taken_up or []))
        for doc_id, content_hash, run_id, profile, failed, unpaid, taken_up in zip(
            *(file[column] for column in _COLUMNS), strict=True
        )
    ]


def _known(row: Sequence[Any]) -> KnownDocument:
    doc_id, run_date, content_hash, run_id, profile, lost, taken_up, part, is_pruned = row
    day, tried = date.fromisoformat(run_date), tuple(json.loads(taken_up))
    return KnownDocument(doc_id, day, content_hash, run_id, profile, lost, tried, part, bool(is_pruned))


def _chunks(doc_ids: Iterable[str]) -> Iterator[list[str]]:
    ids = sorted(set(doc_ids))
    for k in range(0, len(ids), _AT_ONCE):
        yield ids[k : k + _AT_ONCE]
