"""Strategies: how evidence becomes plans. A profile names one; all learn from the same rows and keep the same tallies.

posterior   weights from the posterior over accuracy, dollars and delay, judging bought where it pays (the default)
q-learning  the published rule (`qlearning`)
fixed       every role by its pin; a role without one by the arm that the priors put first
uniform     every arm alike: what a log wants on which any plan can be estimated

A strategy is two pure functions. `learned` makes its memory after a night (JSON; only the published rule has one);
`plan` makes the plan of one role and context. gated: whether its changes pass the safety gate and are limited
(`offpolicy.safety_gate`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.feedback import Evidence
from nightdesk.role_rl.posterior import estimate
from nightdesk.role_rl.sampling import Plan
from nightdesk.role_rl.strategies import qlearning
from nightdesk.role_rl.strategies.policy import USUAL, plan, settled
from nightdesk.role_rl.sufficient_stats import Key, Tally

Memory = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Beliefs:
    """What a plan is made from: discounted tallies, the strategy's own memory, and a usual night's decisions."""

    tallies: Mapping[Key, Tally] = field(default_factory=dict)
    memory: Memory = field(default_factory=dict)
    decisions: Mapping[tuple[str, str], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Strategy:
    """See the module."""

    learned: Callable[[Memory, Evidence, Sequence[Arm], Settings], Memory]
    plan: Callable[[Beliefs, Sequence[Arm], Settings, str, str], Plan]
    gated: bool = False


def plan_of(beliefs: Beliefs, pool: Sequence[Arm], settings: Settings, role: str, context: str) -> Plan:
    """The plan of the profile's strategy for one role and context. A pin stands above every strategy."""
    if role in settings.pins:
        return settled(settings.pins[role], pool, settings)
    return STRATEGIES[settings.strategy].plan(beliefs, pool, settings, role, context)


def _keep(memory: Memory, new: Evidence, pool: Sequence[Arm], settings: Settings) -> Memory:
    return memory


def _posterior(beliefs: Beliefs, pool: Sequence[Arm], settings: Settings, role: str, context: str) -> Plan:
    guess = estimate(pool, beliefs.tallies, settings, role, context)
    decisions = beliefs.decisions.get((role, context), USUAL)
    return plan(guess, pool, settings, settings.floors.get(role, 0.0), decisions)


def _fixed(beliefs: Beliefs, pool: Sequence[Arm], settings: Settings, role: str, context: str) -> Plan:
    guess = estimate(pool, {}, settings, role, context)
    return settled(guess.arms[int(guess.value.argmax())], pool, settings)


def _uniform(beliefs: Beliefs, pool: Sequence[Arm], settings: Settings, role: str, context: str) -> Plan:
    shares = {arm.name: 1 / len(pool) for arm in pool}
    return Plan(shares, settings.min_judge_rate, 0.0, shares)


def _q_learning(beliefs: Beliefs, pool: Sequence[Arm], settings: Settings, role: str, context: str) -> Plan:
    return qlearning.plan(beliefs.memory, [arm.name for arm in pool], role, context)


def _q_learned(memory: Memory, new: Evidence, pool: Sequence[Arm], settings: Settings) -> Memory:
    return qlearning.learned(memory, new.steps, [arm.name for arm in pool])


STRATEGIES: Mapping[str, Strategy] = {
    "posterior": Strategy(_keep, _posterior, gated=True),
    "q-learning": Strategy(_q_learned, _q_learning),
    "fixed": Strategy(_keep, _fixed),
    "uniform": Strategy(_keep, _uniform),
}
