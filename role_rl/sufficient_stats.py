"""Discounted sums: all that the learner remembers of an arm in one role and language.

Sums of old nights shrink by the discount (Garivier and Moulines 2011, arXiv 0805.3415, do the same for bandits whose
arms change), so an `n` here is an effective number, not a count.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import fsum
from typing import NamedTuple

import numpy as np

NOTHING = 1e-3
"""Evidence of less than this many answers is dropped, so that a state does not grow with models long gone."""


class Key(NamedTuple):
    """Whose tally it is. context: a language, and after a slash any further column that a profile names."""

    role: str
    context: str
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
        if not pairs:
            return Sums()
        x, w = np.array(pairs).T
        return Sums(*(fsum(terms.tolist()) for terms in (w, w * x, w * x * x)))

    def plus(self, other: "Sums") -> "Sums":
        """Both together."""
        return Sums(self.n + other.n, self.total + other.total, self.squares + other.squares)

    def scaled(self, factor: float) -> "Sums":
        """The same mean and spread, at `factor` of the weight."""
        return Sums(self.n * factor, self.total * factor, self.squares * factor)


@dataclass(frozen=True, slots=True)
class Weighed:
    """Sums of a measurement x whose every value stands for u = 1 / (its probability of being there) values.

    What an estimate from the log needs of an arm (`ope`): sums of u, u x, u^2, u^2 x, u^2 x^2.
    """

    w: float = 0.0
    wx: float = 0.0
    ww: float = 0.0
    wwx: float = 0.0
    wwxx: float = 0.0

    @staticmethod
    def of(values: Iterable[tuple[float, float]]) -> "Weighed":
        """From (x, u) pairs, in any order."""
        pairs = list(values)
        if not pairs:
            return Weighed()
        x, u = np.array(pairs).T
        return Weighed(*(fsum(terms.tolist()) for terms in (u, u * x, u * u, u * u * x, (u * x) ** 2)))

    def plus(self, other: "Weighed") -> "Weighed":
        """Both together."""
        return Weighed(*(a + b for a, b in zip(self.values, other.values, strict=True)))

    def scaled(self, factor: float) -> "Weighed":
        """At `factor` of the weight; the effective sample w^2 / ww shrinks by it too."""
        return Weighed(*(factor * x for x in self.values))

    @property
    def values(self) -> tuple[float, float, float, float, float]:
        """The sums, in the order of the fields."""
        return self.w, self.wx, self.ww, self.wwx, self.wwxx


@dataclass(frozen=True, slots=True)
class NightStats:
    """How judged answers fall into nights, n_k of which in night k sum up to total_k.

    count: nights; n, total, squares: sums over all answers; sizes: sum of n_k^2; between: sum of total_k^2 / n_k.
    """

    count: float = 0.0
    n: float = 0.0
    total: float = 0.0
    squares: float = 0.0
    sizes: float = 0.0
    between: float = 0.0

    @staticmethod
    def of(nights: Iterable[Sequence[float]]) -> "NightStats":
        """From each night's accuracies."""
        seen = [night for night in nights if night]
        totals = [fsum(night) for night in seen]
        return NightStats(
            count=float(len(seen)),
            n=float(sum(map(len, seen))),
            total=fsum(totals),
            squares=fsum(x * x for night in seen for x in night),
            sizes=float(sum(len(night) ** 2 for night in seen)),
            between=fsum(total**2 / len(night) for total, night in zip(totals, seen, strict=True)),
        )

    def worth(self, alike: float) -> float:
        """Share of the answers that they tell as much as, if answers of one night correlate by `alike`."""
        return 1 / (1 + max(0.0, self.sizes / self.n - 1) * alike) if self.n >= NOTHING else 1.0

    def plus(self, other: "NightStats") -> "NightStats":
        """Both together, of different nights."""
        return NightStats(*(a + b for a, b in zip(self.values, other.values, strict=True)))

    def scaled(self, factor: float) -> "NightStats":
        """At `factor` of the weight: every n_k becomes factor * n_k."""
        count, n, total, squares, sizes, between = (factor * x for x in self.values)
        return NightStats(count, n, total, squares, factor * sizes, between)

    @property
    def values(self) -> tuple[float, float, float, float, float, float]:
        """The sums, in the order of the fields."""
        return self.count, self.n, self.total, self.squares, self.sizes, self.between


@dataclass(frozen=True, slots=True)
class Tally:
    """What is known of one arm's own first answers.

    answers: how many, all of them seen; valid: how many passed the format checker. cost: dollars of a decision, repairs
    included; seconds: the same, as charged. judged: for each judge the accuracies given to valid answers; an answer
    judged by several counts once in all, shared out over them. nights: how the judged ones fall into nights.
    logged: accuracy (an invalid answer's is 0), dollars and seconds, each weighed for estimates from the log.
    """

    answers: float = 0.0
    valid: float = 0.0
    cost: Sums = Sums()
    seconds: Sums = Sums()
    judged: Mapping[str, Sums] = field(default_factory=dict)
    nights: NightStats = NightStats()
    logged: tuple[Weighed, Weighed, Weighed] = (Weighed(), Weighed(), Weighed())

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
            self.nights.plus(other.nights),
            _three(a.plus(b) for a, b in zip(self.logged, other.logged, strict=True)),
        )

    def scaled(self, seen: float, judged: float) -> "Tally":
        """At a part of its weight: what is seen of every call by one factor, what was judged by the other."""
        cells = {judge: cell.scaled(judged) for judge, cell in self.judged.items() if cell.n * judged >= NOTHING}
        accuracy, dollars, seconds = self.logged
        return Tally(
            self.answers * seen, self.valid * seen, self.cost.scaled(seen), self.seconds.scaled(seen), cells,
            self.nights.scaled(judged), (accuracy.scaled(judged), dollars.scaled(seen), seconds.scaled(seen)),
        )  # fmt: skip

    def independent(self, alike: float, whole: NightStats | None = None) -> "Tally":
        """One night's tally with its judged answers, as judged and as logged, counted as what they are worth together.

        alike: correlation r of two answers of one night; n of them tell as much as n / (1 + (n - 1) r) of different
        nights (the design effect of cluster samples: Kish 1965, 5.4). whole: of the night of which this is a part
        (None: it is whole); by it what is logged is counted, because the parts' logs are put together again.
        """
        judged, logged = self.nights.worth(alike), (whole or self.nights).worth(alike)
        return replace(
            self,
            judged={judge: cell.scaled(judged) for judge, cell in self.judged.items()},
            logged=(self.logged[0].scaled(logged), *self.logged[1:]),
        )


def _three(values: Iterable[Weighed]) -> tuple[Weighed, Weighed, Weighed]:
    accuracy, dollars, seconds = values
    return accuracy, dollars, seconds


Halves = tuple[Mapping[Key, Tally], Mapping[Key, Tally]]
"""Tallies of two disjoint halves of the decisions."""
