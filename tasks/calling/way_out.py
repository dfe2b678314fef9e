"""The way out when the drawn model's answer fails: once more with the error, the rival of a duel, the next models."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from nightdesk.role_rl.arms import eligible
from nightdesk.role_rl.sampling import Plan
from nightdesk.tasks.calling.call_rows import CallContext, failed_answer
from nightdesk.tasks.calling.outcomes import Call, TooLongBy
from nightdesk.tasks.calling.retries import Sender
from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.messages import RoleRequest

Ask = Callable[[CallContext, str, str, RoleRequest, str | None], Awaitable[Call]]
"""(decision, arm, purpose, question, id of the call that failed) -> the call"""


class WayOut:
    """The way out of one run's failed answers. answered: whether any model has answered anything in this run."""

    def __init__(self, profile: Profile, sender: Sender, ask: Ask) -> None:
        self.answered = False
        self._sender, self._ask = sender, ask
        self._specs = {name: m for m in profile.models for name in (m.name, f"{m.name}@batch")}
        self._arms, self._settings = profile.arms(), profile.settings()
        self._deadline_s = profile.limits.deadline_s
        self.begin_round()

    def begin_round(self) -> None:
        """Count the deadline from now."""
        self._deadline = time.monotonic() + self._deadline_s

    def be_patient(self, deadline_s: float) -> None:
        """Wait for a first model for so long, from now on."""
        self._deadline_s = deadline_s
        self.begin_round()

    async def serving(self, context: CallContext, calls: list[Call], plan: Plan, tried: list[Call]) -> Call | None:
        """Return the first valid of: the drawn call, its repair, the rival of a duel, the next models.

        tried: the calls made so far; those that follow are added.

        Raises:
            InputError: every model of the role is out, and none has answered anything in this run.
        """
        request, first = context.unit.request, calls[0]
        if first.answer is not None:
            return first
        parent = first.record["call_id"]
        if first.record["reply"] is not None:  # it said something: it may mend that
            repair = replace(request, failed=failed_answer(first.record))
            again = await self._ask(context, context.decision.arm, "repair", repair, parent)
            tried.append(again)
            if again.answer is not None:
                return again
        for rival in calls[1:]:
            if rival.answer is not None:
                return rival
        asked = {c.record["model"] for c in calls}
        untried = [n for n in plan.weights if self._model(n).name not in asked]
        others = sorted(untried, key=lambda n: (-plan.weights[n], n))
        for name in others:
            other = await self._ask(context, name, "fallback", request, parent)
            tried.append(other)
            if other.answer is not None:
                return other
        return await self._first_free(context, [context.decision.arm, *others], parent, tried)

    async def _first_free(
        self, context: CallContext, names: Sequence[str], parent: str, tried: list[Call]
    ) -> Call | None:
        """Wait for the first of a role's models that rest, and ask it.

        Give up at the run's deadline, or when all of them have been out for as long as the profile has patience.
        """
        self._must_have_one(context.unit.request.role, names)
        rested = {c.record["model"] for c in tried if c.rested}  # these have not been asked yet
        while True:
            waits = {n: self._sender.free_in(m) for n in names if (m := self._model(n).name) not in self._sender.out}
            rested |= {self._model(n).name for n, seconds in waits.items() if seconds > 0}
            waits = {n: seconds for n, seconds in waits.items() if self._model(n).name in rested}
            if not waits or self._sender.give_up(self._model(n).name for n in names):
                return None
            name = min(waits, key=lambda n: (waits[n], n))
            if waits[name] > 0:
                if time.monotonic() + waits[name] > self._deadline:
                    return None
                await self._sender.news(waits[name])
                continue
            call = await self._ask(context, name, "fallback", context.unit.request, parent)
            tried.append(call)
            if call.answer is not None:
                return call
            if not call.rested:
                rested.discard(self._model(name).name)

    def _must_have_one(self, role: str, names: Sequence[str]) -> None:
        """Raise InputError if no model can be used and none ever could: then it is the profile that is to be mended.

        Where a model is out because it kept failing, that is no fault of the profile, and the run ends as a bad one.
        Where some have answered, what is left becomes unplaced, and what they answered is published.
        """
        out = {n: self._sender.out[m] for n in names if (m := self._model(n).name) in self._sender.out}
        is_over = len(out) == len(names) and set(self._sender.out) >= self._everybody()
        if is_over and not self.answered and not self._sender.failing:
            raise InputError(f"no model is left to serve {role}: {'; '.join(f'{n}: {why}' for n, why in out.items())}")

    def too_long(self, tried: Sequence[Call], plan: Plan) -> TooLongBy:
        """Tell whether a question that nobody answered may be answered if it is shorter."""
        if any(c.too_long for c in tried):
            return "provider"
        # All that can be asked it are out of the run, but somebody is not: one that it was too long for.
        out, left = self._sender.out, self._everybody() - set(self._sender.out)
        return "estimate" if left and all(self._model(n).name in out for n in plan.weights) else ""

    def _everybody(self) -> set[str]:
        """Return the models that may serve some role."""
        return {a.model for a in eligible(self._arms, self._settings)}

    def _model(self, arm: str) -> ModelSpec:
        return self._specs[arm]
