"""Ticks: looks at all sources, what is done at each, and how a date of a follow ends. Settling goes on beside them."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.edition.pages import write_edition
from nightdesk.tasks.errors import NightdeskError
from nightdesk.tasks.following.arrivals.watch import Watch
from nightdesk.tasks.following.backlog import Backlog
from nightdesk.tasks.following.calls.spending import Purse
from nightdesk.tasks.following.journal import Journal
from nightdesk.tasks.following.provisional.live_page import LivePage
from nightdesk.tasks.following.provisional.live_state import LiveState
from nightdesk.tasks.following.provisional.tail import Tails
from nightdesk.tasks.following.publishing.closing_day import close_date
from nightdesk.tasks.following.publishing.open_table import empty_open, replace_open
from nightdesk.tasks.following.resuming import begin_tail
from nightdesk.tasks.following.rounds import Rounds
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.following.steady_auditor import SteadyAuditor
from nightdesk.tasks.learning.learn import learn_unseen
from nightdesk.tasks.tables import parts

log = logging.getLogger("nightdesk")
PRUNE_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Tick:
    """What one look at all sources brought.

    arrived, settled, provisional: sentences: that came now, that were settled since the last tick, and that stand in
    passages_open now. waiting: chunks that are closed and not settled. lag_s: the age of the oldest sentence of these.
    dollars: that the date has taken so far. troubles: lines to show, each told once.
    is_over: no source will bring anything more (stdin has ended, and there is no other source).
    """

    arrived: int = 0
    settled: int = 0
    provisional: int = 0
    waiting: int = 0
    lag_s: float = 0.0
    dollars: float = 0.0
    troubles: tuple[str, ...] = ()
    is_over: bool = False

    @property
    def has_news(self) -> bool:
        """Whether anything came, was settled or went wrong."""
        return bool(self.arrived or self.settled or self.troubles)


@dataclass(slots=True)
class Parts:
    """What a follower is made of; open_follow opens and closes it. watch: None if nothing is read any more."""

    watch: Watch | None
    journal: Journal
    backlog: Backlog
    rounds: Rounds
    tails: Tails
    purse: Purse
    audits: SteadyAuditor
    page: LivePage
    live: LiveState


class Follower:
    """A follow of a date that is under way. on_settled: called with what was settled, once it is published.

    ends_with_stdin: whether stdin is the only source.
    """

    def __init__(
        self, out: Path, run_date: date, run_id: str, attempt: str, profile: Profile, its: Parts, ends_with_stdin: bool
    ) -> None:
        self.run_id, self.run_date = run_id, run_date
        self.on_settled: Callable[[Sequence[Settled]], None] = lambda settled: None
        self._out, self._attempt, self._profile, self._its = out, attempt, profile, its
        self._ends_with_stdin, self._is_over = ends_with_stdin, False
        self._cursors = its.journal.cursors()
        self._settling: asyncio.Task[None] | None = None
        self._settled, self._provisional = 0, 0
        self._is_changed = True  # whether passages_open is to be written anew
        self._pruned = time.monotonic()
        self._told: set[str] = set()

    async def load(self, now: datetime) -> None:
        """Take up what an earlier process has left of the date."""
        its = self._its
        for document in its.journal.documents(self.run_date):
            state = its.backlog.load(document, time.monotonic())
            if state is not None:
                begin_tail(its.tails, its.journal, state, document)
                known = document.doc_id, document.stream, document.sentences
                its.live.arrived(*known, now, document.title, document.is_over, settled=document.settled)
            await asyncio.sleep(0)

    async def tick(self, now: datetime) -> Tick:
        """Look at all sources once; settling goes on beside it. now: aware.

        Raises:
            PublishError: OUT or the journal cannot be written; the same command goes on later.
            InputError: no model can be used at all.
        """
        its = self._its
        self._check_settling()
        self._drop_forgotten()
        arrived, troubles = await self._look(now)
        self._begin_settling()
        troubles += await self._file_tails()
        its.rounds.note_spending()
        self._prune()
        settled, self._settled = self._settled, 0
        tick = Tick(
            arrived,
            settled,
            self._provisional,
            its.backlog.waiting,
            its.backlog.lag_s(time.monotonic()),
            its.purse.spent(),
            tuple(troubles),
            self._is_over,
        )
        its.live.figures(tick.waiting, tick.lag_s, tick.dollars, its.purse.spent_in_hour(now), troubles)
        if tick.has_news or its.page.is_gone:
            self._write_page(now)
        return tick

    async def finish(self, why: str, looks: bool = True) -> Tick:
        """End the day: everything is settled or written as unpaid, published, related, and learned from.

        why: shown in messages ("midnight", "--until 23:00", "stdin ended"). looks: once more at the sources; not so if
        what comes now is of the next date. Safe to call again after a kill.

        Raises:
            PublishError: OUT or the journal cannot be written; the same command goes on later.
        """
        its, now = self._its, datetime.now().astimezone()
        self._drop_forgotten()
        arrived, troubles = await self._look(now) if looks and not self._is_over else (0, [])
        its.journal.end_date(self.run_date)
        its.backlog.end()
        its.rounds.wait_no_longer()
        if self._settling is not None:
            await self._settling
            self._settling = None
        await its.rounds.go(is_ending=True)
        await asyncio.to_thread(empty_open, self._out, self.run_date, self._profile.name)
        await asyncio.to_thread(close_date, self._out, self.run_date, self.run_id, self._attempt)
        troubles += await self._edition_and_weights()
        its.journal.close_date(self.run_date)
        tick = Tick(arrived, self._settled, 0, its.backlog.waiting, 0.0, its.purse.spent(), tuple(troubles), True)
        its.live.ended(why)
        its.live.figures(tick.waiting, 0.0, tick.dollars, 0.0, troubles)
        self._write_page(now)
        return tick

    async def stop(self, why: str = "it was stopped; the same command goes on") -> None:
        """End before the day's end: what is settled is published, the rest stays in the journal."""
        await self.give_up()
        try:
            await self._its.rounds.publish()
            await self._its.rounds.publish_calls()
            self._its.rounds.note_spending()
        except NightdeskError as e:
            log.warning("%s; it is published when the same command goes on", e)
        self._its.live.ended(why)
        self._write_page(datetime.now().astimezone())

    @property
    def is_settling(self) -> bool:
        """Whether chunks are being asked about, or published, just now."""
        return self._settling is not None and not self._settling.done()

    async def give_up(self) -> None:
        """End what is being asked about, however far it is."""
        if self._settling is not None:
            self._settling.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._settling
            self._settling = None

    def take_published(self, settled: Sequence[Settled]) -> None:
        """Show what was settled; its sentences leave the provisional ones."""
        for one in settled:
            self._settled += max(0, one.last - one.first + 1)
            self._its.tails.settled(one)
            self._its.live.settled(one)
        self._is_changed = True
        self.on_settled(settled)

    async def _look(self, now: datetime) -> tuple[int, list[str]]:
        """Read what is new, but of sources that have to wait; return how many sentences came, and what to tell."""
        its = self._its
        if its.watch is None:
            return 0, []
        poll = await asyncio.to_thread(its.watch.poll, self._cursors, its.backlog.held_back())
        taken = its.journal.take(poll, self.run_date)
        self._cursors |= poll.cursors
        for one in taken:
            its.backlog.arrived(one, time.monotonic())
            its.live.arrived(
                one.doc_id,
                one.arrival.stream,
                one.first + len(one.sentences) - 1,
                now,
                one.arrival.title,
                one.arrival.is_over,
            )
            its.tails.arrived(one.doc_id, one.first, one.sentences)
        self._is_over |= self._ends_with_stdin and any(a.is_over for a in poll.arrivals)
        return sum(len(one.sentences) for one in taken), list(poll.troubles)

    def _begin_settling(self) -> None:
        if self._settling is None and self._its.rounds.can_go():
            self._settling = asyncio.create_task(self._its.rounds.go())

    def _check_settling(self) -> None:
        """Raise what has ended the settling, if anything did."""
        if self._settling is not None and self._settling.done():
            done, self._settling = self._settling, None
            done.result()

    async def _file_tails(self) -> list[str]:
        """File what is not settled, and put it into passages_open; what cannot be filed now is filed later."""
        its = self._its
        try:
            news = await its.tails.file()
            for one in news:
                its.live.tail(one)
            if news or self._is_changed:
                self._is_changed = False
                self._provisional = await asyncio.to_thread(self._replace_open)
        except NightdeskError as e:
            self._is_changed = True  # what is settled ends the follow if it cannot be written; this is made anew
            return self._untold(f"the newest sentences are not filed provisionally: {e}")
        return []

    def _replace_open(self) -> int:
        its = self._its
        categories = list(self._profile.categories)
        where = self._out, self.run_date, self._profile.name
        return replace_open(*where, its.tails.table(), its.audits.audit, categories, its.journal.is_forgotten)

    def _drop_forgotten(self) -> None:
        its = self._its
        for doc_id in [s.doc_id for s in its.backlog.documents() if its.journal.is_forgotten(s.doc_id)]:
            its.backlog.drop(doc_id)
            its.tails.drop(doc_id)
            its.live.drop(doc_id)
            self._is_changed = True

    def _prune(self) -> None:
        """Let go sentences that nothing needs any more."""
        if time.monotonic() - self._pruned > PRUNE_EVERY_S:
            self._pruned = time.monotonic()
            self._its.journal.prune(2 * self._profile.chunks.sentences)

    async def _edition_and_weights(self) -> list[str]:
        """Make the edition of the date, and learn; what goes wrong with them is told, the tables stand."""
        its, troubles = self._its, []
        if not await asyncio.to_thread(parts.has, self._out, "documents", self.run_date):
            return []
        categories = {self._profile.name: list(self._profile.categories)}
        try:
            await asyncio.to_thread(its.audits.do, write_edition, self._out, self.run_date, categories)
        except (NightdeskError, OSError) as e:
            troubles.append(f"{e}; `nightdesk edition --date {self.run_date}` makes it")
        try:
            learned = await asyncio.to_thread(learn_unseen, self._out, self._profile, self.run_date, self.run_id)
            troubles += learned.warnings if learned is not None else ()
        except Exception as e:  # noqa: BLE001  (whatever it is, what is published stands, and the next learn tries)
            troubles.append(f"nothing was learned of it ({type(e).__name__}: {e}); the next learn tries again")
        return troubles

    def _write_page(self, now: datetime) -> None:
        try:
            self._its.page.write(self._its.live, now)
        except (NightdeskError, OSError) as e:
            for line in self._untold(str(e)):
                log.warning("%s", line)

    def _untold(self, line: str) -> list[str]:
        if line in self._told:
            return []
        self._told.add(line)
        return [line]
