"""Posterior -> plan: who serves, how often an answer is judged, how often two arms duel.

Serving is greedy but for a small share: the arm of the highest mean value leads, the others share
    e = min(max_exploration, sum of their P(best))     in proportion to P(best).
Learning that needs more than this is bought apart, on few decisions, and only where it pays. Let L be the expected
loss per decision of not knowing the best arm (`posterior.best`), so L = 0 where posteriors do not overlap. A rate is
the loss over the price of what the rate buys: judging never costs more than ignorance does.
    judge_rate = L / (price of one judgement + FREE_JUDGEMENT * v)
    duel_rate  = L / (price of a duel        + FREE_DUEL * v)
each between its two limits and both within the budget. The small shares of v stand for what a judgement costs
besides dollars, and bound the rates where judges are free. Challengers are drawn in proportion to P(best), the picked
arm left out: top-two Thompson sampling (Russo 2016, arXiv 1602.08448). All of it depends on past nights only.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from role_rl.arms import Arm, Settings
from role_rl.board import may_judge
from role_rl.drawing import Plan
from role_rl.posterior import Array, Estimate, best

FLOOR = 1e-6
"""Least P(best) of an eligible arm: whoever is eligible can be drawn."""
FREE_JUDGEMENT = 0.04
FREE_DUEL = 0.2


def plan(estimate: Estimate, arms: Sequence[Arm], settings: Settings) -> Plan:
    """The plan for the arms of an estimate (`arms` in the same order). A pool of one arm gets it all, unjudged."""
    chance, loss = best(estimate.value, estimate.covariance)
    chance = np.maximum(chance, FLOOR)
    weights = _weights(int(np.argmax(estimate.value)), chance, settings)
    judge_rate, duel_rate = _rates(estimate, arms, chance, loss, settings)
    names = estimate.arms
    return Plan(
        weights=_rounded(dict(zip(names, weights, strict=True))),
        judge_rate=round(judge_rate, 9),
        duel_rate=round(duel_rate, 9),
        challengers=_rounded(dict(zip(names, chance / chance.sum(), strict=True))),
    )


def limited(before: Mapping[str, float], after: Mapping[str, float], most: float) -> dict[str, float]:
    """`after`, or the point on the way there from `before` at which no weight has moved by more than `most`.

    Both are distributions over the same arms; so is the result, whose weights are positive if those of both are.
    """
    furthest = max(abs(after[name] - before[name]) for name in after)
    if furthest <= most:
        return dict(after)
    step = most / furthest
    return _rounded({name: before[name] + step * (after[name] - before[name]) for name in after})


def repooled(stored: Mapping[str, float], fresh: Mapping[str, float], settings: Settings) -> dict[str, float]:
    """Weights of a version for a pool that is no longer the version's.

    stored: the version's weights; fresh: what the posterior says for the pool of now, whose arms the result is for.
    While the stored leader is there, the version is kept as far as it goes: what vanished arms had goes to the
    leader, new arms enter as explorers, and explorers together get no more than before, or max_exploration.
    Without its leader a version says little: then fresh serves.
    """
    leader = Plan(stored, 0, 0, {}).leader
    if leader not in fresh:
        return dict(fresh)
    others = {name: stored.get(name, fresh[name]) for name in fresh if name != leader}
    allowed = max(settings.max_exploration, sum(share for name, share in stored.items() if name != leader))
    total = sum(others.values())
    scale = min(1.0, allowed / total) if total > 0 else 1.0
    weights = {name: scale * others[name] if name != leader else 1 - scale * total for name in fresh}
    return _rounded(weights)


def _weights(lead: int, chance: Array, settings: Settings) -> Array:
    """(n,) probabilities of serving, of which the arm at `lead` has at least 1 - max_exploration."""
    others = chance.copy()
    others[lead] = 0.0
    if len(chance) == 1:
        return np.ones(1)
    explore = min(settings.max_exploration, float(others.sum()))
    weights: Array = explore * others / others.sum()
    weights[lead] = 1 - explore
    return weights


def _rates(
    estimate: Estimate, arms: Sequence[Arm], chance: Array, loss: float, settings: Settings
) -> tuple[float, float]:
    """(judge rate, duel rate)."""
    lead = int(np.argmax(estimate.value))
    prices = [_judgement_usd(arm, arms, estimate.dollars) for arm in arms]
    known = [usd for usd in prices if usd is not None]
    if not known:
        return 0.0, 0.0  # Nobody may judge anybody: a judge rate would promise what cannot be kept.
    of_leader = prices[lead]
    judgement = sum(known) / len(known) if of_leader is None else of_leader
    judge_rate = settings.min_judge_rate
    duel_rate = settings.min_duel_rate
    others = np.where(np.arange(len(arms)) == lead, 0.0, chance)
    duel = float(others @ estimate.dollars / others.sum()) + 2 * judgement
    if settings.v > 0 and loss > 0:  # Without v accuracy is worth nothing, and neither is judging it.
        worth = loss / (settings.k_cost * judgement + FREE_JUDGEMENT * settings.v)
        judge_rate = min(max(worth, settings.min_judge_rate), settings.max_judge_rate)
        worth = loss / (settings.k_cost * duel + FREE_DUEL * settings.v)
        duel_rate = min(max(worth, settings.min_duel_rate), settings.max_duel_rate)
    spent = judge_rate * judgement + duel_rate * duel
    budget = settings.judge_budget * float(estimate.dollars.max())
    if spent > budget:
        judge_rate = max(settings.min_judge_rate, judge_rate * budget / spent)
        duel_rate = max(settings.min_duel_rate, duel_rate * budget / spent)
    return judge_rate, duel_rate


def _judgement_usd(arm: Arm, arms: Sequence[Arm], dollars: Array) -> float | None:
    """Mean dollars of one judgement of an arm (a judge answers the role itself); None if nobody may judge it."""
    prices = [
        float(usd)
        for judge, usd in zip(arms, dollars, strict=True)
        if may_judge(judge.model, judge.family, arm.model, arm.family, (judge,))
    ]
    return sum(prices) / len(prices) if prices else None


def _rounded(weights: Mapping[str, float]) -> dict[str, float]:
    """To 12 digits after the point, sorted by name: weights then differ when they differ, not in the last bit."""
    return {name: round(float(weights[name]), 12) for name in sorted(weights)}
