"""What is out on lane batch, kept in the answers' store: which question is in which batch, and the provider's id of it.

A batch is written down before it is made, under a marker of ours (so one that was made by a process killed in between
can be found again), and its id as soon as the provider tells it. A question stays here until its answer is stored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nightdesk.tasks.calling.answers.database import Database

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS batches "
    "(marker TEXT PRIMARY KEY, batch_id TEXT, size INTEGER NOT NULL, made_at REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS outstanding (key TEXT PRIMARY KEY, marker TEXT, number INTEGER NOT NULL, "
    "since REAL NOT NULL, times INTEGER NOT NULL) WITHOUT ROWID",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question is. since: when it was first sent; times: how often; marker: of its batch, None if in none."""

    marker: str | None
    number: int
    since: float
    times: int


@dataclass(frozen=True, slots=True)
class Made:
    """A batch. batch_id: None if no id of it was ever written down. since: when the first of its questions went up.

    Times are in seconds since the epoch.
    """

    marker: str
    batch_id: str | None
    size: int
    made_at: float
    since: float


class Outstanding:
    """The rows of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db
        for statement in SCHEMA:
            db.execute(statement)
        db.execute("DELETE FROM batches WHERE marker NOT IN (SELECT marker FROM outstanding WHERE marker IS NOT NULL)")

    def find(self, key: str) -> Place | None:
        """Look up a question."""
        rows = self._db.rows("SELECT marker, number, since, times FROM outstanding WHERE key = ?", (key,))
        return Place(*rows[0]) if rows else None

    def batch(self, marker: str) -> Made:
        """Look up a batch that some question is in."""
        ((*row,),) = self._db.rows(
            "SELECT marker, batch_id, size, made_at, min(since) FROM batches JOIN outstanding USING (marker) "
            "WHERE marker = ?",
            (marker,),
        )
        return Made(*row)

    def intend(self, marker: str, keys: Sequence[str], at: float) -> Made:
        """Write down that a batch will be made of these questions, numbered from 0."""

        def write() -> None:
            self._db.execute("INSERT INTO batches VALUES (?, NULL, ?, ?)", (marker, len(keys), at))
            self._db.executemany(
                "INSERT INTO outstanding VALUES (?, ?, ?, ?, 1) ON CONFLICT (key) DO UPDATE "
                "SET marker = excluded.marker, number = excluded.number, times = times + 1",
                [(key, marker, number, at) for number, key in enumerate(keys)],
            )

        self._db.transact(write)
        return self.batch(marker)

    def made(self, marker: str, batch_id: str) -> None:
        """Write down the id of a batch."""
        self._db.execute("UPDATE batches SET batch_id = ? WHERE marker = ?", (batch_id, marker))

    def unmade(self, marker: str) -> None:
        """Write down that there is no such batch: its questions were never sent."""
        # In this order: a kill in between leaves a batch without questions, which is swept, and never the reverse.
        self._db.execute("UPDATE outstanding SET marker = NULL, times = times - 1 WHERE marker = ?", (marker,))
        self._db.execute("DELETE FROM batches WHERE marker = ?", (marker,))

    def returned(self, key: str) -> None:
        """Write down that a question came back without an answer and is in no batch now."""
        self._db.execute("UPDATE outstanding SET marker = NULL WHERE key = ?", (key,))

    def over(self, keys: Iterable[str]) -> None:
        """Forget questions: they were answered, or will not be."""
        self._db.executemany("DELETE FROM outstanding WHERE key = ?", [(key,) for key in keys])
