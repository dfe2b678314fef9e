"""Writing calls down: those that are over in one turn of the event loop go to disk in one transaction.

A transaction costs as much as answering a small question, and small questions are answered many at a time. Whoever
writes a call waits until it is on disk, so an answer counts no earlier than if it were written alone.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nightdesk.tasks.calling.answers.answer_keys import Record
from nightdesk.tasks.calling.answers.claims import Claims
from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.calling.answers.tombstones import Tombstones
from nightdesk.tasks.calling.batch_journal import Outstanding

CALL = "INSERT INTO calls (call_id, run_id, part, record) VALUES (?, ?, NULL, ?)"
PUT = """
INSERT INTO answers VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET answer = excluded.answer, call_id = excluded.call_id
    WHERE NOT (SELECT json_extract(record, '$.valid') FROM calls WHERE calls.call_id = answers.call_id)
"""
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class DoneCall(NamedTuple):
    """A call that is over. key: of its answer. answer: as JSON text; None if it brought none and may be asked again."""

    key: str
    answer: str | None
    record: Record


class _Waiting(NamedTuple):
    call: DoneCall
    then: Callable[[], None]
    is_written: "asyncio.Future[None]"


class CallWriter:
    """Writes the calls of one run. Used from one thread."""

    def __init__(
        self, db: Database, run_id: str, forgotten: Tombstones, outstanding: Outstanding, claims: Claims
    ) -> None:
        self._db, self._run_id, self._forgotten, self._outstanding = db, run_id, forgotten, outstanding
        self._claims = claims
        self._waiting: list[_Waiting] = []

    async def write_soon(self, call: DoneCall, then: Callable[[], None]) -> None:
        """Write a call with those that are over now; return when it is on disk. then: called right after that.

        A caller that is cancelled meanwhile stops waiting; the call is written all the same.

        Raises:
            StoreError: it cannot be written.
        """
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self.flush)  # after the callers that are ready in this turn
        is_written: asyncio.Future[None] = loop.create_future()
        self._waiting.append(_Waiting(call, then, is_written))
        await is_written

    def flush(self) -> None:
        """Write what waits, together; if that fails, each by itself, so that none is lost by another's fault."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            self.write([w.call for w in waiting])
        except Exception as e:  # noqa: BLE001  (told to those who wait)
            if len(waiting) > 1:
                for one in waiting:
                    self._waiting = [one]
                    self.flush()
            elif not waiting[0].is_written.done():
                waiting[0].is_written.set_exception(e)
            return
        for _, then, is_written in waiting:
            then()
            if not is_written.done():
                is_written.set_result(None)

    def write(self, calls: Sequence[DoneCall]) -> None:
        """Write calls in one transaction. The first answer under a key stays, unless it was one that cannot be used.

        Of a document that was forgotten meanwhile, the figures alone are written.

        Raises:
            StoreError: they cannot be written.
        """
        keys, records = [call.key for call in calls], [_encode(call.record) for call in calls]

        def write() -> None:
            rows: list[tuple[str, str, str]] = []
            answers: list[tuple[str, str, str]] = []
            over: list[str] = []
            for (key, answer, record), text in zip(calls, records, strict=True):
                call_id = record["call_id"]
                # Looked up in here: whoever forgets a document deletes after this.
                if answer is not None and self._forgotten.names(record["doc_id"]):
                    rows.append((call_id, self._run_id, _encode({**record, "reply": None})))
                    continue
                rows.append((call_id, self._run_id, text))
                over.append(key)
                if answer is not None:
                    answers.append((key, answer, call_id))
            self._db.executemany(CALL, rows)
            self._db.executemany(PUT, answers)
            self._outstanding.over(over)
            self._claims.delete(keys)

        self._db.transact(write)
        self._claims.are_given_back(keys)


def as_json(answer: Any) -> str:
    """Return an answer as it stands in the store."""
    return _encode(answer)
