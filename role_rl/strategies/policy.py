"""Posterior -> plan: who serves, how often an answer is judged, how often two arms duel.

Serving is greedy but for a small share: the arm of the highest mean value leads, the others share
    e = max_exploration * sum of their P(best)     in proportion to P(best).
Learning that needs more than this is bought apart, on few decisions, and only where it pays. Let L be the expected
loss per decision of not knowing how accurate the arms are (`posterior.best`), so L = 0 where posteriors do not overlap.
m judged answers of a night take g(m) = V / (V + t2 + s2 / m) off the variance V of what is believed of an arm's
accuracy (s2, t2: variances of an answer and of a night), and about half as much off L, for as long as evidence lasts:
over a night's D decisions and H = 1 / (1 - discount) nights. They cost m * price. The best m is where the next one is
not worth its price (expected value of sample information: Raiffa and Schlaifer 1961); and as evidence that is not
bought tonight can be bought tomorrow, no night spends more than half of what it loses by not knowing:
    m = min((sqrt(H D L/2 V s2 / price) - s2) / (V + t2), D L/2 / price)
The judge rate is m / D for the leader's V; the duel rate for that of its challengers, a duel costing their answer and
two judgements. Each lies between its two limits, and both within the budget, which scales the least rates down, too:
judge_budget is what judging may cost in the long run, and as evidence lasts H nights, H nights of it are there to be
spent, less what is remembered still. So a new profile invests, and what fades, or is forgotten because a model changed,
may be bought again. TROUBLE is what a judgement costs besides dollars, as a share of v; it bounds the rates where
judges are free. Challengers are drawn in proportion to P(best), the picked arm left out: top-two Thompson sampling
(Russo 2016, arXiv 1602.08448). All of it
depends on past nights only.

A floor of quality comes first: an arm whose accuracy is below it leads only if no arm's is above.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.judges import TROUBLE, judging_shares, may_judge
from nightdesk.role_rl.posterior import Array, Estimate, best
from nightdesk.role_rl.sampling import Plan

FLOOR = 1e-6
"""Least P(best) of an eligible arm: whoever is eligible can be drawn."""
USUAL = 100.0
"""Decisions of a night where none is known yet."""
LONGEST = 50.0
"""Most nights that evidence is taken to last."""


@dataclass(frozen=True, slots=True)
class CallPrices:
    """Dollars of a call by arm, and of one judgement: of each arm's answer (None: nobody may judge it)."""

    calls: Mapping[str, float]
    judgements: Mapping[str, float | None]

    def serving(self, plan: Plan) -> float:
        """Expected dollars of the served answer of a decision."""
        return sum(share * self.calls[name] for name, share in plan.weights.items())

    def judging(self, plan: Plan) -> float:
        """Expected dollars of judging a decision, and of the second answer of its duel."""
        shares = {name: share for name, share in plan.challengers.items() if name != plan.leader}
        total = sum(shares.values())
        rival = {name: share / total for name, share in shares.items()} if total > 0 else {}
        answers = sum(share * self.calls[name] for name, share in rival.items())
        judged = (self.judgements[plan.leader] or 0.0) + sum(
            share * (self.judgements[name] or 0.0) for name, share in rival.items()
        )
        alone = (1 - plan.duel_rate) * plan.judge_rate * (self.judgements[plan.leader] or 0.0)
        return alone + plan.duel_rate * (answers + judged)


def prices(estimate: Estimate, arms: Sequence[Arm], settings: Settings) -> CallPrices:
    """What answers and judgements of the arms cost (`arms` in the order of the estimate)."""
    judgements = {arm.name: _judgement_usd(arm, arms, estimate.dollars, settings) for arm in arms}
    return CallPrices(dict(zip(estimate.arms, map(float, estimate.dollars), strict=True)), judgements)


def plan(
    estimate: Estimate, arms: Sequence[Arm], settings: Settings, floor: float = 0.0, decisions: float = USUAL
) -> Plan:
    """The plan for the arms of an estimate (`arms` in the same order). A pool of one arm gets it all, unjudged.

    floor: the accuracy that the leading arm must have, if any has it. decisions: how many a night has.
    """
    chance, _ = best(estimate.value, estimate.covariance)
    _, loss = best(estimate.value, estimate.unjudged)
    chance = np.maximum(chance, FLOOR)
    lead = _lead(estimate, floor)
    weights = _weights(lead, chance, settings)
    judge_rate, duel_rate = _rates(estimate, arms, lead, chance, loss, decisions, settings)
    names = estimate.arms
    return Plan(
        weights=_rounded(dict(zip(names, weights, strict=True))),
        judge_rate=round(judge_rate, 9),
        duel_rate=round(duel_rate, 9),
        challengers=_rounded(dict(zip(names, chance / chance.sum(), strict=True))),
    )


def settled(name: str, arms: Sequence[Arm], settings: Settings) -> Plan:
    """The plan in which one arm serves, judged at the least rate; the others answer where it fails."""
    weights = {arm.name: FLOOR if arm.name != name else 1 - FLOOR * (len(arms) - 1) for arm in arms}
    judged = any(may_judge(a.model, a.family, b.model, b.family, (a,)) for a in arms for b in arms)
    return Plan(_rounded(weights), settings.min_judge_rate if judged else 0.0, 0.0, _rounded(weights))


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


def _lead(estimate: Estimate, floor: float) -> int:
    good = estimate.accuracy >= floor
    if floor <= 0:  # accuracies are estimates on the board's scale; a hopeless one's may lie below 0
        return int(np.argmax(estimate.value))
    if not good.any():
        return int(np.argmax(estimate.accuracy))
    return int(np.argmax(np.where(good, estimate.value, -np.inf)))


def _weights(lead: int, chance: Array, settings: Settings) -> Array:
    """(n,) probabilities of serving, of which the arm at `lead` has at least 1 - max_exploration."""
    others = chance.copy()
    others[lead] = 0.0
    if len(chance) == 1:
        return np.ones(1)
    explore = settings.max_exploration * min(1.0, float(others.sum()))
    weights: Array = explore * others / others.sum()
    weights[lead] = 1 - explore
    return weights


def _rates(
    estimate: Estimate,
    arms: Sequence[Arm],
    lead: int,
    chance: Array,
    loss: float,
    decisions: float,
    settings: Settings,
) -> tuple[float, float]:
    """(judge rate, duel rate)."""
    judgements = [_judgement_usd(arm, arms, estimate.dollars, settings) for arm in arms]
    known = [usd for usd in judgements if usd is not None]
    if not known:
        return 0.0, 0.0  # Nobody may judge anybody: a judge rate would promise what cannot be kept.
    of_leader = judgements[lead]
    judgement = sum(known) / len(known) if of_leader is None else of_leader
    others = np.where(np.arange(len(arms)) == lead, 0.0, chance)
    others /= max(float(others.sum()), FLOOR)
    duel = float(others @ estimate.dollars) + 2 * judgement
    lasts = min(LONGEST, 1 / max(1 - settings.discount, 1 / LONGEST))
    judge_rate = duel_rate = 0.0
    if settings.v > 0 and loss > 0:  # Without v accuracy is worth nothing, and neither is judging it.

        def bought(shares: Array, usd: float, judged: int) -> float:
            price = settings.k_cost * usd + judged * TROUBLE * settings.v
            doubt, of_answer, of_night = (float(shares @ column) for column in (estimate.doubt, *scatter))
            worth = lasts * decisions * loss / 2
            answers = (np.sqrt(worth * doubt * of_answer / price) - of_answer) / (doubt + of_night)
            return min(float(answers) / decisions, loss / 2 / price)

        scatter = np.array([[own.answer, own.night] for own in estimate.spreads]).T
        judge_rate = bought(np.where(np.arange(len(arms)) == lead, 1.0, 0.0), judgement, 1)
        duel_rate = bought(others, duel, 2)
    # The least rates are shares, so they are scaled by what they cost, because control is bound by the budget as well.
    a_night = settings.judge_budget * float(estimate.dollars.max())
    alone = max(0.0, settings.min_judge_rate - settings.min_duel_rate)
    control = alone * judgement + settings.min_duel_rate * duel
    kept = min(1.0, a_night / control) if control > 0 else 1.0
    least_judged, least_duel = settings.min_judge_rate * kept, settings.min_duel_rate * kept
    judge_rate = min(judge_rate, settings.max_judge_rate)
    duel_rate = min(max(duel_rate, least_duel), settings.max_duel_rate)
    spent = judge_rate * judgement + duel_rate * duel
    invested = estimate.remembered * judgement / decisions
    budget = max(0.0, a_night * lasts - invested)
    if spent > budget:
        judge_rate = judge_rate * budget / spent
        duel_rate = max(least_duel, duel_rate * budget / spent)
    # A duel is judged too.
    least = max(0.0, least_judged - duel_rate) / max(1 - duel_rate, FLOOR)
    return max(judge_rate, least), duel_rate


def _judgement_usd(arm: Arm, arms: Sequence[Arm], dollars: Array, settings: Settings) -> float | None:
    """Mean dollars of one judgement of an arm (a judge answers the role itself); None if nobody may judge it."""
    if settings.judge_usd is not None:
        return settings.judge_usd
    shares = judging_shares(arms, settings)
    able = {
        judge.model: (float(usd), shares[judge.name])
        for judge, usd in zip(arms, dollars, strict=True)
        if may_judge(judge.model, judge.family, arm.model, arm.family, (judge,))
    }
    if settings.judge in able:
        return able[settings.judge][0]
    total = sum(share for _, share in able.values())
    return sum(usd * share for usd, share in able.values()) / total if able else None


def _rounded(weights: Mapping[str, float]) -> dict[str, float]:
    """To 12 digits after the point, sorted by name: weights then differ when they differ, not in the last bit."""
    return {name: round(float(weights[name]), 12) for name in sorted(weights)}
