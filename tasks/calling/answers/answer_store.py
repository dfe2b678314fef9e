"""The answers' store: OUT/answers.db, the only thing that a run resumes from.

Every completed call is written at once: its answer under the answer's key, and its record for the table `calls`. A
record is published once, by the first run that publishes; until then a killed run's records are adopted by the next
run. A record counts as published when its flag says so, or the part it was written to stands on disk: so a kill between
the two loses none, and what was published stays so when its part is deleted later. What is kept of a published record
is said in published_calls.py, and what is removed of the store in removal.py.
"""

import json
from collections.abc import Callable, Iterable, Set
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from nightdesk.tasks.calling.answers import answer_spool, published_calls, retention_terms, store_schema
from nightdesk.tasks.calling.answers.answer_keys import Record
from nightdesk.tasks.calling.answers.answer_spool import AnswerSpool
from nightdesk.tasks.calling.answers.call_writer import PUT, CallWriter, DoneCall, as_json
from nightdesk.tasks.calling.answers.claims import Claims
from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.calling.answers.retention_terms import Terms
from nightdesk.tasks.calling.answers.tombstones import Tombstones
from nightdesk.tasks.calling.batch_journal import Outstanding
from nightdesk.tasks.errors import NightdeskError

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


class UnderWay(NightdeskError):
    """Another process is at work on this very run."""


class Store:
    """One run's view of the answers' store. Used from one thread."""

    def __init__(self, out: Path, run_id: str) -> None:
        """Open it.

        Raises:
            UnderWay: another process has it open for the same run.
        """
        self._out, self._run_id = out, run_id
        self._claimed: set[str] = set()
        self.forgotten = Tombstones(out)  # before any document is read
        self.spool = AnswerSpool(out, run_id, self.forgotten.token)
        lock = _run_lock(out, run_id)
        lock.parent.mkdir(parents=True, exist_ok=True)
        self._alive = FileLock(lock, thread_local=False)  # held while the run lives; the system frees it
        try:
            self._alive.acquire(timeout=0)
        except Timeout:
            raise UnderWay(run_id) from None
        with ExitStack() as undo:
            undo.callback(self._let_go)
            self._db = undo.enter_context(closing(Database(store_file(out), out / "_staging" / "spare")))
            self._db.transact(lambda: store_schema.bring_up(self._db, out))
            self.outstanding = Outstanding(self._db)
            self.claims = Claims(self._db, run_id, lambda run: is_alive(out, run))
            self._writer = CallWriter(self._db, run_id, self.forgotten, self.outstanding, self.claims)
            undo.pop_all()

    def close(self) -> None:
        """Close the database and let others know that this run is over."""
        self._writer.flush()  # of calls whose run was cancelled in this very turn
        self.spool.close()
        self._db.close()
        self._let_go()

    def _let_go(self) -> None:
        self._alive.release()
        with suppress(OSError):  # a disk that refuses it has been told of already
            _run_lock(self._out, self._run_id).unlink(missing_ok=True)

    def is_empty(self) -> bool:
        """Tell whether no call was ever written here."""
        return not self._db.rows("SELECT 1 FROM calls UNION ALL SELECT 1 FROM pruned LIMIT 1")

    def keep_terms(self, profile: str, terms: Terms) -> None:
        """Write down for how many nights a profile keeps what."""
        self._db.transact(lambda: retention_terms.note(self._db, profile, terms))

    def adopt(self) -> int:
        """Take over what dead runs paid for and never published; return how many calls that is."""

        def take_over() -> None:
            parts = self._db.rows("SELECT DISTINCT part, run_id FROM calls WHERE NOT published")
            for part, run_id in parts:
                # Its own, too: an earlier attempt at this run may have been killed before its part stood.
                is_own = run_id == self._run_id and part not in self._claimed
                is_over = is_own or (run_id != self._run_id and not is_alive(self._out, run_id))
                if is_over and not self._stands(part):
                    self._db.execute(
                        "UPDATE calls SET run_id = ?, part = NULL WHERE part IS ? AND run_id = ? AND NOT published",
                        (self._run_id, part, run_id),
                    )

        self._db.transact(take_over)
        self._take_up_spooled()
        ((count,),) = self._db.rows(
            "SELECT count(*) FROM calls WHERE NOT published AND part IS NULL AND run_id = ?", (self._run_id,)
        )
        return int(count)

    def _stands(self, part: str | None) -> bool:
        return part is not None and (self._out / part).exists()

    def put(self, key: str, answer: Any, record: Record) -> None:
        """Write one completed call, as CallWriter.write does."""
        self._writer.write([DoneCall(key, as_json(answer), record)])

    def record(self, record: Record) -> None:
        """Write a call that brought no answer and may be asked again."""
        self._writer.write([DoneCall(record["answer_key"], None, record)])

    async def put_soon(self, answer: Any, record: Record, then: Callable[[], None]) -> None:
        """Write one completed call with those that are over at the same time; then() is called when it is on disk."""
        await self._writer.write_soon(DoneCall(record["answer_key"], as_json(answer), record), then)

    async def record_soon(self, record: Record, then: Callable[[], None]) -> None:
        """Write a call that brought no answer with those that are over at the same time."""
        await self._writer.write_soon(DoneCall(record["answer_key"], None, record), then)

    def _take_up_spooled(self) -> None:
        """Take in the answers that dead runs paid for and could not store any more.

        A call that was booked as given up gets the record of what came of it after all. Of a document that was
        forgotten since it was asked about, the figures alone are written.
        """

        def settle(answer: Any, record: Record, token: str) -> None:
            is_known = token == self.forgotten.token(record["doc_id"])

            def write() -> None:
                row = record if is_known else {**record, "reply": None}
                self._db.execute(_SETTLE, (record["call_id"], self._run_id, as_json(row)))
                if is_known:
                    self._db.execute(PUT, (record["answer_key"], as_json(answer), record["call_id"]))
                self.outstanding.over([record["answer_key"]])

            self._db.transact(write)

        # Its own too: what is there now is of an earlier process, because Prefect retries a run under the same id.
        answer_spool.take_up(self._out, lambda r: r == self._run_id or not is_alive(self._out, r), settle)

    def get(self, key: str) -> Stored | None:
        """Look an answer up, before it is asked for.

        Raises:
            StoreError: it cannot be read, or the disk was found full: what is on its way is stored, no more is asked.
        """
        if self._db.full is not None:
            raise self._db.full
        found = self._db.rows(
            "SELECT answer, record, part, published FROM answers JOIN calls USING (call_id) WHERE key = ?", (key,)
        )
        if not found:
            return None
        answer, record, part, published = found[0]
        whole = published_calls.ABSENT | {"answer_key": key} if published else {}
        return Stored(json.loads(answer), whole | json.loads(record), bool(published) or self._stands(part))

    def claim(self, part: str, besides: Set[str] = frozenset()) -> list[Record]:
        """Hand out this run's unpublished records, but those of some documents, to be written to a part (below OUT)."""

        def take() -> list[Record]:
            mine = "NOT published AND part IS NULL AND run_id = ?"
            rows = self._db.rows(f"SELECT call_id, record FROM calls WHERE {mine} ORDER BY call_id", (self._run_id,))
            found = {call_id: json.loads(record) for call_id, record in rows}
            records = {i: r for i, r in found.items() if not besides or r["doc_id"] not in besides}
            self._db.executemany("UPDATE calls SET part = ? WHERE call_id = ?", [(part, i) for i in records])
            return list(records.values())

        self._claimed.add(part)
        return self._db.transact(take)

    def published(self, part: str) -> None:
        """Note that a part is in place: its records stay published, whatever becomes of it."""
        published_calls.note(self._db, part)

    def assign(
        self, profile: str, run_date: str, content_hashes: Iterable[str], version: int, reassign: bool
    ) -> dict[str, int]:
        """Fix the weights version of documents on their first run, and return it by content hash."""
        hashes = list(content_hashes)
        verb = "REPLACE" if reassign else "IGNORE"

        def write() -> dict[str, int]:
            self._db.executemany(
                f"INSERT OR {verb} INTO assignments VALUES (?, ?, ?, ?)",
                [(profile, run_date, h, version) for h in hashes],
            )
            found: dict[str, int] = {}
            for k in range(0, len(hashes), _VARIABLES):
                some = hashes[k : k + _VARIABLES]
                marks = ",".join("?" * len(some))
                found |= self._db.rows(
                    "SELECT content_hash, weights_version FROM assignments "
                    f"WHERE profile = ? AND run_date = ? AND content_hash IN ({marks})",
                    (profile, run_date, *some),
                )
            return found

        return self._db.transact(write)


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


def store_file(out: Path) -> Path:
    """Return where the database of the answers' store is."""
    return out / "answers.db"


def _run_lock(out: Path, run_id: str) -> Path:
    return out / "_staging" / "runs" / f"{run_id}.lock"
