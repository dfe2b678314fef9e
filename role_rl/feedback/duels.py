"""Decisions as a whole: duels of two answers, steps of the published rule, and how many there were."""

from collections import defaultdict
from dataclasses import dataclass
from math import fsum

import numpy as np
import pyarrow as pa

from nightdesk.role_rl.arms import Settings
from nightdesk.role_rl.feedback.charges import first_answers
from nightdesk.role_rl.feedback.columns import Floats, Ints
from nightdesk.role_rl.feedback.evidence import Remembered, Step
from nightdesk.role_rl.feedback.rows import PaidCalls
from nightdesk.role_rl.rewards import reward
from nightdesk.role_rl.sufficient_stats import Key, Sums


@dataclass(frozen=True, slots=True)
class Duels:
    """Duels both of whose answers were judged: rows of the first answers, and of the second ones."""

    first: Ints
    second: Ints

    def ease(self, paid: PaidCalls, means: Floats, known: Remembered) -> Floats:
        """Return what is taken from the accuracy of each call because its question was easy; 0 but for second ones."""
        ease = np.zeros(len(paid))
        usual, slope = _usual(paid.keys, known), np.array([known.slope(key[:2]) for key in paid.keys])
        if len(self.first):
            key = paid.key[self.first]
            ease[self.second] = np.nan_to_num(slope[key] * (means[self.first] - usual[key]))
        return ease

    def likeness(self, paid: PaidCalls, means: Floats, known: Remembered) -> dict[tuple[str, str], Sums]:
        """Return how alike the answers are, by role and context, where what is usual of both arms is known."""
        usual = _usual(paid.keys, known)
        first, second = (means[rows] - usual[paid.key[rows]] for rows in (self.first, self.second))
        apart: defaultdict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
        for row in np.flatnonzero(~np.isnan(first) & ~np.isnan(second)).tolist():
            apart[paid.keys[paid.key[self.first[row]]][:2]].append((float(first[row]), float(second[row])))
        return {
            context: Sums(fsum(x * x for x, _ in xs), fsum(x * y for x, y in xs), fsum(y * y for _, y in xs))
            for context, xs in sorted(apart.items())
        }


def duels_of(paid: PaidCalls, means: Floats) -> Duels:
    """Return the duels. means: accuracies of the calls, nan where they were not judged."""
    is_judged = ~np.isnan(means)
    first = first_answers(paid, np.flatnonzero(is_judged & paid.purpose.where("serve")))
    second = np.flatnonzero(is_judged & paid.purpose.where("duel"))
    rivals = np.array([first.get(one, -1) for one in paid.decision[second].tolist()], np.int64)
    return Duels(rivals[rivals >= 0], second[rivals >= 0])


def _usual(keys: list[Key], known: Remembered) -> Floats:
    """Return the mean accuracy that is remembered of each arm; nan where none is."""
    return np.array([known.means.get(key, np.nan) for key in keys])


def decisions_of(paid: PaidCalls) -> dict[tuple[str, str], int]:
    """Return how many decisions were made, by role and context."""
    contexts = sorted({key[:2] for key in paid.keys})
    place = np.array([contexts.index(key[:2]) for key in paid.keys], np.int64)
    rows = np.flatnonzero(paid.is_answer)
    if not len(rows):
        return {}
    size = int(paid.decision.max()) + 1
    different = np.unique(place[paid.key[rows]] * size + paid.decision[rows])
    counts = np.bincount(different // size, minlength=len(contexts))
    return {context: int(n) for context, n in zip(contexts, counts, strict=True) if n}


def steps_of(paid: PaidCalls, means: Floats, dollars: Floats, seconds: Floats, settings: Settings) -> tuple[Step, ...]:
    """Return the decisions all of whose answers have a reward (judged, or invalid), in the order of their calls.

    seconds: as they are charged.
    """
    answers = np.flatnonzero(paid.is_answer)
    lacks = np.bincount(paid.decision[answers], weights=paid.valid[answers] & np.isnan(means[answers]))
    rows = answers[lacks[paid.decision[answers]] == 0]
    accuracy = np.where(paid.valid[rows], means[rows], 0.0)
    worth = reward(accuracy, np.nan_to_num(dollars[rows]), np.nan_to_num(seconds[rows]), settings)
    names = paid.rows["call_id"].take(pa.array(rows)).to_pylist()
    begun = [str(moment or "") for moment in paid.rows["started_at"].take(pa.array(rows)).to_pylist()]
    ids = paid.rows["decision_id"].take(pa.array(rows)).to_pylist()
    is_second = (~paid.purpose.where("serve")[rows]).tolist()
    decisions: defaultdict[str, list[tuple[bool, str, str, Key, float]]] = defaultdict(list)
    told = zip(ids, is_second, names, begun, (paid.keys[k] for k in paid.key[rows]), worth.tolist(), strict=True)
    for decision, *answer in told:
        decisions[decision or ""].append(tuple(answer))
    steps = []
    for name, own in decisions.items():
        own.sort(key=lambda answer: answer[:2])
        rewards = tuple((key.arm, value) for *_, key, value in own)
        steps.append((min(moment for _, _, moment, *_ in own), name, Step(own[0][3][:2], rewards)))
    return tuple(step for _, _, step in sorted(steps, key=lambda s: s[:2]))
