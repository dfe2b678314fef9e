"""Judging: the board answers the question of an answer that is to be judged, and grades it against its own answers."""

import asyncio
from collections.abc import Awaitable, Callable

from nightdesk.role_rl.arms import Arm
from nightdesk.role_rl.judges import judge_weights, judging_shares, panel, reliability
from nightdesk.role_rl.state import LearnerState
from nightdesk.tasks.calling.call_rows import CallContext, Ledger
from nightdesk.tasks.calling.outcomes import Call
from nightdesk.tasks.calling.question_size import Budgets
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.messages import RoleRequest
from nightdesk.tasks.roles.registry import MODULES

Ask = Callable[[CallContext, str, str, RoleRequest, str | None], Awaitable[Call]]
"""(decision, arm, purpose, question, id of the call that is judged) -> the judge's own call"""


class JudgeBoard:
    """The board of one run. ask: how a judge is asked; states: the weights of a version."""

    def __init__(
        self, profile: Profile, states: Callable[[int], LearnerState | None], budgets: Budgets, ledger: Ledger, ask: Ask
    ) -> None:
        self._profile, self._states, self._budgets, self._ledger, self._ask = profile, states, budgets, ledger, ask
        self._arms, self._settings = profile.arms(), profile.settings()

    async def judge(self, context: CallContext, calls: list[Call]) -> dict[str, float]:
        """Have the board answer the same question, grade each answer against its own; return arm -> accuracy."""
        request = context.unit.request
        # An excluded model judges if the profile says that it is the judge.
        out = self._settings.excluded - {self._settings.judge}
        holding = self._budgets.holding([a.name for a in self._arms], self._budgets.tokens(request))
        able = [a for a in self._arms if a.name not in out and a.name in holding]
        arms = {a.name: a for a in able}
        accuracies: dict[str, float] = {}
        for call in calls:
            arm = arms[call.arm]
            rivals = [arms[c.arm] for c in calls if c is not call]
            judges = self._panel(arm, able, context.decision_id, rivals)
            answers = await asyncio.gather(
                *(self._ask(context, j.name, "judge", request, call.record["call_id"]) for j in judges)
            )
            given = [(j, c) for j, c in zip(judges, answers, strict=True) if c.answer is not None]
            if given:
                accuracies[call.arm] = self._grade(request, call, given, context.unit.weights_version)
        return accuracies

    def _panel(self, arm: Arm, able: list[Arm], decision: str, rivals: list[Arm]) -> tuple[Arm, ...]:
        shares = judging_shares(able, self._settings)
        return panel(arm, able, decision, self._profile.judging.judges, rivals, self._settings.judge, shares)

    def _grade(self, request: RoleRequest, call: Call, judged: list[tuple[Arm, Call]], version: int) -> float:
        state = self._states(version)
        weights = judge_weights([judge.model for judge, _ in judged], *reliability(state.pairs if state else {}))
        accuracy = 0.0
        for judge, own in judged:
            grade = MODULES[request.role].agreement(request, call.answer, own.answer)
            accuracy += weights[judge.model] * grade
            self._ledger.judgements.append(
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
        accuracy = min(1.0, accuracy)
        self._ledger.note(call.record, accuracy=accuracy, judges=len(judged))
        return accuracy
