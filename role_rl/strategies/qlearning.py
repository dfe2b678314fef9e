"""The published rule: epsilon-greedy Q-learning over which model answered last, and whether it did well.

Per role a table Q[(last model, succeeded), next model] (He et al. 2024, arXiv 2409.18014, section 3 and their code):
    Q[s, a] += ALPHA * (R - Q[s, a]),     gamma = 0
A full sweep first: every model answers one question, and every pair of them is updated. Then the pick is the model of
the highest Q, with probability EPSILON any model; if it is not the incumbent, both run (a duel), both update the table
in both directions, and the better one becomes the incumbent. Every answer is judged.

What had to give way: the rule wants to learn after every answer, a night's weights are fixed before it. So its steps
are replayed from the published rows in the order of their calls, and between two nights the state it is in stays. The
sweep is a night in which all models serve alike, judged. And which answer serves is settled before there is one, so
that a rerun serves the same: of a duel it is the incumbent's; a rival that did better serves from the next night on.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from nightdesk.role_rl.feedback import Step
from nightdesk.role_rl.sampling import Plan

ALPHA = 0.1
EPSILON = 0.03
LEAST = 1e-6
"""Weight of a model that is not the incumbent."""


def learned(memory: Mapping[str, Any], steps: Sequence[Step], arms: Sequence[str]) -> dict[str, Any]:
    """The memory after some steps, in their order. arms: the pool's; steps of others are passed over."""
    after = {name: _copy(table) for name, table in memory.items()}
    for step in steps:
        rewards = {name: worth for name, worth in step.rewards if name in arms}
        if not rewards:
            continue
        table = after.setdefault("/".join(step.context), {"q": {}, "sweep": {}, "incumbent": "", "succeeded": True})
        if table["sweep"] is not None:
            _sweep(table, rewards, arms)
        else:
            _step(table, rewards)
    return after


def plan(memory: Mapping[str, Any], arms: Sequence[str], role: str, context: str) -> Plan:
    """How the rule draws in the state in which it is."""
    table = memory.get(f"{role}/{context}")
    n = len(arms)
    if n == 1 or table is None or table["sweep"] is not None or table["incumbent"] not in arms:
        even = {name: 1 / n for name in arms}
        return Plan(even, 1.0, 0.0, even)
    incumbent = table["incumbent"]
    row = table["q"].get(_state(incumbent, table["succeeded"]), {})
    greedy = max(arms, key=lambda name: (row.get(name, 0.0), name == incumbent, name))
    picks = {name: EPSILON / n + (1 - EPSILON) * (name == greedy) for name in arms}
    weights = {name: LEAST if name != incumbent else 1 - LEAST * (n - 1) for name in arms}
    rivals = {name: share for name, share in picks.items() if name != incumbent}
    return Plan(weights, 1.0, 1 - picks[incumbent], rivals)


def _sweep(table: dict[str, Any], rewards: Mapping[str, float], arms: Sequence[str]) -> None:
    """Take a first reward of every model; with the last of them, update every pair."""
    first = table["sweep"]
    for name, worth in rewards.items():
        first.setdefault(name, worth)
    if not set(arms) <= set(first):
        return
    for one in first:
        for other, worth in first.items():
            _update(table, _state(one, first[one] > 0), other, worth)
    _take(table, first)
    table["sweep"] = None


def _step(table: dict[str, Any], rewards: Mapping[str, float]) -> None:
    state = _state(table["incumbent"], table["succeeded"])
    for name, worth in rewards.items():
        _update(table, state, name, worth)
    for one, own in rewards.items():
        for other, worth in rewards.items():
            if one != other:
                _update(table, _state(one, own > 0), other, worth)
    _take(table, rewards)


def _take(table: dict[str, Any], rewards: Mapping[str, float]) -> None:
    best = max(sorted(rewards), key=lambda name: rewards[name])
    table["incumbent"], table["succeeded"] = best, rewards[best] > 0


def _update(table: dict[str, Any], state: str, name: str, worth: float) -> None:
    row = table["q"].setdefault(state, {})
    row[name] = row.get(name, 0.0) + ALPHA * (worth - row.get(name, 0.0))


def _state(name: str, succeeded: bool) -> str:
    return f"{name} {'succeeded' if succeeded else 'failed'}"


def _copy(table: Mapping[str, Any]) -> dict[str, Any]:
    sweep = table["sweep"]
    q = {state: dict(row) for state, row in table["q"].items()}
    return {**table, "q": q, "sweep": None if sweep is None else dict(sweep)}
