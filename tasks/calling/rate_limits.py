"""Admission: whether a call may be sent now. Calls and tokens per minute, calls at a time, rests, the run's dollars.

All of it is granted here, in the flow's process, before a call is submitted: each model waits for its own limits only,
so a slow one never holds up another. Workers know no limits and sleep no retries: a call that a provider turns away
comes back here. Its model then rests for as long as the provider asks, or longer each time if it does not say, while
the others go on. Lone failures are chance and cost nobody a rest; a model that does nothing but fail rests too, and is
then tried by one call at a time until one succeeds. If it failed on several questions in a row, it is out for the
moment: calls to it are turned away at once, so that they go to other models, and one at a time tries it.
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime

from aiolimiter import AsyncLimiter

from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.errors import BudgetExceeded, RateLimited, Resting, TransientError

log = logging.getLogger("nightdesk")

MINUTE = 60.0
BACKOFF_S = 0.5  # of the first rest; doubled for each further one
LONGEST_BACKOFF_S = 60.0  # where a provider asks to wait and does not say for how long
LONGEST_PROBE_S = 30.0  # between two tries of a model that is out
BROKEN_AFTER = 5  # failures in a row, after which a model rests
OUT_AFTER = 3  # questions that failed in a row, after which it is out: a single one may be what breaks the server
TRIED_S = 1.0  # after which it is looked again whether the one call that tries a model is over


@dataclass(slots=True)
class Grant:
    """Leave to make one call; set `spent` to its dollars before it is given back.

    sent_at: when it was given (loop time). waited_s: how long the model rested meanwhile.
    """

    spent: float = 0.0
    sent_at: float = 0.0
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Outage:
    """Since when a model has been out (loop time in seconds; wall time for people), and what it said last."""

    at: float
    since: str
    why: str

    def __str__(self) -> str:
        return f"out since {self.since}: {self.why}"


@dataclass(slots=True)
class _Limits:
    """Where one model stands. failures: in a row; since: when the last rest was decided (loop time).

    is_tried: whether one call is trying it. faults: those of the failures that were no request to wait; questions: how
    many questions they were about. first: when the first was; last: what the last said; outage: set when it is out.
    """

    places: asyncio.Semaphore | None
    requests: AsyncLimiter | None
    tokens: AsyncLimiter | None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_tried: bool = False
    rests_until: float = 0.0
    since: float = 0.0
    failures: int = 0
    faults: int = 0
    questions: set[str] = field(default_factory=set)
    first: tuple[float, str] = (0.0, "")
    last: str = ""
    outage: Outage | None = None

    def is_broken(self) -> bool:
        return self.failures >= BROKEN_AFTER

    @property
    def is_limited(self) -> bool:
        return (self.places, self.requests, self.tokens) != (None, None, None)


class Admission:
    """The limits of one run."""

    def __init__(self, models: tuple[ModelSpec, ...], max_cost_usd: float) -> None:
        self.max_cost_usd = max_cost_usd
        self.spent = 0.0  # dollars of calls that are over
        self._reserved = 0.0  # dollars that calls under way may come to
        self._given_back = asyncio.Event()
        self._news = asyncio.Event()
        self._of = {
            m.name: _Limits(
                asyncio.Semaphore(m.concurrency) if m.concurrency else None,
                _per_minute(m.limits.requests_per_minute),
                _per_minute(m.limits.tokens_per_minute),
            )
            for m in models
        }

    @asynccontextmanager
    async def grant(
        self, model: str, tokens: int, dollars: float, patience_s: float = math.inf
    ) -> AsyncIterator[Grant]:
        """Wait until a model may be called. tokens, dollars: the most that the call can take.

        Raises:
            Resting: the model rests for longer than patience_s, or is out and it is not yet time to try it.
            BudgetExceeded: the call could take the run over its dollars.
        """
        limits, loop = self._of[model], asyncio.get_running_loop()
        self._turn_away(model)
        async with AsyncExitStack() as held:
            await held.enter_async_context(limits.places or nullcontext())
            async with limits.turn:  # one after the other: side by side they would save up and go out at once
                await _acquire(limits.requests, 1)
                await _acquire(limits.tokens, tokens)
            start = loop.time()
            await self._rested(model, start + patience_s, held)
            await self._reserve(model, dollars, held)
            grant = Grant(sent_at=loop.time(), waited_s=loop.time() - start)
            try:
                yield grant
            finally:
                self.spent += grant.spent

    def leave(self, model: str, tokens: int, dollars: float, patience_s: float) -> AbstractAsyncContextManager[Grant]:
        """Return grant(...), or leave at once where nothing can hold a call up: no limits, no failures, no dollars."""
        limits, now = self._of[model], asyncio.get_running_loop().time()
        if limits.is_limited or limits.failures or limits.rests_until > now or dollars > 0:
            return self.grant(model, tokens, dollars, patience_s)
        return nullcontext(Grant(sent_at=now))

    @asynccontextmanager
    async def dollars(self, model: str, most: float) -> AsyncIterator[Grant]:
        """Set dollars aside for a call that no other limit is for, as lane batch has its own.

        Raises:
            BudgetExceeded: the call could take the run over its dollars.
        """
        async with AsyncExitStack() as held:
            await self._reserve(model, most, held)
            grant = Grant()
            try:
                yield grant
            finally:
                self.spent += grant.spent

    def rest(self, model: str, seconds: float) -> None:
        """Send a model nothing for so many seconds from now."""
        limits, now = self._of[model], asyncio.get_running_loop().time()
        limits.rests_until = max(now + seconds, limits.rests_until)
        limits.since = now

    def failed(self, model: str, error: TransientError, grant: Grant, question: str = "") -> None:
        """Take note that a call failed in a way that may be over later; have its model rest if that is called for."""
        limits, now = self._of[model], asyncio.get_running_loop().time()
        asked = error.retry_after if isinstance(error, RateLimited) else 0.0
        if grant.sent_at < limits.since:  # it was under way when that rest was decided: no news, but for its length
            if asked:
                limits.rests_until = max(limits.rests_until, now + asked)
            return
        limits.failures += 1
        doublings = limits.failures - (1 if isinstance(error, RateLimited) else BROKEN_AFTER)
        if not isinstance(error, RateLimited):
            self._note_fault(model, error, question)
        if doublings >= 0:  # longer each time, even for one who keeps asking for a moment
            longest = LONGEST_BACKOFF_S if limits.outage is None else LONGEST_PROBE_S
            self.rest(model, max(asked, min(BACKOFF_S * 2.0 ** min(doublings, 16), longest)))
        self._tell()

    def _note_fault(self, model: str, error: TransientError, question: str) -> None:
        limits, now = self._of[model], asyncio.get_running_loop().time()
        if not limits.faults:
            limits.first = now, datetime.now().astimezone().strftime("%H:%M %Z")
        limits.faults += 1
        limits.questions.add(question)
        limits.last = str(error)
        self._out_if_broken(model)

    def _out_if_broken(self, model: str) -> None:
        """Have a model be out if it does nothing but fail, and on more than a question or two."""
        limits, is_new = self._of[model], self._of[model].outage is None
        if limits.is_broken() and len(limits.questions) >= OUT_AFTER:
            limits.outage = Outage(*limits.first, limits.last)
            if is_new:
                log.warning("%s is %s; one call at a time tries it until it answers", model, limits.outage)

    def exhausted(self, model: str) -> None:
        """Take note that a question has had its attempts.

        If the model answered nothing else meanwhile, that may not be the question's fault. Then the model rests, and
        the question waits for it as those do that find it out.
        """
        limits = self._of[model]
        if limits.faults >= OUT_AFTER and limits.failures < BROKEN_AFTER:
            limits.failures = BROKEN_AFTER
            self.rest(model, BACKOFF_S)
            self._out_if_broken(model)

    def succeeded(self, model: str) -> None:
        """Take note that a model replied."""
        limits = self._of[model]
        if limits.outage is not None:
            seconds = asyncio.get_running_loop().time() - limits.outage.at
            log.warning("%s answers again after %.0f s", model, seconds)
        limits.failures, limits.faults, limits.outage = 0, 0, None
        limits.questions.clear()
        self._tell()

    def free_in(self, model: str) -> float:
        """Return for how many seconds a model rests from now, or is tried by another call; 0 if neither."""
        limits = self._of[model]
        return max(TRIED_S if limits.is_tried else 0.0, limits.rests_until - asyncio.get_running_loop().time())

    def outage(self, model: str) -> Outage | None:
        """Return since when a model is out; None if it is not."""
        return self._of[model].outage

    def failing_for(self, model: str) -> float:
        """Return for how many seconds a model has done nothing but fail; 0 if it has not, or is being tried now."""
        limits = self._of[model]
        if not limits.is_broken() or not limits.faults or limits.is_tried:
            return 0.0
        return asyncio.get_running_loop().time() - limits.first[0]

    async def news(self, seconds: float) -> None:
        """Wait until some model answers or fails, at most so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _turn_away(self, model: str) -> None:
        """Raise Resting if a model is out, unless it is time to try it."""
        outage = self._of[model].outage
        if outage is not None and self.free_in(model) > 0:
            raise Resting(f"{model} is {outage}")

    async def _rested(self, model: str, until: float, held: AsyncExitStack) -> None:
        """Wait for the end of a model's rest, and for one's turn to try it if it was failing."""
        limits, loop = self._of[model], asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(until if math.isfinite(until) else None):
                while limits.is_broken():
                    self._turn_away(model)
                    if not limits.is_tried:
                        limits.is_tried = True
                        held.callback(self._tried, model)
                        break
                    await self._news.wait()
                while (left := limits.rests_until - loop.time()) > 0:
                    if limits.rests_until > until:
                        raise TimeoutError
                    await asyncio.sleep(left)
        except TimeoutError:
            raise Resting(f"{model} rests for {self.free_in(model):.0f} s more, longer than a call waits") from None

    def _tried(self, model: str) -> None:
        self._of[model].is_tried = False
        self._tell()

    async def _reserve(self, model: str, dollars: float, held: AsyncExitStack) -> None:
        """Set aside what a call may cost; wait for calls under way if theirs is what stands in its way."""
        while dollars > 0 and self.spent + self._reserved + dollars > self.max_cost_usd:
            if self.spent + dollars > self.max_cost_usd:
                raise BudgetExceeded(
                    f"{model}: a call of up to ${dollars:.4f} could pass the run's ${self.max_cost_usd:.2f}; "
                    "raise limits.max_cost_usd in the profile"
                )
            await self._given_back.wait()
        self._reserved += dollars
        held.callback(self._give_back, dollars)

    def _give_back(self, dollars: float) -> None:
        self._reserved -= dollars
        self._given_back.set()
        self._given_back = asyncio.Event()


async def _acquire(limiter: AsyncLimiter | None, amount: float) -> None:
    """Take an allowance in slices, as no more than a second's worth is ever there at once."""
    while limiter is not None and amount > 0:
        await limiter.acquire(min(amount, limiter.max_rate))
        amount -= limiter.max_rate


def _per_minute(rate: int) -> AsyncLimiter | None:
    # Spread evenly, a second's worth at once: a burst of a whole minute's allowance meets the provider's own limit.
    return AsyncLimiter(max(1.0, rate / MINUTE), max(1.0, MINUTE / rate)) if rate else None
