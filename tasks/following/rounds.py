"""Rounds of settling: what waits is asked about, written into the journal, and published, one round after the other."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.following.backlog import MOST_OF_A_ROUND, MOST_WAITING, Backlog
from nightdesk.tasks.following.calls import choices
from nightdesk.tasks.following.calls.notes import CallNotes
from nightdesk.tasks.following.calls.parts import EVERY_S, CallParts
from nightdesk.tasks.following.calls.spending import Purse
from nightdesk.tasks.following.journal import Journal
from nightdesk.tasks.following.publishing.held_rounds import hold
from nightdesk.tasks.following.publishing.stream_parts import publish_held
from nightdesk.tasks.following.settling import states
from nightdesk.tasks.following.settling.settle import settle
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.following.settling.stream_state import Settling
from nightdesk.tasks.following.settling.stream_stories import StreamStories
from nightdesk.tasks.reorganizing.affordable import has_free
from nightdesk.tasks.reorganizing.document_state import Lost
from nightdesk.tasks.tables.quarantine import Audit

log = logging.getLogger("nightdesk")


class Rounds:
    """The rounds of one process and date. on_published: told of what was settled once it is published.

    under_way: the documents that are being asked about.
    """

    def __init__(
        self,
        out: Path,
        run_date: date,
        run_id: str,
        attempt: str,
        router: Router,
        journal: Journal,
        backlog: Backlog,
        purse: Purse,
        audit: Audit,
        parts: CallParts,
    ) -> None:
        self.on_published: Callable[[Sequence[Settled]], None] = lambda settled: None
        self.under_way: frozenset[str] = frozenset()
        self._where = out, run_date, run_id, attempt
        self._router, self._journal, self._backlog, self._purse = router, journal, backlog, purse
        self._audit, self._parts = audit, parts
        self._stories = StreamStories(out, run_date, journal.db, router.profile.stories)
        self._notes = CallNotes(journal.db, router.ledger)
        self._noted, self._calls_at = router.spent, time.monotonic()
        self._told_budget = False

    async def go(self, is_ending: bool = False) -> None:
        """Settle and publish what waits, until nothing does, or dollars do not reach for more.

        is_ending: what dollars do not reach for is filed as unplaced, so that a night takes it up.

        Raises:
            PublishError: OUT or the journal cannot be written; a process that begins anew goes on.
            InputError: no model is left to serve a role.
        """
        await self.publish()  # what an earlier process settled and did not publish any more
        while asked := self._next(is_ending):
            await self._round(asked)
        if is_ending or time.monotonic() - self._calls_at >= EVERY_S:
            await self.publish_calls()

    def can_go(self) -> bool:
        """Tell whether there is something to settle now."""
        is_due = time.monotonic() - self._calls_at >= EVERY_S
        return is_due or bool(self._backlog.waiting and (self._most() >= 1 or self._gives_up()))

    def note_spending(self, chunks: int = 0) -> None:
        """Count the dollars that calls have taken since the last time. chunks: that were settled by them.

        Raises:
            StoreError: the journal cannot be written.
        """
        spent = self._router.spent
        self._purse.note(spent - self._noted, chunks, _now())
        self._noted = spent

    async def publish(self) -> None:
        """Publish the rounds that are in the journal, and the calls if a part of passages is full.

        Raises:
            PublishError: the disk refuses it.
        """
        out, run_date, run_id, _ = self._where
        categories = list(self._router.profile.categories)
        done = await publish_held(out, run_date, self._journal, self._audit, categories, run_id)
        if any(r.rolls for r in done):
            await self.publish_calls()

    async def publish_calls(self) -> None:
        """Publish the calls of what is settled.

        Raises:
            PublishError: the disk refuses it.
        """
        self._calls_at = time.monotonic()
        ledger, notes = self._router.ledger, self._notes
        if self.under_way:  # this round did not end: its notes are not in the journal, and it is asked again
            ledger = type(ledger)()
            notes = CallNotes(self._journal.db, ledger)
        await self._parts.publish(ledger, notes, self.under_way)

    def _next(self, is_ending: bool) -> list[Settling]:
        most = self._most()
        if most >= 1:
            self._told_budget = False
            return self._backlog.next_round(most)
        if not self._backlog.waiting:
            return []
        if not self._told_budget:
            self._told_budget = True
            log.warning("%s; chunks wait until there are dollars, or the day ends", self._purse.why(_now()))
        if is_ending or self._gives_up():
            return self._backlog.next_round(waits=Lost(self._purse.why(_now()), "budget"))
        return []

    def _gives_up(self) -> bool:
        """Tell whether what waits has to be filed as unplaced: too much waits, and the day's dollars are gone."""
        return self._purse.day_is_spent and self._backlog.waiting >= MOST_WAITING

    def _most(self) -> float:
        """Return how many chunks dollars reach for. Where each role has a model that costs nothing, those finish."""
        most = self._purse.affordable(_now())
        if most >= MOST_OF_A_ROUND:
            return MOST_OF_A_ROUND
        is_free = all(has_free(self._router, s.weights_version, s.language) for s in self._backlog.documents())
        return math.inf if is_free else most

    async def _round(self, asked: list[Settling]) -> None:
        before = {s.state.doc_id: s.state.closed.start for s in asked}
        self._backlog.begin(asked)
        self._router.begin_round(self._purse.left(_now()))
        self.under_way = frozenset(before)
        settled = await settle(self._router, asked, self._stories)
        kept = self._commit(asked, settled)
        self.under_way = frozenset()
        for one in asked:
            if one.state.doc_id in kept:
                self._backlog.settled(one, before[one.state.doc_id])
            else:
                self._backlog.drop(one.state.doc_id)
        await self.publish()
        self.on_published([s for s in settled if s.doc_id in kept])

    def _commit(self, asked: Sequence[Settling], settled: Sequence[Settled]) -> set[str]:
        """Write a round into the journal, all or nothing; return its documents but those that were forgotten."""
        journal, (_, run_date, run_id, attempt) = self._journal, self._where

        def write() -> set[str]:
            kept = {s.doc_id for s in settled if journal.document(s.doc_id) and not journal.is_forgotten(s.doc_id)}
            rows = [s for s in settled if s.doc_id in kept]
            states.save(journal.db, [a.state for a in asked if a.state.doc_id in kept])
            for one in rows:
                journal.mark(one.doc_id, settled=one.last)
            hold(journal.db, run_date, rows, run_id, attempt, journal.is_forgotten)
            choices.forget(journal.db, [a.state.doc_id for a in asked])
            self._notes.keep()
            self.note_spending(sum(len(a.chunks) for a in asked if a.waits is None))
            return kept

        noted = self._noted
        try:
            kept = journal.db.transact(write)
        except BaseException:
            self._noted = noted
            raise
        self._notes.kept()
        for one in asked:
            one.state.saved()
        return kept


def _now() -> datetime:
    return datetime.now(UTC)
