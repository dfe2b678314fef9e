"""How large a question may be: the context of a model less what is reserved for its reply, in tokens.

Embedded models compute, so they have no limit. Sizes are estimated (roles/tokens).
"""

import math
from collections.abc import Iterable

from nightdesk.role_rl.arms import eligible
from nightdesk.role_rl.sampling import Plan, inclusion
from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.config.pricing import most_dollars
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.messages import RoleRequest
from nightdesk.tasks.roles.tokens import question_tokens


def budget(model: ModelSpec) -> float:
    """Return how many tokens a question to a model may have; infinite for an embedded one."""
    return model.context.tokens - model.reserved_output if model.is_remote else math.inf


PROMPT_CHARACTERS = 2_000  # that a prompt has besides items and labels, at most


def most_of(spec: ModelSpec, request: RoleRequest) -> tuple[int, float]:
    """Return a call's tokens, and the most dollars that it can cost over lane sync."""
    tokens = question_tokens(request) if spec.is_remote else 0
    characters = PROMPT_CHARACTERS + sum(map(len, (*request.items, *request.labels, *request.meanings, request.failed)))
    return tokens, most_dollars(max(tokens, characters), spec.prices, spec.max_output_tokens)


SELDOM = 1e-3
"""A model that runs in fewer of a role's decisions, as one that only stands by, makes no question smaller."""


def is_seldom(arm: str, plan: Plan) -> bool:
    """Tell whether an arm hardly ever runs by a plan."""
    return inclusion(arm, plan)[0] < SELDOM


class Budgets:
    """What the arms of a pool can be asked at once. serving: those that may serve (None: all that are not excluded)."""

    def __init__(self, profile: Profile, serving: Iterable[str] | None = None) -> None:
        self._profile = profile
        self._of = {arm.name: budget(profile.model(arm.model)) for arm in profile.arms()}
        names = [arm.name for arm in eligible(profile.arms(), profile.settings())] if serving is None else serving
        self._serving = {name: self._of[name] for name in names}
        self._smallest = min(self._of.values())

    def of(self, plan: Plan) -> "Budgets":
        """Return the budgets where only the arms of a plan serve that run more than seldom."""
        return Budgets(self._profile, [name for name in plan.weights if not is_seldom(name, plan)])

    def tokens(self, request: RoleRequest) -> int:
        """Return the size of a question; 0, unmeasured, where no model of the pool has a limit."""
        return 0 if self._smallest == math.inf else question_tokens(request)

    def holding(self, arms: Iterable[str], tokens: int) -> list[str]:
        """Return those of some arms that can be asked a question of so many tokens."""
        return [arm for arm in arms if self._of[arm] >= tokens]

    def smallest(self, least: float = 0.0) -> float | None:
        """Return the smallest budget among the arms that serve and hold `least` tokens; None if none does."""
        return min((b for b in self._serving.values() if b >= least), default=None)

    @property
    def largest(self) -> float:
        """The largest budget among the arms that serve."""
        return max(self._serving.values())
