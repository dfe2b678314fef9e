"""Decisions as a whole: duels of two answers, steps of the published rule, and how many there were."""

from collections import defaultdict
from dataclasses import dataclass
from math import fsum

import numpy as np

from nightdesk.role_rl.arms import Settings
from nightdesk.role_rl.feedback.charges import first_answers
from nightdesk.role_rl.feedback.columns import Floats, Ints, grouped
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
            key = paid.rows.key[self.first]
            ease[self.second] = np.nan_to_num(slope[key] * (means[self.first] - usual[key]))
        return ease

    def likeness(self, paid: PaidCalls, means: Floats, known: Remembered) -> dict[tuple[str, str], Sums]:
        """Return how alike the answers are, by role and context, where what is usual of both arms is known."""
        usual = _usual(paid.keys, known)
        first, second = (means[rows] - usual[paid.rows.key[rows]] for rows in (self.first, self.second))
        apart: defaultdict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
        for row in np.flatnonzero(~np.isnan(first) & ~np.isnan(second)).tolist():
            apart[paid.keys[paid.rows.key[self.first[row]]][:2]].append((float(first[row]), float(second[row])))
        return {
            context: Sums(fsum(x * x for x, _ in xs), fsum(x * y for x, y in xs), fsum(y * y for _, y in xs))
            for context, xs in sorted(apart.items())
        }


def duels_of(paid: PaidCalls, means: Floats) -> Duels:
    """Return the duels. means: accuracies of the calls, nan where they were not judged."""
    is_judged = ~np.isnan(means)
    first = first_answers(paid, np.flatnonzero(is_judged & paid.is_for("serve")))
    second = np.flatnonzero(is_judged & paid.is_for("duel"))
    rivals = np.array([first.get(one, -1) for one in paid.rows.decision[second].tolist()], np.int64)
    return Duels(rivals[rivals >= 0], second[rivals >= 0])


def _usual(keys: list[Key], known: Remembered) -> Floats:
    """Return the mean accuracy that is remembered of each arm; nan where none is."""
    return np.array([known.means.get(key, np.nan) for key in keys])


def decisions_of(paid: PaidCalls) -> dict[tuple[str, str], int]:
    """Return how many decisions were made, by role and context."""
    contexts = sorted({key[:2] for key in paid.keys})
    place = np.array([contexts.index(key[:2]) for key in paid.keys], np.int64)
    rows = np.flatnonzero(paid.is_answer)
    groups = place[paid.rows.key[rows]] if len(rows) else rows
    return {contexts[k]: len(np.unique(paid.rows.decision[rows[own]])) for k, own in grouped(groups)}


def steps_of(paid: PaidCalls, means: Floats, dollars: Floats, seconds: Floats, settings: Settings) -> tuple[Step, ...]:
    """Return the decisions all of whose answers have a reward (judged, or invalid), in the order of their calls.

    seconds: as they are charged.
    """
    answers = np.flatnonzero(paid.is_answer)
    _, decision = np.unique(paid.rows.decision[answers], return_inverse=True)
    lacks = np.bincount(decision, weights=paid.rows.valid[answers] & np.isnan(means[answers]))
    rows = answers[lacks[decision] == 0]
    accuracy = np.where(paid.rows.valid[rows], means[rows], 0.0)
    worth = reward(accuracy, np.nan_to_num(dollars[rows]), np.nan_to_num(seconds[rows]), settings)
    is_second = ~paid.is_for("serve")[rows]
    columns = (is_second, paid.rows.call[rows], paid.rows.started_us[rows], paid.rows.key[rows], worth)
    decisions: defaultdict[int, list[tuple[bool, int, int, int, float]]] = defaultdict(list)
    for name, *answer in zip(paid.rows.decision[rows].tolist(), *(c.tolist() for c in columns), strict=True):
        decisions[name].append(tuple(answer))
    steps = []
    for name, own in decisions.items():
        own.sort(key=lambda answer: answer[:2])
        rewards = tuple((paid.keys[key].arm, value) for *_, key, value in own)
        steps.append((min(answer[2] for answer in own), name, Step(paid.keys[own[0][3]][:2], rewards)))
    return tuple(step for _, _, step in sorted(steps, key=lambda s: s[:2]))
