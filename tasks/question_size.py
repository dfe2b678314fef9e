"""How large a question may be: the context of a model less what is reserved for its reply, in tokens.

Embedded models compute, so they have no limit. Sizes are estimated (tasks.tokens).
"""

import math
from collections.abc import Iterable

from role_rl.arms import eligible
from tasks.pool import ModelSpec
from tasks.profile import Profile
from tasks.requests import RoleRequest
from tasks.tokens import question_tokens


def budget(model: ModelSpec) -> float:
    """Return how many tokens a question to a model may have; infinite for an embedded one."""
    return model.context.tokens - model.reserved_output if model.is_remote else math.inf


class Budgets:
    """What the arms of a pool can be asked at once."""

    def __init__(self, profile: Profile) -> None:
        self._of = {arm.name: budget(profile.model(arm.model)) for arm in profile.arms()}
        self._serving = [self._of[arm.name] for arm in eligible(profile.arms(), profile.settings())]
        self._smallest = min(self._of.values())

    def tokens(self, request: RoleRequest) -> int:
        """Return the size of a question; 0, unmeasured, where no model of the pool has a limit."""
        return 0 if self._smallest == math.inf else question_tokens(request)

    def holding(self, arms: Iterable[str], tokens: int) -> list[str]:
        """Return those of some arms that can be asked a question of so many tokens."""
        return [arm for arm in arms if self._of[arm] >= tokens]

    def smallest(self, least: float = 0.0) -> float | None:
        """Return the smallest budget among the arms that may serve and hold `least` tokens; None if none does."""
        return min((b for b in self._serving if b >= least), default=None)

    @property
    def largest(self) -> float:
        """The largest budget among the arms that may serve."""
        return max(self._serving)
