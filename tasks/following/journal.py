"""OUT/follow/<profile>.db: what has arrived of streams, where their sources are read to, and how far they are done.

Arrivals and cursors are stored in one transaction, so whenever the process ends, the next one reads the sources on from
exactly what stands here: no sentence is lost, none comes twice. Sentences leave once they are settled, published and no
longer needed as context; the marks stay. One process follows a profile in an OUT; its lock is freed by the system.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.calling.answers.tombstones import Tombstones
from nightdesk.tasks.config.private_files import FILE_MODE, make_private, private_folder
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.following import journal_tables
from nightdesk.tasks.following.stream import Arrival, Poll
from nightdesk.tasks.reading.documents import shown
from nightdesk.tasks.reading.sentences import Spoken
from nightdesk.tasks.safety.links import refuse_links

FOLDER = "follow"  # below OUT
_PATIENCE_S = 0.5  # a night that looks who holds a source has the lock for a moment
_COLUMNS = "doc_id, stream, date, source, title, sentences, settled, published, is_over"


@dataclass(frozen=True, slots=True)
class StreamDocument:
    """What has come of a stream on a date. Positions count from 1.

    sentences: how many have come. settled, published: the last position up to which they are. is_over: nothing more
    will come.
    """

    doc_id: str
    stream: str
    run_date: date
    source: str
    title: str | None
    sentences: int
    settled: int
    published: int
    is_over: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """Sentences of an arrival as they were stored, from position `first` of a document on."""

    doc_id: str
    first: int
    sentences: Sequence[Spoken]
    arrival: Arrival


def document_id(stream: str, run_date: date) -> str:
    """Return what the document of a stream on a date is called."""
    return f"{stream}@{run_date.isoformat()}"


def journal_path(out: Path, profile: str) -> Path:
    """Return where the journal of a profile lies."""
    return out / FOLDER / f"{profile}.db"


class Journal:
    """The journal of a profile in an OUT, held by one process until it is closed. Used from one thread.

    Raises:
        InputError: another process follows this profile in this OUT, or somebody else has put something there.
        PublishError: a link leads out of OUT, or the disk refuses it.
    """

    def __init__(self, out: Path, profile: str) -> None:
        path = journal_path(out, profile)
        lock = path.with_suffix(".lock")
        refuse_links(out, path.parent, path, lock)
        private_folder(path.parent)
        make_private(lock)
        self._lock = FileLock(lock, mode=FILE_MODE, is_singleton=False, thread_local=False)
        try:
            self._lock.acquire(timeout=_PATIENCE_S)
        except Timeout:
            raise InputError(
                f"{path}: another process follows the profile {profile} into {out}; end it, or name another OUT or "
                "another profile"
            ) from None
        try:
            self._forgotten = Tombstones(out)
            self._db = Database(path)
            for statement in journal_tables.SCHEMA:
                self._db.execute(statement)
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    @property
    def db(self) -> Database:
        """The database, for those who keep tables of their own in it."""
        return self._db

    def is_forgotten(self, doc_id: str) -> bool:
        """Tell whether a document was forgotten since the journal was opened."""
        return self._forgotten.names(doc_id)

    def close(self) -> None:
        """Close the journal and let another process have it."""
        self._db.close()
        self._lock.release()

    def take(self, poll: Poll, run_date: date) -> list[Taken]:
        """Store what a look has found, and where it has read to, together or not at all; return what was stored.

        Sentences of a document that was forgotten since the journal was opened are left out.
        """
        if not (poll.arrivals or poll.cursors):
            return []

        def store() -> list[Taken]:
            taken = [self._add(arrival, run_date) for arrival in poll.arrivals]
            self._db.executemany(
                "INSERT INTO cursors VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET value = excluded.value",
                poll.cursors.items(),
            )
            return [t for t in taken if t is not None]

        return self._db.transact(store)

    def cursors(self) -> dict[str, str]:
        """Return where the sources are read to."""
        return {str(source): str(value) for source, value in self._db.rows("SELECT source, value FROM cursors")}

    def documents(self, run_date: date | None = None) -> list[StreamDocument]:
        """Return the documents of streams, of one date or of all, in the order in which they began."""
        where, values = ("WHERE date = ?", [run_date.isoformat()]) if run_date else ("", [])
        rows = self._db.rows(f"SELECT {_COLUMNS} FROM documents {where} ORDER BY number", values)
        return [_document(row) for row in rows]

    def document(self, doc_id: str) -> StreamDocument | None:
        """Return a document of a stream, if it is known."""
        rows = self._db.rows(f"SELECT {_COLUMNS} FROM documents WHERE doc_id = ?", [doc_id])
        return _document(rows[0]) if rows else None

    def sentences(self, doc_id: str, first: int = 1, most: int = -1) -> list[tuple[int, Spoken]]:
        """Return (position, sentence) from position `first` on, as far as they are kept. most: so many; -1: all."""
        rows = self._db.rows(
            "SELECT position, id, text, start_s, end_s, speaker FROM sentences WHERE position >= ? AND document = "
            "(SELECT number FROM documents WHERE doc_id = ?) ORDER BY position LIMIT ?",
            [first, doc_id, most],
        )
        return [(int(position), Spoken(*rest)) for position, *rest in rows]

    def mark(self, doc_id: str, settled: int | None = None, published: int | None = None) -> None:
        """Note up to which position a document is settled, or published. Marks never go back.

        Raises:
            ValueError: beyond its last sentence, or published beyond what is settled.
        """

        def note() -> None:
            its = self.document(doc_id)
            if its is None:
                raise ValueError(f"{doc_id}: not in the journal")
            now = max(its.settled, settled or 0), max(its.published, published or 0)
            if not now[1] <= now[0] <= its.sentences:
                raise ValueError(f"{doc_id}: settled {now[0]} and published {now[1]} of {its.sentences} sentences")
            self._db.execute("UPDATE documents SET settled = ?, published = ? WHERE doc_id = ?", [*now, doc_id])

        self._db.transact(note)

    def prune(self, context: int) -> int:
        """Remove sentences that are settled and published, but the last `context` of them; return how many."""
        return self._db.transact(
            lambda: self._db.execute(
                "DELETE FROM sentences WHERE position <= (SELECT published - ? FROM documents WHERE number = document)",
                [context],
            )
        )

    def close_date(self, run_date: date) -> int:
        """Remove the documents of a date of which every sentence is settled and published; return how many.

        Those that are not stay, so that a day whose end was interrupted can be ended again.
        """

        return self._db.transact(lambda: journal_tables.close_date(self._db, run_date))

    def end_date(self, run_date: date) -> None:
        """Note that nothing more will come of the documents of a date."""
        self._db.execute("UPDATE documents SET is_over = 1 WHERE date = ?", [run_date.isoformat()])

    def _add(self, arrival: Arrival, run_date: date) -> Taken | None:
        doc_id = self._free(document_id(arrival.stream, run_date))
        if self._forgotten.names(doc_id):
            return None
        self._db.execute(
            "INSERT INTO documents (doc_id, stream, date, source, title) VALUES (?, ?, ?, ?, ?) ON CONFLICT (doc_id) "
            "DO UPDATE SET title = coalesce(title, excluded.title)",
            [doc_id, arrival.stream, run_date.isoformat(), arrival.source, arrival.title],
        )
        ((number, last),) = self._db.rows("SELECT number, sentences FROM documents WHERE doc_id = ?", [doc_id])
        rows = [Spoken(*map(_storable, s)) for s in arrival.sentences]
        self._db.executemany(
            "INSERT INTO sentences VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(number, last + k, *s) for k, s in enumerate(rows, 1)],
        )
        self._db.execute(
            "UPDATE documents SET sentences = ?, is_over = max(is_over, ?) WHERE number = ?",
            [last + len(rows), arrival.is_over, number],
        )
        return Taken(doc_id, last + 1, rows, arrival)

    def _free(self, doc_id: str) -> str:
        """Return the id of the document that sentences belong to now: those of a closed day are not added to."""
        number = 1
        free = doc_id
        while self._db.rows("SELECT 1 FROM closed WHERE doc_id = ?", [free]):
            number += 1
            free = f"{doc_id}.{number}"
        return free


def forget(out: Path, doc_id: str) -> int:
    """Remove a document from the journals of all profiles; return how many of its sentences they kept.

    Of a stream that came from stdin, the unfinished line goes, too.
    """
    removed = 0
    for path in sorted((out / FOLDER).glob("*.db")):
        refuse_links(out, path)
        db = Database(path)
        try:
            for statement in journal_tables.SCHEMA:
                db.execute(statement)
            removed += db.transact(lambda db=db: journal_tables.forget(db, doc_id))  # type: ignore[misc]
            db.rows("PRAGMA wal_checkpoint(TRUNCATE)")  # else the text would stay in the log beside the database
        finally:
            db.close()
    return removed


def _storable(value: Any) -> Any:
    """Return a value of a sentence as SQLite can hold it: what is no character becomes U+FFFD."""
    return shown(value) if isinstance(value, str) else value


def _document(row: Sequence[Any]) -> StreamDocument:
    doc_id, stream, day, source, title, sentences, settled, published, is_over = row
    its_date = date.fromisoformat(day)
    return StreamDocument(doc_id, stream, its_date, source, title, sentences, settled, published, bool(is_over))
