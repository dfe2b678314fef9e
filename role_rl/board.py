"""The board: who may judge whom, and what several judgements of one answer make together.

A judge answers the role's question itself, and the other's answer is graded against its own by the role's measure
(which is the role's business, not ours). So a model judging itself would find itself perfect, and a sibling nearly so:
neither is ever heard, whatever the rows say.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

from role_rl.arms import Arm

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


def panel(arm: Arm, arms: Sequence[Arm], key: str, size: int = 1, rivals: Sequence[Arm] = ()) -> tuple[Arm, ...]:
    """The judges of one answer of `arm`, at most `size` of them, best first; empty if nobody may judge it.

    arms: who may be asked: the pool without excluded models. key: the decision; the order is drawn from it by a hash,
    so that all judges get their turn, and a rerun asks the same ones. rivals: the other arm of a duel; judges who may
    judge both come first, since a difference that one and the same judge sees holds none of that judge's severity.
    """
    candidates: dict[str, Arm] = {}
    for judge in arms:
        # A model that is there on both lanes is one judge, and nobody waits for a batch to judge.
        unseen = judge.model not in candidates or judge.lane == "sync"
        if unseen and may_judge(judge.model, judge.family, arm.model, arm.family, (judge,)):
            candidates[judge.model] = judge

    def order(judge: Arm) -> tuple[int, bytes, str]:
        partial = sum(judge.model == rival.model or judge.family == rival.family for rival in rivals)
        return partial, blake2b(f"{key}\0{judge.model}".encode(), digest_size=8).digest(), judge.model

    return tuple(sorted(candidates.values(), key=order)[:size])


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
