"""Calls: a role's questions -> answers that passed the gate, each from the model that was drawn for it.

Everything that decides is here, in the flow's process: the draw, the store, admission, retries, the gate, the way out
when an answer fails (once more with the error, then the next model), duels and judging. Workers only answer.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from role_rl.arms import Arm
from role_rl.board import judge_weights, panel
from role_rl.drawing import Plan, decide
from role_rl.learn import serving
from role_rl.record import State
from tasks import format_checker
from tasks.admission import Admission, dollars_of, most_dollars
from tasks.errors import BudgetExceeded, ModelError, RateLimited, TransientError
from tasks.fanout import FanOut
from tasks.ledger import Context, Ledger, Unit, address, answer_from_json, answer_key, answer_to_json, digest, now
from tasks.models.worker import Reply, answer_group, embed_group
from tasks.pool import ModelSpec
from tasks.profile import Profile
from tasks.requests import Answer, RoleRequest
from tasks.roles import MODULES
from tasks.store import Record, Store

BACKOFF_S = 1.0  # before the second attempt; doubled before each further one


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer that serves, and whose it is; or why there is none."""

    answer: Answer | None
    model: str | None
    reason: str | None = None


@dataclass(slots=True)
class _Call:
    """One use of a model: its record, its answer if that passed the gate, whether the record is this use's own."""

    record: Record
    answer: Answer | None
    own: bool


class Desk:
    """What the calls of one run share."""

    def __init__(
        self,
        profile: Profile,
        run_date: date,
        states: Callable[[int], State | None],
        store: Store,
        pool: FanOut,
        greedy: bool = False,
    ) -> None:
        self.profile, self.run_date = profile, run_date
        self._states, self._store, self._pool = states, store, pool
        self._arms, self._greedy = profile.arms(), greedy
        self._settings = profile.settings()
        self._admission = Admission(profile.models, profile.limits.max_cost_usd)
        self._plans: dict[tuple[int, str, str], Plan] = {}
        self._under_way: dict[str, asyncio.Event] = {}
        self.ledger = Ledger()

    async def ask(self, units: Sequence[Unit], on_done: Callable[[], None]) -> list[Outcome]:
        """Have every unit answered; on_done is called after each. Nothing is left under way, however this ends."""

        async def one(unit: Unit) -> Outcome:
            outcome = await self._decided(unit)
            on_done()
            return outcome

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(u)) for u in units]
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        finally:
            await self._pool.cancel()
        return [t.result() for t in tasks]

    async def embed(self, texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """Return a unit row for every text (a list of sentences), (texts, dimensions). Code, not a role: no call."""

        async def one(text: Sequence[str]) -> NDArray[np.float32]:
            try:
                vector = await self._pool.call(embed_group, None, text)
            except ModelError:  # a worker was lost: it is little work, and the topics must have their stories
                vector = embed_group(None, [text])[0]
            return np.asarray(vector, dtype=np.float32)

        return np.array(await asyncio.gather(*map(one, texts)))

    async def _decided(self, unit: Unit) -> Outcome:
        """Draw, call, judge; find the way out if the drawn model's answer fails."""
        request = unit.request
        drawn = (self.profile.name, self.run_date.isoformat(), unit.weights_version, request.role, digest(request))
        plan = self._plan(unit.weights_version, request)
        decision = decide(drawn, plan)
        context = Context(self.profile.name, unit, decision, digest(drawn, unit.doc_id, unit.unit))
        runs = [self._call(context, decision.arm, "serve", request)]
        if decision.challenger is not None:
            runs.append(self._call(context, decision.challenger, "duel", request))
        calls = await asyncio.gather(*runs)
        if decision.judged:
            await self._judge(context, [c for c in calls if c.own and c.answer is not None])
        serves = await self._serving(context, calls, plan)
        if serves is None:
            return Outcome(None, None, f"{request.role}: {calls[0].record['error']}")
        self.ledger.note(serves.record, served=True)
        return Outcome(serves.answer, serves.record["model"])

    async def _serving(self, context: Context, calls: list[_Call], plan: Plan) -> _Call | None:
        """Return the first valid of: the drawn call, its repair, the rival of a duel, the next models."""
        request, first = context.unit.request, calls[0]
        if first.answer is not None:
            return first
        parent = first.record["call_id"]
        repair = replace(request, failed=json.dumps([first.record["reply"], first.record["error"]]))
        again = await self._call(context, context.decision.arm, "repair", repair, parent)
        if again.answer is not None:
            return again
        for rival in calls[1:]:
            if rival.answer is not None:
                return rival
        tried = {c.record["model"] for c in calls}
        for name in sorted(plan.weights.keys() - tried, key=lambda n: (-plan.weights[n], n)):
            other = await self._call(context, name, "fallback", request, parent)
            if other.answer is not None:
                return other
        return None

    async def _judge(self, context: Context, calls: list[_Call]) -> None:
        """Have the board answer the same question, and grade each answer against its own."""
        request = context.unit.request
        able = [a for a in self._arms if a.name not in self._settings.excluded]
        arms = {a.name: a for a in able}
        for call in calls:
            arm = arms[call.record["model"]]
            rivals = [arms[c.record["model"]] for c in calls if c is not call]
            judges = panel(arm, able, context.decision_id, self.profile.judging.judges, rivals)
            answers = await asyncio.gather(
                *(self._call(context, j.name, "judge", request, call.record["call_id"]) for j in judges)
            )
            self._grade(request, call, [(j, c) for j, c in zip(judges, answers, strict=True) if c.answer is not None])

    def _grade(self, request: RoleRequest, call: _Call, judged: list[tuple[Arm, _Call]]) -> None:
        weights = judge_weights([judge.model for judge, _ in judged])
        accuracy = 0.0
        for judge, own in judged:
            grade = MODULES[request.role].agreement(request, call.answer, own.answer)
            accuracy += weights[judge.model] * grade
            self.ledger.judgements.append(
                {
                    "call_id": call.record["call_id"],
                    "judge": judge.model,
                    "judge_family": judge.family,
                    "accuracy": grade,
                    "weight": weights[judge.model],
                    "cost_usd": own.record["cost_usd"],
                    "control": False,
                }
            )
        if judged:
            self.ledger.note(call.record, accuracy=min(1.0, accuracy), judges=len(judged))

    async def _call(
        self, context: Context, model: str, purpose: str, request: RoleRequest, parent: str | None = None
    ) -> _Call:
        """Get one model's answer: from the store if it is there, and never asked for twice at a time."""
        spec = self.profile.model(model)
        key = answer_key(spec, request)
        while (event := self._under_way.get(key)) is not None:
            await event.wait()
        found = self._store.get(key)
        if found is not None:
            return self._found(context, spec, purpose, parent, found.answer, found.record, found.published)
        self._under_way[key] = asyncio.Event()
        try:
            record = context.row(spec, purpose, key, parent)
            answer = await self._sent(spec, request, record)
        finally:
            self._under_way.pop(key).set()
        return _Call(record, answer, own=True)

    def _found(
        self,
        context: Context,
        spec: ModelSpec,
        purpose: str,
        parent: str | None,
        stored: Any,
        record: Record,
        published: bool,
    ) -> _Call:
        answer = answer_from_json(stored) if record["valid"] else None
        if not published and (record["decision_id"], record["purpose"]) == (context.decision_id, purpose):
            return _Call(record, answer, own=True)  # a killed run asked it here: this is that call
        row = context.row(spec, purpose, record["answer_key"], parent)
        row |= {"from_cache": True, "attempts": 0} | {k: record[k] for k in ("valid", "error", "reply")}
        self.ledger.cached.append(row)
        return _Call(row, answer, own=False)

    async def _sent(self, spec: ModelSpec, request: RoleRequest, record: Record) -> Answer | None:
        """Send one call, again if it may succeed later; write down what came of it."""
        size = sum(map(len, request.items)) + sum(map(len, request.labels))
        reply: Reply | None = None
        for attempt in range(1, self.profile.limits.attempts + 1):
            record["attempts"] = attempt
            try:
                async with self._admission.grant(spec.name, size, most_dollars(size, spec.prices)) as grant:
                    self.ledger.made += 1
                    reply = await self._pool.call(answer_group, address(spec), request)
                    if reply.answer is not None:
                        grant.spent = dollars_of(reply.answer.usage, spec.prices)
            except (ModelError, BudgetExceeded) as e:
                reply = Reply(None, e if isinstance(e, ModelError) else ModelError(str(e)), now(), 0.0)
            if not isinstance(reply.error, TransientError):
                break
            asked = reply.error.retry_after if isinstance(reply.error, RateLimited) else 0.0
            self._admission.rest(spec.name, max(asked, BACKOFF_S * 2 ** (attempt - 1)))
        assert reply is not None  # attempts is at least 1
        return self._written(request, record, reply)

    def _written(self, request: RoleRequest, record: Record, reply: Reply) -> Answer | None:
        """Put a reply through the gate and write the call down; return the answer if it passed."""
        answer = answer_from_json(answer_to_json(reply.answer)) if reply.answer else None  # as a rerun will find it
        problems = format_checker.check(request, answer, MODULES[request.role].check) if answer else [str(reply.error)]
        record |= {"started_at": reply.started_at, "latency_s": reply.latency_s, "valid": not problems}
        record["error"] = "; ".join(problems)[:500] or None
        if answer is not None and reply.answer is not None:
            usage, cost = reply.answer.usage, dollars_of(reply.answer.usage, self.profile.model(record["model"]).prices)
            record |= {"input_tokens": usage.input_tokens, "cached_tokens": usage.cached_tokens}
            record |= {"output_tokens": usage.output_tokens, "cost_usd": cost}
            record["reply"] = answer_to_json(answer) if problems else None
            self.ledger.cost_usd += cost
            self._store.put(record["answer_key"], answer_to_json(answer), record)
        else:
            self._store.record(record)
        return answer if not problems else None

    def _plan(self, weights_version: int, request: RoleRequest) -> Plan:
        key = (weights_version, request.role, request.language)
        if key not in self._plans:
            state = self._states(weights_version)
            plan = serving(state, self._arms, self._settings, request.role, request.language)
            self._plans[key] = plan.greedy() if self._greedy else plan
        return self._plans[key]
