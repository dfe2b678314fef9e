"""Sending: one call on its way to one model, by its lane, and again if it may succeed later.

A call waits for admission, and for its model to have rested; a model that cannot be used at all, or that has done
nothing but fail for minutes when no other is left, is out of the rest of the run; the first call to a server finds out
how it is held to JSON. Just before a call is sent, another run of the same OUT may have its answer, or have asked it.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from nightdesk.tasks.calling.answers.answer_keys import Record
from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.answers.claims import LOOK_AGAIN_S
from nightdesk.tasks.calling.batch_lane import BatchLane
from nightdesk.tasks.calling.call_rows import Ledger, now
from nightdesk.tasks.calling.dask.pool import FanOut
from nightdesk.tasks.calling.question_size import budget, most_of
from nightdesk.tasks.calling.rate_limits import Admission, Grant
from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.config.pricing import dollars_of
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.errors import (
    BadReply,
    BudgetExceeded,
    ModelError,
    OverBudget,
    RateLimited,
    Resting,
    TooLong,
    TransientError,
    Unanswered,
    Unusable,
    WorkerLost,
)
from nightdesk.tasks.messages import RoleRequest
from nightdesk.tasks.models.address import ModelAddress, address
from nightdesk.tasks.models.spool import SpoolTicket, answer_and_spool
from nightdesk.tasks.models.worker import CallResult, answer_group
from nightdesk.tasks.roles.tokens import question_tokens

log = logging.getLogger("nightdesk")

BACKOFF_S = 1.0  # before the second attempt; doubled before each further one
OUT_S = 600.0  # after which a run of rounds asks a model again: a key may have come, or credit, or it was loaded
REFUSED_S = 0.3  # in which a server has refused what it cannot do
GRACE_S = 10.0  # that calls under way have to be answered when the run is cancelled


class Sender:
    """What the calls of one run go out by. out: model -> why it is left out of the rest of this run.

    rested: models that rested for longer than a call waits, so that others answered in their place.
    failing: those of `out` that might have served, but all models of a role did nothing but fail for outage_s.
    """

    def __init__(self, profile: Profile, store: Store, pool: FanOut, ledger: Ledger) -> None:
        self.out: dict[str, str] = {}
        self.rested: set[str] = set()
        self.failing: set[str] = set()
        self._out_at: dict[str, float] = {}
        self.outage_s = profile.limits.outage_s
        self._limits, self._pool, self._ledger, self._claims = profile.limits, pool, ledger, store.claims
        self._admission = Admission(profile.models, profile.limits.max_cost_usd)
        self._batch_lane = BatchLane(profile.provider_batches, profile.limits.attempts, store.outstanding)
        self._forms: dict[str, str] = {}  # model -> how it is held to JSON, as far as this run found out
        self._found_out: dict[str, asyncio.Event] = {}  # model -> set when the first call to it is over
        self._spool = store.spool
        self._ending = False

    def begin_round(self, max_cost_usd: float) -> None:
        """Let calls take so many dollars from now on, and ask models again that kept failing, or have long been out."""
        self._admission.max_cost_usd = self._admission.spent + max_cost_usd
        for model in [m for m in self.out if m in self.failing or self._out_at[m] + OUT_S < time.monotonic()]:
            del self.out[model]
        self.failing.clear()

    def free_in(self, model: str) -> float:
        """Return for how many seconds a model rests from now; 0 if it does not."""
        return self._admission.free_in(model)

    @property
    def spent(self) -> float:
        """Return the dollars that the run's calls have taken so far."""
        return self._admission.spent

    async def news(self, seconds: float) -> None:
        """Wait until some model answers or fails, at most so many seconds."""
        await self._admission.news(seconds)

    def give_up(self, models: Iterable[str]) -> bool:
        """Tell whether all of some models have failed for outage_s; leave those that are out out of the run."""
        left = sorted({m for m in models if m not in self.out})
        if any(self._admission.failing_for(m) < max(self.outage_s, 1e-9) for m in left):
            return False
        for model in left:
            if (outage := self._admission.outage(model)) is not None:
                self.out[model] = str(outage)
                self.failing.add(model)
                seconds = self._admission.failing_for(model)
                log.warning("%s is %s; after %.0f s it is asked no more in this run", model, outage, seconds)
        return True

    async def cancel(self) -> None:
        """Give up everything that is under way."""
        await self._pool.cancel()
        await self._batch_lane.cancel()

    async def send(
        self, spec: ModelSpec, request: RoleRequest, record: Record, is_there: Callable[[], bool] = lambda: False
    ) -> CallResult | None:
        """Send one call over the lane of its record, again if it may succeed later; count its attempts there.

        is_there: looks whether the answer is in the store by now. Then the call is not sent, and None is returned.
        """
        if (why := self.out.get(spec.name)) is not None:
            return CallResult(None, Unusable(why), now(), 0.0)
        if spec.is_remote and (size := question_tokens(request)) > budget(spec):
            may_be = f"{budget(spec):.0f} of its context of {spec.context.tokens} tokens ({spec.context.source})"
            return CallResult(
                None, TooLong(f"{spec.name}: a question of {size} tokens; it may have {may_be}"), now(), 0.0
            )
        if record["lane"] == "batch":
            return await self._by_batch(spec, request, record)
        async with self._alone_if_first(spec):
            return await self._tried(spec, request, record, is_there)

    def is_stored(self, record: Record, reply: CallResult) -> None:
        """Take note that the store has what came of a call."""
        if not isinstance(reply.error, Unanswered):  # else an answer may still come, for the next run
            self._spool.over(record)

    def go_on(self) -> None:
        """Return if more may be sent.

        Raises:
            asyncio.CancelledError: the run was cancelled meanwhile, so that the caller is to send nothing more.
        """
        if self._ending:
            raise asyncio.CancelledError

    async def _by_batch(self, spec: ModelSpec, request: RoleRequest, record: Record) -> CallResult:
        """Send a call over lane batch, and over lane sync what that leaves."""
        _, most = most_of(spec, request)
        try:
            async with self._admission.dollars(spec.name, most * spec.prices.batch) as grant:
                returned = await self._batch_lane.answer(spec, record["answer_key"], request)
                if returned.reply is not None:
                    grant.spent = dollars_of(returned.reply.usage, spec.prices, "batch")
        except BudgetExceeded as e:
            self._over_budget(e)
            return CallResult(None, OverBudget(str(e)), now(), 0.0)
        record["attempts"] += returned.times
        self._ledger.count_made(returned.times > 0)
        if returned.reply is not None:
            return returned.reply
        async with self._alone_if_first(spec):
            reply = await self._tried(spec, request, record, lambda: False)
        assert reply is not None
        since = reply.started_at if returned.since is None else returned.since
        return replace(reply, started_at=since, latency_s=reply.started_at + reply.latency_s - since)

    async def _tried(
        self, spec: ModelSpec, request: RoleRequest, record: Record, is_there: Callable[[], bool]
    ) -> CallResult | None:
        """Send a call until it is answered, cannot be, or has had its attempts and its time; None: it need not be."""
        tokens, most = most_of(spec, request)
        patience_s, failures, key = self._limits.patience_s, 0, record["answer_key"]
        while True:
            try:
                async with self._admission.leave(spec.name, tokens, most, patience_s) as grant:
                    is_ours = not spec.is_remote or self._claims.take(key, self._limits.call_timeout_s)
                    if spec.is_remote and is_there():  # looked for after the claim: it may have come just before that
                        return None
                    if is_ours:
                        reply = await self._sent(spec, request, record)
                        grant.spent = self._dollars(spec, record, reply, most)
            except BudgetExceeded as e:
                self._over_budget(e)
                return CallResult(None, OverBudget(str(e)), now(), 0.0)
            except Resting as e:
                self.rested.add(spec.name)
                return CallResult(None, e, now(), 0.0)
            if not is_ours:  # another run has asked it, and its answer will be in the store
                await asyncio.sleep(LOOK_AGAIN_S)
                continue
            error = reply.error
            self._heed(spec, error)
            if not isinstance(error, TransientError) or self._ending:  # at the end, what came is all that is wanted
                return reply
            self._note_failure(spec, error, grant, key)
            patience_s -= grant.waited_s
            failures += not isinstance(error, RateLimited)  # one who asks to wait is waited for
            if failures >= self._limits.attempts or patience_s <= 0:
                if spec.is_remote:
                    self._admission.exhausted(spec.name)
                return reply
            if not isinstance(error, RateLimited):
                await asyncio.sleep(BACKOFF_S * 2 ** (failures - 1) * random.uniform(0.5, 1.0))

    def _heed(self, spec: ModelSpec, error: ModelError | None) -> None:
        """Take note of what a reply says about its model."""
        if isinstance(error, Unusable):
            self._put_out(spec, error)
        if error is None or isinstance(error, BadReply):
            self._admission.succeeded(spec.name)

    def _note_failure(self, spec: ModelSpec, error: TransientError, grant: Grant, key: str) -> None:
        if not isinstance(error, WorkerLost):
            self._admission.failed(spec.name, error, grant, key)

    async def _sent(self, spec: ModelSpec, request: RoleRequest, record: Record) -> CallResult:
        record["attempts"] += 1
        self._ledger.count_made(record["attempts"] == 1)
        return await self._asked(spec, request, record)

    def _dollars(self, spec: ModelSpec, record: Record, reply: CallResult, most: float) -> float:
        """Return what a call took. One that was sent and not answered may be charged for: it took the most it can."""
        if not isinstance(reply.error, Unanswered):
            return dollars_of(reply.usage, spec.prices, reply.lane)
        record["reserved_usd"] = record.get("reserved_usd", 0.0) + most
        return most

    async def _asked(self, spec: ModelSpec, request: RoleRequest, record: Record) -> CallResult:
        """Have a worker ask a model once."""
        if self._ending:
            raise asyncio.CancelledError
        if record["attempts"] > 1 and (late := self._spool.found(record)) is not None:
            record["attempts"] -= 1  # the one before was answered after all, so its dollars are known
            record["reserved_usd"] = max(0.0, record.get("reserved_usd", 0.0) - most_of(spec, request)[1])
            return late
        at = address(spec, self._limits.call_timeout_s, self._forms.get(spec.name, ""))
        reply: CallResult
        try:
            if spec.is_remote:
                reply = await self._seen_through(at, request, self._spool.ticket(record, spec.prices))
            else:
                reply = await self._pool.call(answer_group, at, request, sum(map(len, request.items)))
        except ModelError as e:  # nobody came to be asked, or the answer was lost on its way
            found = self._spool.found(record)
            if found is None:
                record["teaches"] &= not self._ending  # that it was given up says nothing about the model
                return CallResult(None, e, now(), 0.0)
            reply = found
        if reply.form:
            self._forms[spec.name] = reply.form
        return reply

    async def _seen_through(self, at: ModelAddress, request: RoleRequest, ticket: SpoolTicket) -> CallResult:
        """Have a model asked. When the run is cancelled, wait GRACE_S for its answer, which is paid for; send no more.

        A call that has no answer then is given up; its provider may charge for it all the same.
        """
        sent = asyncio.Event()
        asked = asyncio.ensure_future(self._pool.talk(answer_and_spool, at, (request, ticket), sent.set))
        try:
            reply: CallResult = await asyncio.shield(asked)
        except asyncio.CancelledError:
            self._ending = True
            if not sent.is_set():
                asked.cancel()
                raise
            with suppress(asyncio.CancelledError):  # told once more: what is there by now has to do
                await asyncio.wait({asked}, timeout=GRACE_S)
            if asked.cancel() or asked.cancelled():
                raise Unanswered("cancelled while under way") from None
            reply = asked.result()
        return reply

    @asynccontextmanager
    async def _alone_if_first(self, spec: ModelSpec) -> AsyncIterator[None]:
        """Have the first call to a server of others find out what it can do, and the rest wait a moment for that.

        A server refuses what it cannot do at once, before it computes. So one that is still at the first call has taken
        it, and the rest need not wait for the answer; if it does refuse later, each of them finds that out by itself.
        """
        first = spec.name not in self._found_out
        over = self._found_out.setdefault(spec.name, asyncio.Event())
        if not first and spec.base_url and not spec.form:
            with suppress(TimeoutError):
                async with asyncio.timeout(REFUSED_S):
                    await over.wait()
        try:
            yield
        finally:
            over.set()

    def _put_out(self, spec: ModelSpec, why: Unusable) -> None:
        if spec.name not in self.out:
            self.out[spec.name], self._out_at[spec.name] = str(why), time.monotonic()
            log.warning("%s is left out of this run: %s", spec.name, why)

    def _over_budget(self, why: BudgetExceeded) -> None:
        self._ledger.refused += 1
        if self._ledger.refused == 1:
            log.warning("%s; models that cost nothing go on", why)
