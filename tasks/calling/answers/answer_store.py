"""The answers' store: OUT/answers.db, the only thing that a run resumes from.

Every completed call is written at once: its answer under the answer's key, and its record for the table `calls`. A
record is published once, by the first run that publishes; until then a killed run's records are adopted by the next
run. A record counts as published when the part it was written to stands on disk, so a kill at any moment loses none.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from nightdesk.tasks.calling.answers import answer_spool
from nightdesk.tasks.calling.answers.answer_keys import Record
from nightdesk.tasks.calling.answers.answer_spool import AnswerSpool
from nightdesk.tasks.calling.answers.claims import Claims
from nightdesk.tasks.calling.batch_journal import Outstanding
from nightdesk.tasks.errors import PublishError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL, call_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS calls (call_id TEXT PRIMARY KEY, run_id TEXT NOT NULL, part TEXT, record TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS calls_by_part ON calls (part, run_id);
CREATE TABLE IF NOT EXISTS assignments (
    profile TEXT, run_date TEXT, content_hash TEXT, weights_version INTEGER NOT NULL,
    PRIMARY KEY (profile, run_date, content_hash)) WITHOUT ROWID;
"""
_PUT = """
INSERT INTO answers VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET answer = excluded.answer, call_id = excluded.call_id
    WHERE NOT (SELECT json_extract(record, '$.valid') FROM calls WHERE calls.call_id = answers.call_id)
"""
_SETTLE = """
INSERT INTO calls (call_id, run_id, part, record) VALUES (?, ?, NULL, ?)
    ON CONFLICT (call_id) DO UPDATE SET record = excluded.record WHERE NOT json_extract(calls.record, '$.valid')
"""
_VARIABLES = 500  # of one statement


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as it was stored (None: the call ended in the record's error), with the record of the call it cost."""

    answer: Any
    record: Record
    published: bool

    @property
    def failed(self) -> bool:
        """Whether the model replied and its reply could not be used. One that declined has said what it will say."""
        return not self.record["valid"] and self.record["reply"] is not None


class Store:
    """One run's view of the answers' store. Used from one thread."""

    def __init__(self, out: Path, run_id: str) -> None:
        self._out, self._run_id = out, run_id
        self.spool = AnswerSpool(out, run_id)
        lock = _run_lock(out, run_id)
        lock.parent.mkdir(parents=True, exist_ok=True)
        self._alive = FileLock(lock)  # held while the run lives; the system frees it
        self._alive.acquire(timeout=0)
        try:
            self._db = sqlite3.connect(out / "answers.db", timeout=60, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing
            self._db.executescript(_SCHEMA)
            self.outstanding = Outstanding(self._db)
            self.claims = Claims(self._db, run_id, lambda run: is_alive(out, run), self._transaction)
        except sqlite3.DatabaseError as e:
            raise self._broken(e) from None

    def close(self) -> None:
        """Close the database and let others know that this run is over."""
        self.spool.close()
        self._db.close()
        self._alive.release()
        _run_lock(self._out, self._run_id).unlink(missing_ok=True)

    def adopt(self) -> int:
        """Take over what dead runs paid for and never published; return how many calls that is."""
        with self._transaction():
            parts = self._db.execute("SELECT DISTINCT part, run_id FROM calls").fetchall()
            lost = [
                (p, r) for p, r in parts if r != self._run_id and not self._stands(p) and not is_alive(self._out, r)
            ]
            for part, run_id in lost:
                self._db.execute(
                    "UPDATE calls SET run_id = ?, part = NULL WHERE part IS ? AND run_id = ?",
                    (self._run_id, part, run_id),
                )
        self._take_up_spooled()
        row = self._db.execute("SELECT count(*) FROM calls WHERE part IS NULL AND run_id = ?", (self._run_id,))
        return int(row.fetchone()[0])

    def _stands(self, part: str | None) -> bool:
        return part is not None and (self._out / part).exists()

    def put(self, key: str, answer: Any, record: Record) -> None:
        """Write one completed call. The first answer under a key stays, unless it was one that cannot be used."""
        with self._transaction():
            call_id = record["call_id"]
            self._db.execute("INSERT INTO calls VALUES (?, ?, NULL, ?)", (call_id, self._run_id, _json(record)))
            self._db.execute(_PUT, (key, _json(answer), call_id))
            self.outstanding.over(key)

    def record(self, record: Record) -> None:
        """Write a call that brought no answer and may be asked again."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO calls VALUES (?, ?, NULL, ?)", (record["call_id"], self._run_id, _json(record))
            )
            self.outstanding.over(record["answer_key"])

    def _take_up_spooled(self) -> None:
        """Take in the answers that dead runs paid for and could not store any more.

        A call that was booked as given up gets the record of what came of it after all.
        """

        def settle(key: str, answer: Any, record: Record) -> None:
            with self._transaction():
                self._db.execute(_SETTLE, (record["call_id"], self._run_id, _json(record)))
                self._db.execute(_PUT, (key, _json(answer), record["call_id"]))
                self.outstanding.over(key)

        answer_spool.take_up(self._out, lambda r: r != self._run_id and not is_alive(self._out, r), settle)

    def get(self, key: str) -> Stored | None:
        """Look an answer up."""
        try:
            row = self._db.execute(
                "SELECT answer, record, part FROM answers JOIN calls USING (call_id) WHERE key = ?", (key,)
            ).fetchone()
        except sqlite3.DatabaseError as e:
            raise self._broken(e) from None
        return Stored(json.loads(row[0]), json.loads(row[1]), self._stands(row[2])) if row else None

    def claim(self, part: str) -> list[Record]:
        """Hand out this run's unpublished records, to be written to `part` (a path relative to OUT) next."""
        with self._transaction():
            rows = self._db.execute(
                "SELECT record FROM calls WHERE run_id = ? AND part IS NULL ORDER BY call_id", (self._run_id,)
            ).fetchall()
            self._db.execute("UPDATE calls SET part = ? WHERE run_id = ? AND part IS NULL", (part, self._run_id))
        return [json.loads(r) for (r,) in rows]

    def assign(
        self, profile: str, run_date: str, content_hashes: Iterable[str], version: int, reassign: bool
    ) -> dict[str, int]:
        """Fix the weights version of documents on their first run, and return it by content hash."""
        hashes = list(content_hashes)
        verb = "REPLACE" if reassign else "IGNORE"
        with self._transaction():
            self._db.executemany(
                f"INSERT OR {verb} INTO assignments VALUES (?, ?, ?, ?)",
                [(profile, run_date, h, version) for h in hashes],
            )
            found: dict[str, int] = {}
            for k in range(0, len(hashes), _VARIABLES):
                some = hashes[k : k + _VARIABLES]
                marks = ",".join("?" * len(some))
                found |= self._db.execute(
                    "SELECT content_hash, weights_version FROM assignments "
                    f"WHERE profile = ? AND run_date = ? AND content_hash IN ({marks})",
                    (profile, run_date, *some),
                ).fetchall()
        return found

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.DatabaseError as e:
            raise self._broken(e) from None

    def _broken(self, error: sqlite3.DatabaseError) -> PublishError:
        return PublishError(f"{self._out / 'answers.db'}: {error}; move the file away to start with an empty store")


def is_alive(out: Path, run_id: str) -> bool:
    """Tell whether a run still holds its lock; one that was killed does not."""
    path = _run_lock(out, run_id)
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0, is_singleton=False):
            return False
    except Timeout:
        return True


def forget_answers(out: Path, doc_id: str) -> int:
    """Remove the answers that calls about a document brought; return how many. Figures of the calls stay."""
    path = out / "answers.db"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path, timeout=60)) as db, db:
        of_document = "json_extract(record, '$.doc_id') = ?"
        mine = f"SELECT call_id FROM calls WHERE {of_document}"
        n = db.execute(f"DELETE FROM answers WHERE call_id IN ({mine})", (doc_id,)).rowcount
        db.execute(f"UPDATE calls SET record = json_remove(record, '$.reply') WHERE {of_document}", (doc_id,))
    return n


def _run_lock(out: Path, run_id: str) -> Path:
    return out / "_staging" / "runs" / f"{run_id}.lock"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
