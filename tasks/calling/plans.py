"""Plans of a run: how the questions of a role are drawn, each among the models that can be asked it at once."""

import logging
from collections import Counter
from collections.abc import Callable

from nightdesk.role_rl.learner import serving
from nightdesk.role_rl.sampling import Plan
from nightdesk.role_rl.state import LearnerState
from nightdesk.tasks.calling.question_size import Budgets, is_seldom
from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.messages import Role, RoleRequest

log = logging.getLogger("nightdesk")


class Plans:
    """The plans of one run. left_out: (role, model) -> questions that were longer than the model can be asked.

    greedy: the leading model serves every decision, nothing is explored or judged.
    """

    def __init__(self, profile: Profile, states: Callable[[int], LearnerState | None], greedy: bool) -> None:
        self.left_out: Counter[tuple[str, str]] = Counter()
        self.budgets = Budgets(profile)
        self._profile, self._states, self._greedy = profile, states, greedy
        self._arms, self._settings = profile.arms(), profile.settings()
        self._plans: dict[tuple[int, str, str], Plan] = {}

    def of(self, weights_version: int, request: RoleRequest) -> Plan | None:
        """Return how a question is drawn: among the models that can be asked it at once; None if none can."""
        plan, tokens = self.whole(weights_version, request.role, request.language), self.budgets.tokens(request)
        holding = self.budgets.holding(plan.weights, tokens)
        if not holding:
            return None
        if len(holding) < len(plan.weights):
            often = [name for name in plan.weights.keys() - holding if not is_seldom(name, plan)]
            for spec in {spec.name: spec for spec in map(self._profile.model, often)}.values():
                self.did_not_fit(request.role, spec, f"the question may have {tokens} tokens")
            plan = plan.only(holding)
        return plan.greedy() if self._greedy else plan

    def budgets_of(self, role: Role, weights_version: int, language: str) -> Budgets:
        """Return what the models that a role is drawn from can be asked at once."""
        plan = self.whole(weights_version, role, language)
        return self.budgets.of(plan.greedy() if self._greedy else plan)

    def did_not_fit(self, role: str, spec: ModelSpec, why: str) -> None:
        """Count a question that is longer than a model can be asked, and say so the first time."""
        self.left_out[role, spec.name] += 1
        if self.left_out[role, spec.name] == 1:
            log.warning(
                "%s is left out of %s where a question does not fit its context of %d tokens (%s): %s",
                *(spec.name, role, spec.context.tokens, spec.context.source, why),
            )

    def whole(self, weights_version: int, role: str, language: str) -> Plan:
        """Return the plan of a role, whatever the size of its questions."""
        key = (weights_version, role, language)
        if key not in self._plans:
            state = self._states(weights_version)
            self._plans[key] = serving(state, self._arms, self._settings, role, language)
        return self._plans[key]
