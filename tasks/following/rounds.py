"""Rounds of settling: what waits is asked about, a document at a time beside each other, and filed as it is answered.

What is answered by then is written into the journal together, and published. So a call that hangs, or a model that is
out, holds up its own document alone, and streams that go on at one pace are still published at once.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterable, Sequence
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
from nightdesk.tasks.following.settling.settle import Answered, ask, filed
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.following.settling.stream_state import Settling
from nightdesk.tasks.following.settling.stream_stories import StreamStories
from nightdesk.tasks.reorganizing.affordable import has_free
from nightdesk.tasks.reorganizing.document_state import Lost
from nightdesk.tasks.tables.quarantine import Audit

log = logging.getLogger("nightdesk")
LOOK_S = 1.0  # after which it is looked what else waits, while documents are asked about
LAST_S = 1800.0  # after the day's end, in which a model has to answer
PACE_S = 5.0  # from the beginning of a round to that of the next, since publishing costs the same however little it is
LINGER_S = 2.0  # that answers wait for those of other documents, since each publication costs about a second of CPU


class Rounds:
    """The rounds of one process and date. on_published: told of what was settled once it is published."""

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
        self._asked: dict[asyncio.Task[Answered], Settling] = {}
        self._where = out, run_date, run_id, attempt
        self._router, self._journal, self._backlog, self._purse = router, journal, backlog, purse
        self._audit, self._parts = audit, parts
        self._stories = StreamStories(out, run_date, journal.db, router.profile.stories)
        self._notes = CallNotes(journal.db, router.ledger)
        self._noted, self._calls_at = router.spent, time.monotonic()
        self._told_budget = False
        self._began, self._is_hurried = -math.inf, False  # when the last round began, on the monotonic clock
        router.be_patient(math.inf, math.inf)  # while models are out, chunks wait: they are not unplaced for that

    async def go(self, is_ending: bool = False) -> None:
        """Settle and publish what waits, until nothing does, or dollars do not reach for more.

        is_ending: what dollars do not reach for is filed as unplaced, so that a night takes it up.

        Raises:
            PublishError: OUT or the journal cannot be written; a process that begins anew goes on.
            InputError: no model is left to serve a role.
        """
        await self.publish()  # what an earlier process settled and did not publish any more
        try:
            while self._begin(is_ending):
                if answered := await self._answered():
                    await self._file(answered)
                await self._calls_if_due()
        finally:  # of an error or a stop: what is being asked about stays in under_way, since it is asked again
            for task in self._asked:
                task.cancel()
            await asyncio.gather(*self._asked, return_exceptions=True)
        if is_ending:
            await self.publish_calls()
        await self._calls_if_due()

    @property
    def under_way(self) -> frozenset[str]:
        """The documents that are being asked about."""
        return frozenset(its.state.doc_id for its in self._asked.values())

    def wait_no_longer(self) -> None:
        """Wait for models that are out as a night does, since the day ends; what they leave is for the nights."""
        self._is_hurried = True
        limits = self._router.profile.limits
        self._router.be_patient(min(limits.deadline_s, LAST_S), limits.outage_s)

    def can_go(self) -> bool:
        """Tell whether there is something to settle now."""
        return self._calls_are_due() or bool(self._backlog.waiting and (self._most() >= 1 or self._gives_up()))

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
        await self._parts.publish(self._router.ledger, self._notes, self.under_way)

    def _calls_are_due(self) -> bool:
        return time.monotonic() - self._calls_at >= EVERY_S

    async def _calls_if_due(self) -> None:
        if self._calls_are_due():
            await self.publish_calls()

    def _next(self, is_ending: bool) -> list[Settling]:
        most = min(self._most(), MOST_OF_A_ROUND) - self._chunks(self._asked.values())
        if most >= 1:
            self._told_budget = False
            return self._backlog.next_round(most, besides=self.under_way)
        if self._asked or not self._backlog.waiting:
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

    def _begin(self, is_ending: bool) -> bool:
        """Begin to ask about what waits, as far as there is room; return whether there is anything to wait for."""
        is_early = not is_ending and self._is_early()
        if not is_early and (asked := self._next(is_ending)):
            self._began = time.monotonic()
            self._backlog.begin(asked)
            self.note_spending()
            self._router.begin_round(self._purse.left(_now()))
            self._asked |= {asyncio.create_task(self._ask(one)): one for one in asked}
        return bool(self._asked) or (is_early and self._backlog.waiting > 0)

    def _is_early(self) -> bool:
        """Tell whether the next round has to wait, since the last one has just begun and little waits."""
        is_soon = time.monotonic() - self._began < PACE_S
        return is_soon and not self._is_hurried and self._backlog.waiting < MOST_OF_A_ROUND

    async def _ask(self, one: Settling) -> Answered:
        return (await ask(self._router, [one]))[0]

    async def _answered(self) -> list[asyncio.Task[Answered]]:
        """Return what has been answered; nothing if it is time to look what else waits."""
        if not self._asked:
            await asyncio.sleep(max(0.0, min(LOOK_S, self._began + PACE_S - time.monotonic())))
            return []
        done, pending = await asyncio.wait(self._asked, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
        if done and pending:
            await asyncio.wait(pending, timeout=LINGER_S)
        return [task for task in self._asked if task.done()]

    async def _file(self, answered: Sequence[asyncio.Task[Answered]]) -> None:
        """Settle documents that are answered, and publish them."""
        results = [task.result() for task in answered]
        asked = [self._asked[task] for task in answered]
        before = {s.state.doc_id: s.state.closed.start for s in asked}
        profile = self._router.profile.name
        # From here to the journal nothing is awaited, because what arrives meanwhile is counted by the states.
        settled = [filed(one, its, self._stories, profile) for one, its in zip(asked, results, strict=True)]
        for task in answered:
            del self._asked[task]
        kept = self._commit(asked, settled)
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
            self._notes.keep(self.under_way)
            self.note_spending(self._chunks(asked))
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

    @staticmethod
    def _chunks(asked: Iterable[Settling]) -> int:
        """Count the chunks that models are asked about."""
        return sum(len(one.chunks) for one in asked if one.waits is None)


def _now() -> datetime:
    return datetime.now(UTC)
