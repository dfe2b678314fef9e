"""What is settled and not published yet, in the journal: the rows of each round, and the parts that they go to.

A round is held in the transaction that marks its sentences as settled. Its parts are assigned then, so publishing it
again after a kill writes the same rows to the same places. Passages go to the open part of the date, until that holds
OPEN_ROWS; the rows of a document and of a topic stay in the part that was open when they began.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, NamedTuple

from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.tables.places import stream_part_name

OPEN_ROWS = 5_000  # sentences (and documents that began) of the open part, from which on the next one is begun
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS stream_parts (number INTEGER PRIMARY KEY AUTOINCREMENT, date TEXT NOT NULL, "
    "name TEXT NOT NULL, rows INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS row_places (doc_id TEXT NOT NULL, topic_id TEXT NOT NULL, part INTEGER NOT NULL, "
    "sentences INTEGER NOT NULL DEFAULT 0, stands INTEGER, PRIMARY KEY (doc_id, topic_id)) "
    "WITHOUT ROWID",  # topic_id: "" for a row of `documents`; sentences: how many stand; stands: null if untried
    "CREATE TABLE IF NOT EXISTS refused (doc_id TEXT NOT NULL, position INTEGER NOT NULL, topic_id TEXT NOT NULL, "
    "was_placed INTEGER NOT NULL, PRIMARY KEY (doc_id, position)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS held_rounds (number INTEGER PRIMARY KEY AUTOINCREMENT, date TEXT NOT NULL, "
    "name TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS held_rows (round INTEGER NOT NULL, doc_id TEXT NOT NULL, slices TEXT NOT NULL, "
    "rows BLOB NOT NULL, PRIMARY KEY (round, doc_id)) WITHOUT ROWID",
)
_OF_DOCUMENT = ""
_AT_ONCE = 500  # ids in one question; SQLite takes 999 values at least
_BYTES = "\0bytes"  # key of an object that stands for bytes in JSON


@dataclass(frozen=True, slots=True)
class Slice:
    """Sentences of a document, first to last position, that go to one part."""

    part: str
    first: int
    last: int


class Refused(NamedTuple):
    """A sentence that the audit made unplaced. topic_id: "" if it had none; was_placed: whether it had a category."""

    topic_id: str
    was_placed: bool


@dataclass(frozen=True, slots=True)
class HeldDocument:
    """What a round has of a document, and where it goes.

    parts: topic_id -> part of its row; "" -> part of the document's row. before: topic_id -> its sentences that are
    published already. standing: topics of which a row is published. refused: by position, what earlier audits have made
    unplaced. never: how many other topics of it no audit has let pass.
    """

    settled: Settled
    slices: Sequence[Slice]
    parts: Mapping[str, str]
    before: Mapping[str, int]
    standing: frozenset[str]
    refused: Mapping[int, Refused]
    never: int

    @property
    def document_part(self) -> str:
        """The part that its row of `documents` goes to."""
        return self.parts[_OF_DOCUMENT]


@dataclass(frozen=True, slots=True)
class Round:
    """What was settled together. name: of its part of quarantine."""

    number: int
    run_date: date
    name: str
    documents: Sequence[HeldDocument]


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of a document of a round. last: its last sentence that is published.

    topics: topic_id -> its sentences of this round, of rows that passed. failed: topics of which the row did not.
    refused: by position, what the audit has made unplaced.
    """

    doc_id: str
    last: int
    topics: Mapping[str, int]
    failed: Sequence[str]
    refused: Mapping[int, Refused]


def hold(
    db: Database,
    run_date: date,
    settled: Sequence[Settled],
    run_id: str,
    attempt: str,
    is_forgotten: Callable[[str], bool] = lambda doc_id: False,
) -> None:
    """Store what a round has settled, and assign it to parts. Called within a transaction of the journal.

    db: of the journal. settled: one for each document at most. run_id, attempt: of the process, as for
    places.part_name; new parts are named by them. is_forgotten: whether a document was forgotten meanwhile; it is
    left out.

    Raises:
        StoreError: the journal cannot be written.
    """
    kept = [its for its in settled if not is_forgotten(its.doc_id)]
    if not kept:
        return
    number = _numbered(db, "held_rounds (date, name) VALUES (?, '')", [run_date.isoformat()])
    db.execute("UPDATE held_rounds SET name = ? WHERE number = ?", [f"{run_id}.{attempt}-r{number}", number])
    for its in kept:
        slices = _assigned(db, run_date, its, run_id, attempt)
        db.execute("INSERT INTO held_rows VALUES (?, ?, ?, ?)", [number, its.doc_id, json.dumps(slices), _packed(its)])


def _assigned(db: Database, run_date: date, its: Settled, run_id: str, attempt: str) -> list[tuple[int, int, int]]:
    """Return (part, first, last) of the sentences of a document; its new rows of other tables go to the first part."""
    part = _open_part(db, run_date, run_id, attempt)
    new = db.execute("INSERT OR IGNORE INTO row_places (doc_id, topic_id, part) VALUES (?, '', ?)", [its.doc_id, part])
    db.executemany(
        "INSERT OR IGNORE INTO row_places (doc_id, topic_id, part) VALUES (?, ?, ?)",
        [(its.doc_id, topic["topic_id"], part) for topic in its.topics],
    )
    _fill(db, part, new)
    slices: list[tuple[int, int, int]] = []
    for first in range(its.first, its.last + 1, OPEN_ROWS):
        part = _open_part(db, run_date, run_id, attempt) if slices else part
        last = min(first + OPEN_ROWS - 1, its.last)
        _fill(db, part, last - first + 1)
        slices.append((part, first, last))
    return slices


def _open_part(db: Database, run_date: date, run_id: str, attempt: str) -> int:
    day = run_date.isoformat()
    found = db.rows("SELECT number, rows FROM stream_parts WHERE date = ? ORDER BY number DESC LIMIT 1", [day])
    if found and found[0][1] < OPEN_ROWS:
        return int(found[0][0])
    number = _numbered(db, "stream_parts (date, name, rows) VALUES (?, '', 0)", [day])
    name = stream_part_name(run_id, attempt, number)
    db.execute("UPDATE stream_parts SET name = ? WHERE number = ?", [name, number])
    return number


def _fill(db: Database, part: int, rows: int) -> None:
    db.execute("UPDATE stream_parts SET rows = rows + ? WHERE number = ?", [rows, part])


def _numbered(db: Database, into: str, values: Sequence[Any]) -> int:
    db.execute(f"INSERT INTO {into}", values)
    return int(db.rows("SELECT last_insert_rowid()")[0][0])


def next_round(db: Database, run_date: date) -> Round | None:
    """Return the oldest round of a date that is held.

    Raises:
        StoreError: the journal cannot be read.
    """
    day = run_date.isoformat()
    found = db.rows("SELECT number, name FROM held_rounds WHERE date = ? ORDER BY number LIMIT 1", [day])
    if not found:
        return None
    ((number, name),) = found
    rows = db.rows("SELECT slices, rows FROM held_rows WHERE round = ? ORDER BY doc_id", [number])
    documents = [_document(db, _unpacked(blob), json.loads(slices)) for slices, blob in rows]
    return Round(number, run_date, name, documents)


def _document(db: Database, its: Settled, slices: Sequence[Sequence[int]]) -> HeldDocument:
    wanted = [_OF_DOCUMENT, *(topic["topic_id"] for topic in its.topics)]
    places = {
        topic_id: place
        for some in (wanted[k : k + _AT_ONCE] for k in range(0, len(wanted), _AT_ONCE))
        for topic_id, *place in db.rows(
            "SELECT topic_id, name, sentences, stands FROM row_places JOIN stream_parts ON number = part "
            f"WHERE doc_id = ? AND topic_id IN ({', '.join('?' * len(some))})",
            [its.doc_id, *some],
        )
    }
    names = dict(db.rows("SELECT number, name FROM stream_parts WHERE number BETWEEN ? AND ?", _range(slices)))
    refused = {
        position: Refused(topic_id, bool(placed))
        for position, topic_id, placed in db.rows(
            "SELECT position, topic_id, was_placed FROM refused WHERE doc_id = ?", [its.doc_id]
        )
    }
    never = 0
    if refused:
        count = "SELECT count(*) FROM row_places WHERE doc_id = ? AND topic_id != '' AND stands = 0"
        never = db.rows(count, [its.doc_id])[0][0]
    return HeldDocument(
        its,
        [Slice(names[part], first, last) for part, first, last in slices],
        {topic_id: name for topic_id, (name, _, _) in places.items()},
        {topic_id: sentences for topic_id, (_, sentences, _) in places.items()},
        frozenset(topic_id for topic_id, (_, _, stands) in places.items() if topic_id and stands),
        refused,
        never - sum(stands == 0 for topic_id, (_, _, stands) in places.items() if topic_id and refused),
    )


def _range(slices: Sequence[Sequence[int]]) -> list[int]:
    parts = [part for part, _, _ in slices] or [0]
    return [min(parts), max(parts)]


def mark_published(db: Database, number: int, filed: Sequence[Filed]) -> None:
    """Note that a round is published, and let go its rows. A transaction of its own.

    Raises:
        StoreError: the journal cannot be written.
    """

    def mark() -> None:
        for its in filed:
            place = "WHERE doc_id = ? AND topic_id = ?"
            if not db.execute(f"UPDATE row_places SET stands = 1 {place}", [its.doc_id, _OF_DOCUMENT]):
                continue  # it was forgotten meanwhile
            db.executemany(
                f"UPDATE row_places SET stands = 1, sentences = sentences + ? {place}",
                [(n, its.doc_id, topic_id) for topic_id, n in its.topics.items()],
            )
            db.executemany(
                f"UPDATE row_places SET stands = coalesce(stands, 0) {place}",
                [(its.doc_id, topic_id) for topic_id in its.failed],
            )
            db.executemany(
                "INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?)",
                [(its.doc_id, position, what.topic_id, what.was_placed) for position, what in its.refused.items()],
            )
            its_mark = "UPDATE documents SET published = max(published, ?) WHERE doc_id = ?"
            db.execute(its_mark, [its.last, its.doc_id])
        db.execute("DELETE FROM held_rows WHERE round = ?", [number])
        db.execute("DELETE FROM held_rounds WHERE number = ?", [number])

    db.transact(mark)


def forget(db: Database, doc_id: str) -> int:
    """Remove a document from all that is held; return in how many rounds it was. Called within a transaction.

    Raises:
        StoreError: the journal cannot be written.
    """
    for table in ("row_places", "refused"):
        db.execute(f"DELETE FROM {table} WHERE doc_id = ?", [doc_id])
    return db.execute("DELETE FROM held_rows WHERE doc_id = ?", [doc_id])


def let_go(db: Database, run_date: date) -> None:
    """Remove what is known of the parts of a date that is closed. Called within a transaction.

    Raises:
        StoreError: the journal cannot be written.
    """
    day = [run_date.isoformat()]
    if db.rows("SELECT 1 FROM held_rounds WHERE date = ?", day):
        return
    of = "(SELECT number FROM stream_parts WHERE date = ?)"
    db.execute(f"DELETE FROM refused WHERE doc_id IN (SELECT doc_id FROM row_places WHERE part IN {of})", day)
    db.execute(f"DELETE FROM row_places WHERE part IN {of}", day)
    db.execute("DELETE FROM stream_parts WHERE date = ?", day)


def _packed(its: Settled) -> bytes:
    return json.dumps(
        {f.name: getattr(its, f.name) for f in fields(its)}, default=_of_bytes, ensure_ascii=False
    ).encode(errors="surrogatepass")


def _of_bytes(value: Any) -> dict[str, str]:
    return {_BYTES: base64.b64encode(value).decode()}


def _to_bytes(value: dict[str, Any]) -> Any:
    return base64.b64decode(value[_BYTES]) if value.keys() == {_BYTES} else value


def _unpacked(blob: bytes) -> Settled:
    return Settled(**json.loads(blob.decode(errors="surrogatepass"), object_hook=_to_bytes))
