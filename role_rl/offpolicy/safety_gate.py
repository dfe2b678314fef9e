"""The gate: may a change of the weights be served? It blocks what is known to be worse; it never proves anything.

Two candidates are made, each from one half of the decisions. Where a candidate asks for the leader of the change, it is
compared with the weights that serve now on the other half (`ope.difference`): no row judges a change that it helped to
make, and a half that asks for another change says nothing of this one. The estimates are pooled. The change is held
back if their effective sample is at least `min_effective` and the upper end of the 95 % interval is below zero. With a
smaller sample it is served; but if the posterior is less than SURE that it is better, no weight moves by more than
`max_move`.

Not for the safety gate are: a change that leaves the leader and moves no weight by more than exploration may, a leader
that fails, and one that must not serve any more. The estimate holds the other roles at what they did in the log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nightdesk.role_rl.arms import Settings
from nightdesk.role_rl.offpolicy import ope
from nightdesk.role_rl.sampling import Plan
from nightdesk.role_rl.strategies.policy import limited
from nightdesk.role_rl.sufficient_stats import Tally

SURE = 0.7
"""A change that is better with this probability passes whole; what a wrong one costs, the next nights show."""

Logs = Mapping[str, Tally]
"""Tallies of one role and context by arm."""


@dataclass(frozen=True, slots=True)
class GateDecision:
    """The plan that may be served; whether the weights were held back; what there is to say of it."""

    plan: Plan
    held: bool = False
    note: str = ""


def concerns(old: Plan, new: Plan, settings: Settings) -> bool:
    """Whether a change is one for the safety gate (it is for the same arms)."""
    furthest = max(abs(new.weights[name] - old.weights[name]) for name in new.weights)
    return new.leader != old.leader or furthest > settings.max_exploration


def judged(
    old: Plan, new: Plan, halves: Sequence[tuple[Plan, Logs]], settings: Settings, better: float = 0.0
) -> GateDecision:
    """Hold a change back, limit it, or let it pass.

    halves: for each half that proposes the leader of `new`, the candidate that was made from it, and the logs of the
    other half. better: the posterior's probability that `new` is worth more than `old`.
    """
    tests = [ope.difference(logs, made.weights, old.weights, settings) for made, logs in halves]
    found = ope.pooled([test for test in tests if test is not None and test.effective > 0])
    sample = 0.0 if found is None else found.effective
    if found is not None and sample >= settings.min_effective and found.high < 0:
        why = (
            f"{new.leader} held back: on {sample:.0f} judged answers that did not ask for it, the change is worth "
            f"{found.mean:+.3f} a decision (at most {found.high:+.3f})"
        )
        return GateDecision(Plan(old.weights, new.judge_rate, new.duel_rate, new.challengers), True, why)
    if sample >= settings.min_effective or better >= SURE:
        return GateDecision(new)
    weights = limited(old.weights, new.weights, settings.max_move)
    if weights == new.weights:
        return GateDecision(new)
    why = f"weights moved by at most {settings.max_move:g} ({sample:.0f} of {settings.min_effective:g} judged answers)"
    return GateDecision(Plan(weights, new.judge_rate, new.duel_rate, new.challengers), False, why)
