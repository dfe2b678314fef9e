"""The board: who may judge whom, what several judgements of one answer make together, and how far a judge is to be
believed.

A judge answers the role's question itself, and the other's answer is graded against its own by the role's measure
(which is the role's business, not ours). So a model judging itself would find itself perfect, and a sibling nearly so:
neither is ever heard, whatever the rows say.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import log

import numpy as np

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.sufficient_stats import Sums

LABELS = "labels"
"""The judge of a control item: what a careful reader made of it. Never a model's name (`Arm` refuses it)."""

TROUBLE = 0.01
"""What a judgement costs besides dollars, as a share of v."""
LEAST_COST = 1e-9
"""Of a judgement in reward, where neither accuracy nor dollars are worth anything."""

Pair = tuple[str, str]
"""Two judges of one answer, in the order of their names."""

MIN_DOUBLY_JUDGED = 30
"""Answers judged by two judges that it takes before anything is said about how reliable a judge is."""


def may_judge(judge: str, judge_family: str, model: str, family: str, arms: Iterable[Arm] = ()) -> bool:
    """Whether a judgement counts: not by the model itself, not by its family, not by a model that never judges.

    arms: the pool, where it is known; it settles `judges` (a baseline never judges) and the family of the judge if
    the row names none. A judge that is no longer in the pool is believed.
    """
    known = next((arm for arm in arms if arm.model == judge), None)
    if known is not None:
        if not known.judges:
            return False
        judge_family = judge_family or known.family
    return bool(judge) and judge != model and judge_family != family


def panel(
    arm: Arm,
    arms: Sequence[Arm],
    key: str,
    size: int = 1,
    rivals: Sequence[Arm] = (),
    judge: str = "",
    shares: Mapping[str, float] | None = None,
) -> tuple[Arm, ...]:
    """The judges of one answer of `arm`, at most `size` of them, best first; empty if nobody may judge it.

    arms: who may be asked: the pool without excluded models. judge: the profile's judge model, which judges alone whom
    it may; the others judge its own family. key: the decision; the order is drawn from it by a hash, so that all judges
    get their turn, each by its share (`judging_shares`; None: all alike), and a rerun asks the same ones. rivals: the
    other arm of a duel; judges who may judge both come first, since a difference that one and the same judge sees holds
    none of that judge's severity.
    """
    candidates: dict[str, Arm] = {}
    for other in arms:
        # A model that is there on both lanes is one judge, and nobody waits for a batch to judge.
        unseen = other.model not in candidates or other.lane == "sync"
        if unseen and may_judge(other.model, other.family, arm.model, arm.family, (other,)):
            candidates[other.model] = other
    if judge in candidates:
        return (candidates[judge],)

    def order(other: Arm) -> tuple[int, float, str]:
        partial = sum(other.model == rival.model or other.family == rival.family for rival in rivals)
        digest = blake2b(f"{key}\0{other.model}".encode(), digest_size=8).digest()
        uniform = (int.from_bytes(digest, "big") + 1) / 2**64
        # The least of exponential variables is each one's with the probability of its rate.
        return partial, -log(uniform) / (shares[other.name] if shares else 1.0), other.model

    return tuple(sorted(candidates.values(), key=order)[:size])


def judging_shares(arms: Iterable[Arm], settings: Settings) -> dict[str, float]:
    """How often each arm is asked to judge, in proportion to others: the inverse of what its judgement costs in reward.

    A judgement's noise is small beside the scatter of the answers that it grades, so a dollar tells most where
    judgements are cheap; the price is the profile's, so that a resumed run asks the same judges. What a judgement costs
    besides dollars keeps a free judge from being asked alone.
    """
    costs = {arm.name: settings.k_cost * arm.prior.cost_usd + TROUBLE * settings.v for arm in arms}
    return {name: 1 / max(cost, LEAST_COST) for name, cost in costs.items()}


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one judge. offset: how much more it gives than the board (or, where there were control items,
    than the labels); noise: the standard deviation of what else it adds to an answer's accuracy."""

    offset: float
    noise: float


OFFSET_SD = 0.05
POOLING = 10.0
"""Doubly judged answers that a judge's own noise must outweigh to differ from the board's."""


def standings(pairs: Mapping[Pair, Sums]) -> dict[str, Standing] | None:
    """What each judge adds to an answer, from answers with two judges or more; None with too few of them.

    The additive model x = answer + offset_j + noise_j, of which differences leave d = o_j - o_k + e_j - e_k, with
        o_j ~ N(0, OFFSET_SD**2)   (partial pooling; the labels have offset 0 and no noise)
        Var(d) = s_j^2 + s_k^2     (least squares over the pairs, drawn to the board's mean by POOLING answers)
    (crossed random effects: Searle, Casella and McCulloch 1992, chapter 5; pooling as in Gelman and Hill 2007, 12.2).
    pairs: by two judges, sums of the first's accuracy minus the second's.
    """
    total = sum(pair.n for pair in pairs.values())
    if total < MIN_DOUBLY_JUDGED:
        return None
    names = sorted({name for pair in pairs for name in pair} - {LABELS})
    at = {name: k for k, name in enumerate(names)}
    variance = {pair: max(0.0, d.squares / d.n - (d.total / d.n) ** 2) for pair, d in pairs.items()}
    sides = sum(pairs[pair].n * sum(name in at for name in pair) for pair in pairs)
    common = sum(pairs[pair].n * variance[pair] for pair in pairs) / sides or 1e-6

    own, drawn = POOLING * np.eye(len(names)), np.full(len(names), POOLING * common)
    for pair, d in pairs.items():
        row = np.array([float(name in pair) for name in names])
        own += d.n * np.outer(row, row)
        drawn += d.n * variance[pair] * row
    noise = np.maximum(np.linalg.solve(own, drawn), common / 10)

    precision, pull = np.eye(len(names)) / OFFSET_SD**2, np.zeros(len(names))
    for (one, other), d in pairs.items():
        row = np.array([float(name == one) - float(name == other) for name in names])
        weight = d.n / sum(noise[at[name]] for name in (one, other) if name in at)
        precision += weight * np.outer(row, row)
        pull += weight * d.total / d.n * row
    offset = np.linalg.solve(precision, pull)
    return {name: Standing(float(offset[k]), float(noise[k] ** 0.5)) for name, k in at.items()}


def reliability(pairs: Mapping[Pair, Sums]) -> tuple[dict[str, float] | None, int]:
    """What `judge_weights` wants: 1 / variance of each judge's noise (None: not known), and doubly judged answers."""
    known = standings(pairs)
    weights = None if known is None else {name: standing.noise**-2 for name, standing in known.items()}
    return weights, int(sum(pair.n for pair in pairs.values()))


def judge_weights(
    judges: Sequence[str], reliability: Mapping[str, float] | None = None, doubly_judged: int = 0
) -> dict[str, float]:
    """What each judgement of one answer weighs, summing to 1 (the column `weight`).

    reliability: 1 / variance of each judge's noise; equal weights while it is not known, that is with fewer than
    MIN_DOUBLY_JUDGED doubly judged answers, or if one of the judges has none.
    """
    if not judges:
        return {}
    if reliability is None or doubly_judged < MIN_DOUBLY_JUDGED or any(reliability.get(j, 0) <= 0 for j in judges):
        return dict.fromkeys(judges, 1.0 / len(judges))
    total = sum(reliability[judge] for judge in judges)
    return {judge: reliability[judge] / total for judge in judges}


def combined(accuracies: Sequence[float], weights: Sequence[float]) -> float | None:
    """One accuracy from several judgements of one answer: their weighted mean; None if there are none.

    Raises:
        ValueError: the two differ in length.
    """
    pairs = list(zip(accuracies, weights, strict=True))
    total = sum(weight for _, weight in pairs)
    return sum(accuracy * weight for accuracy, weight in pairs) / total if total > 0 else None
