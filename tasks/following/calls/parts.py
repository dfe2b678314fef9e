"""The calls and judgements of a follow, published a part at a time: not at each look, since a part is a file."""

import asyncio
from collections.abc import Sequence, Set
from datetime import date
from pathlib import Path

from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.call_rows import Ledger
from nightdesk.tasks.following.calls.notes import CallNotes
from nightdesk.tasks.tables import publish, quarantine
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.places import append_part, part_name
from nightdesk.tasks.tables.quarantine import Audit

EVERY_S = 900.0  # after which calls are published, even if no part of passages was filled meanwhile
_OTHERS = ("passages", "topics", "documents")


class CallParts:
    """Publishes what one process of a follow has asked, and what dead ones left. attempt: an id of the process."""

    def __init__(
        self,
        out: Path,
        run_date: date,
        run_id: str,
        attempt: str,
        store: Store,
        audit: Audit,
        categories: Sequence[str],
    ) -> None:
        self._out, self._run_date, self._run_id, self._attempt = out, run_date, run_id, attempt
        self._store, self._audit, self._categories = store, audit, list(categories)
        self._number = 0

    async def publish(self, ledger: Ledger, notes: CallNotes, besides: Set[str] = frozenset()) -> int:
        """Publish the calls that are over; return how many. besides: documents that are still being asked about.

        Raises:
            PublishError: the disk refuses it; they are published by the next call, or the next process.
            AuditFailed: a table expectation failed.
        """
        name = part_name(self._run_id, self._attempt, self._number + 1)
        part = append_part("calls", self._run_date, name).as_posix()
        claimed = self._store.claim(part, besides)
        if not claimed and all(r["doc_id"] in besides for r in ledger.cached):
            return 0
        self._number += 1
        calls, judgements = ledger.rows(claimed, self._run_id, besides)
        notes.begin_part(part, besides)
        tables = {"calls": contract("calls").build(calls), "judgements": contract("judgements").build(judgements)}
        tables |= {other: contract(other).build([]) for other in _OTHERS}
        cleared = await asyncio.to_thread(quarantine.clear, tables, self._categories, self._run_id, self._audit)
        passed = {k: t for k, t in cleared.tables.items() if k not in _OTHERS}
        await asyncio.to_thread(publish.publish, self._out, self._run_date, name, passed, self._store.forgotten.names)
        self._store.published(part)
        notes.end_part(part)
        return len(calls)
