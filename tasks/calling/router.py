"""Calls: a role's questions -> answers that passed the format checker, each from the model that was drawn for it.

Everything that decides is here, in the flow's process: the draw, the store, the format checker, the way out when an
answer fails (once more with the error, then the next model), duels and judging. How one call is sent is said in
retries.py; workers only answer.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

import numpy as np
from numpy.typing import NDArray

from nightdesk.role_rl.sampling import decide
from nightdesk.role_rl.state import LearnerState
from nightdesk.tasks.calling.answers.answer_keys import (
    Record,
    answer_from_json,
    answer_key,
    answer_to_json,
    digest,
    items_digest,
)
from nightdesk.tasks.calling.answers.answer_store import Store, Stored
from nightdesk.tasks.calling.arm_choice import ArmChoice, NightlyWeights
from nightdesk.tasks.calling.call_rows import CallContext, Ledger, Unit, fill_in
from nightdesk.tasks.calling.dask.pool import FanOut
from nightdesk.tasks.calling.embedding import embedded, embedded_with_terms
from nightdesk.tasks.calling.judging import JudgeBoard
from nightdesk.tasks.calling.outcomes import Call, Outcome, cause, cause_of
from nightdesk.tasks.calling.plans import Plans
from nightdesk.tasks.calling.retries import Sender
from nightdesk.tasks.calling.way_out import WayOut
from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.errors import BadReply, Resting, TooLong
from nightdesk.tasks.messages import Answer, Cause, RoleRequest
from nightdesk.tasks.models.worker import CallResult


class Router:
    """What the calls of one run share.

    again: whether the run takes up what failed on an earlier night. Then a published answer that is not valid is
    asked for once more, whereas other runs do not pay for it twice. choice: who chooses among the arms for a question;
    None: the weights of the night.
    """

    def __init__(
        self,
        profile: Profile,
        run_date: date,
        states: Callable[[int], LearnerState | None],
        store: Store,
        pool: FanOut,
        greedy: bool = False,
        teaches: bool = True,
        again: bool = False,
        choice: ArmChoice | None = None,
    ) -> None:
        self.profile, self.run_date = profile, run_date
        self._states, self._store, self._pool = states, store, pool
        self.greedy, self.teaches = greedy, teaches
        self._specs = {name: m for m in profile.models for name in (m.name, f"{m.name}@batch")}
        self._again, self._choice = again, choice or NightlyWeights()
        self._under_way: dict[str, asyncio.Event] = {}
        self._asking = 0  # calls of ask() under way: stages of several batches
        self.plans = Plans(profile, states, greedy)
        self.ledger = Ledger()
        self._judging = JudgeBoard(profile, states, self.plans.budgets, self.ledger, self._call)
        self._sender = Sender(profile, store, pool, self.ledger)
        self._way_out = WayOut(profile, self._sender, self._call)

    def begin_round(self, max_cost_usd: float) -> None:
        """Begin a round of questions of a run that goes on for a day.

        It has the deadline of a run to itself, may take so many dollars, and asks models again that kept failing.
        """
        self._way_out.begin_round()
        self._sender.begin_round(max_cost_usd)

    def be_patient(self, deadline_s: float, outage_s: float) -> None:
        """Wait for models that are out for so long instead of limits.deadline_s and limits.outage_s, from now on."""
        self._way_out.be_patient(deadline_s)
        self._sender.outage_s = outage_s

    def absent(self) -> dict[str, str]:
        """Return the models that did not serve for all of the run, and why."""
        rested = dict.fromkeys(self._sender.rested, "it kept failing, and rested")
        return {**rested, **self._sender.out}

    @property
    def spent(self) -> float:
        """Return the dollars that the run's calls have taken so far."""
        return self._sender.spent

    async def ask(self, units: Sequence[Unit], on_done: Callable[[], None]) -> list[Outcome]:
        """Have every unit answered; on_done is called after each.

        Nothing of it is left under way, however this ends. If it fails, its run ends, and the last of such calls beside
        each other to end gives up what is under way at all.
        """

        async def one(unit: Unit) -> Outcome:
            outcome = await self._decided(unit)
            on_done()
            return outcome

        self._asking += 1
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(u)) for u in units]
        except BaseException as error:
            if self._asking == 1:
                await self._sender.cancel()
            if isinstance(error, BaseExceptionGroup):
                raise error.exceptions[0] from error
            raise
        finally:
            self._asking -= 1
        return [t.result() for t in tasks]

    async def embed(self, texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """Return a unit row for every text (a list of sentences), (texts, dimensions). Code, not a role: no call."""
        return await embedded(self._pool, texts)

    async def embed_with_terms(self, texts: Sequence[Sequence[str]]) -> tuple[NDArray[np.float32], list[bytes]]:
        """Return what `embed` does, and the terms of every text, packed."""
        return await embedded_with_terms(self._pool, texts)

    async def ask_all(self, context: CallContext, arms: Sequence[str]) -> dict[str, Call]:
        """Have a question answered by several arms, as judges' calls; those that cannot be asked at once are passed."""
        request = context.unit.request
        able = self.plans.budgets.holding(arms, self.plans.budgets.tokens(request))
        calls = await asyncio.gather(*(self._call(context, name, "judge", request) for name in able))
        return dict(zip(able, calls, strict=True))

    async def _decided(self, unit: Unit) -> Outcome:
        """Draw, call, judge; find the way out if the drawn model's answer fails."""
        request = unit.request
        drawn = (self.profile.name, self.run_date.isoformat(), unit.weights_version, request.role, digest(request))
        plan = self.plans.of(unit.weights_version, request)
        if plan is None:
            return Outcome(
                None, None, f"{request.role}: longer than any model of the pool can be asked", "text", "estimate"
            )
        plan = self._choice.choose(unit, plan)
        decision = decide(drawn, plan, shared=(*drawn[:3], items_digest(request)))
        context = CallContext(self.profile.name, unit, decision, digest(drawn, unit.doc_id, unit.unit), self.teaches)
        calls = await self._drawn(context)
        if decision.judged:
            own = [c for c in calls if c.own and c.answer is not None]
            for arm, accuracy in (await self._judging.judge(context, own)).items():
                self._choice.judged(unit, arm, accuracy)
        tried = list(calls)
        serves = await self._way_out.serving(context, calls, plan, tried)
        if serves is None:
            model = calls[0].record["model"]
            why = f"{model} is {self._sender.out[model]}" if model in self._sender.failing else calls[0].record["error"]
            reason = f"{request.role}: {why}"
            return Outcome(None, None, reason, cause_of(tried), self._way_out.too_long(tried, plan))
        self.ledger.note(serves.record, served=True)
        return Outcome(serves.answer, serves.record["model"])

    async def _drawn(self, context: CallContext) -> list[Call]:
        """Call the arm that was drawn, and beside it the challenger of a duel."""
        request, decision = context.unit.request, context.decision
        serves = self._call(context, decision.arm, "serve", request)
        if decision.challenger is None:
            return [await serves]  # most calls: a task less for each
        return list(await asyncio.gather(serves, self._call(context, decision.challenger, "duel", request)))

    async def _call(
        self, context: CallContext, arm: str, purpose: str, request: RoleRequest, parent: str | None = None
    ) -> Call:
        """Get one model's answer: from the store if it is there, and never asked for twice at a time."""
        spec = self._model(arm)
        key = answer_key(spec, request)
        while (event := self._under_way.get(key)) is not None:
            await event.wait()
        if (found := self._stored(key)) is not None:
            return self._found(context, arm, purpose, parent, found)
        self._under_way[key] = asyncio.Event()
        try:
            record = context.row(arm, spec, purpose, key, parent)
            reply = await self._sender.send(spec, request, record, lambda: self._stored(key) is not None)
            if reply is None and (found := self._stored(key)) is not None:  # another run has asked it meanwhile
                return self._found(context, arm, purpose, parent, found)
            assert reply is not None
            answer = await self._written(request, record, reply)
            self._sender.go_on()
        finally:
            if spec.is_remote:
                self._store.claims.give_back([key])
            self._under_way.pop(key).set()
        self._way_out.answered |= answer is not None
        too_long = isinstance(reply.error, TooLong)
        if too_long and record["attempts"]:
            self.plans.did_not_fit(request.role, spec, f"its provider says: {reply.error}")
        why: Cause = "" if answer is not None else cause(reply.error)
        return Call(record, answer, True, why, too_long, isinstance(reply.error, Resting))

    def _stored(self, key: str) -> Stored | None:
        """Look an answer up; one that is to be asked for once more counts as none."""
        found = self._store.get(key)
        return None if found is not None and self._again and found.failed and found.published else found

    def _found(self, context: CallContext, arm: str, purpose: str, parent: str | None, found: Stored) -> Call:
        record = found.record
        answer = answer_from_json(found.answer) if record["valid"] else None
        why: Cause = "" if record["valid"] else "models" if found.failed else "text"
        if not found.published and (record["decision_id"], record["purpose"]) == (context.decision_id, purpose):
            return Call(record, answer, own=True, cause=why)  # a killed run asked it here: this is that call
        row = context.row(arm, self._model(arm), purpose, record["answer_key"], parent)
        row |= {"from_cache": True, "attempts": 0} | {k: record[k] for k in ("valid", "error", "reply")}
        self.ledger.cached.append(row)
        return Call(row, answer, own=False, cause=why)

    async def _written(self, request: RoleRequest, record: Record, reply: CallResult) -> Answer | None:
        """Put a reply through the format checker and write the call down; return the answer if it passed."""
        answer = fill_in(record, request, reply, self._model(record["model"]).prices)
        self.ledger.book(reply.usage, record["cost_usd"])
        then = partial(self._sender.is_stored, record, reply)
        if answer is not None or isinstance(reply.error, BadReply):  # it was paid for: a rerun is not to ask it again
            kept = answer_to_json(answer) if answer is not None and record["valid"] else None
            await self._store.put_soon(kept, record, then)
        elif record["attempts"] or record["purpose"] in ("serve", "duel"):  # what else was never sent is no call
            await self._store.record_soon(record, then)
        else:
            then()
        return answer if record["valid"] else None

    def _model(self, arm: str) -> ModelSpec:
        return self._specs[arm]
