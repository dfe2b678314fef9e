"""Discounted sums: all that the learner remembers of an arm in one role and language.

Sums of old nights shrink by the discount (Garivier and Moulines 2011, arXiv 0805.3415, do the same for bandits whose
arms change), so an `n` here is an effective number, not a count.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum
from typing import NamedTuple

NOTHING = 1e-3
"""Evidence of less than this many answers is dropped, so that a state does not grow with models long gone."""


class Key(NamedTuple):
    """Whose tally it is."""

    role: str
    language: str
    arm: str


@dataclass(frozen=True, slots=True)
class Sums:
    """Weighted number, sum and sum of squares of a measurement."""

    n: float = 0.0
    total: float = 0.0
    squares: float = 0.0

    @staticmethod
    def of(values: Iterable[tuple[float, float]]) -> "Sums":
        """From (value, weight) pairs, in any order: fsum rounds once, so the order changes no digit."""
        pairs = list(values)
        return Sums(fsum(w for _, w in pairs), fsum(w * x for x, w in pairs), fsum(w * x * x for x, w in pairs))

    def plus(self, other: "Sums") -> "Sums":
        """Both together."""
        return Sums(self.n + other.n, self.total + other.total, self.squares + other.squares)

    def scaled(self, factor: float) -> "Sums":
        """The same mean and spread, at `factor` of the weight."""
        return Sums(self.n * factor, self.total * factor, self.squares * factor)


@dataclass(frozen=True, slots=True)
class Tally:
    """What is known of one arm's own first answers.

    answers: how many, all of them seen; valid: how many passed the gate. cost: dollars of a decision, repairs
    included; seconds: the same, as charged. judged: for each judge the accuracies given to valid answers; an answer
    judged by several counts once in all, shared out over them.
    """

    answers: float = 0.0
    valid: float = 0.0
    cost: Sums = Sums()
    seconds: Sums = Sums()
    judged: Mapping[str, Sums] = field(default_factory=dict)

    @property
    def judged_answers(self) -> float:
        """Effective number of judged answers."""
        return fsum(cell.n for cell in self.judged.values())

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        judges = sorted({*self.judged, *other.judged})
        return Tally(
            self.answers + other.answers,
            self.valid + other.valid,
            self.cost.plus(other.cost),
            self.seconds.plus(other.seconds),
            {judge: self.judged.get(judge, Sums()).plus(other.judged.get(judge, Sums())) for judge in judges},
        )

    def scaled(self, seen: float, judged: float) -> "Tally":
        """At a part of its weight: what is seen of every call by one factor, what was judged by the other."""
        cells = {judge: cell.scaled(judged) for judge, cell in self.judged.items() if cell.n * judged >= NOTHING}
        return Tally(self.answers * seen, self.valid * seen, self.cost.scaled(seen), self.seconds.scaled(seen), cells)
