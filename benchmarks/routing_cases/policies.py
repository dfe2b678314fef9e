"""Policies of others that choose a model for each prompt. A policy is made for a seed and is asked and told:

    choose(source) -> (models by number, is_judged)   the first serves; all of them are paid
    told(source, {model: (reward or None, dollars)})  the reward of what ran, None where it was not judged

Those here are told the reward of every answer that ran, and at once.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from benchmarks.routing_cases.record import Floats

Told = Mapping[int, tuple[float | None, float]]


class Policy(Protocol):
    """What chooses (see the module)."""

    def choose(self, source: int) -> tuple[list[int], bool]:
        """Return the models to run."""

    def told(self, source: int, answers: Told) -> None:
        """Take what the answers of the last choice earned."""


class Fixed:
    """A model for each source, whatever happens."""

    def __init__(self, models: Sequence[int]) -> None:
        self._models = models

    def choose(self, source: int) -> tuple[list[int], bool]:
        """Return the source's model."""
        return [int(self._models[source])], False

    def told(self, source: int, answers: Told) -> None:
        """Learn nothing."""


class Published:
    """The published rule: a sweep, then epsilon-greedy Q over (last model, succeeded); a duel where it would change.

    An answer has succeeded if its net reward is above a half, as the rule's rewards run from -10 to 10 and ours to 1.
    """

    EPSILON, ALPHA = 0.03, 0.1

    def __init__(self, models: int, k_cost: float, seed: int) -> None:
        self._n, self._k_cost, self._dice = models, k_cost, random.Random(seed)
        self._q = [[0.0] * models for _ in range(2 * models)]
        self._now, self._state, self._swept, self._picks = 0, 0, False, [0]

    def choose(self, source: int) -> tuple[list[int], bool]:
        """Return all models once; then the incumbent, and the pick beside it."""
        self._picks = list(range(self._n))
        if self._swept:
            row = self._q[self._state]
            explores = self._dice.random() <= self.EPSILON
            pick = self._dice.randrange(self._n) if explores else max(range(self._n), key=row.__getitem__)
            self._picks = list(dict.fromkeys((self._now, pick)))
        return self._picks, True

    def told(self, source: int, answers: Told) -> None:
        """Keep the better one, and update the table both ways."""
        worth = {model: 2 * ((reward or 0.0) - self._k_cost * usd) - 1 for model, (reward, usd) in answers.items()}
        rows = {model: 2 * model + (value <= 0) for model, value in worth.items()}
        if self._swept:
            for model, value in worth.items():
                self._update(self._state, model, value)
        if len(worth) > 1:
            for one, row in rows.items():
                for other, value in worth.items():
                    if one != other or not self._swept:
                        self._update(row, other, value)
        self._swept = True
        self._now = max(worth, key=worth.__getitem__)
        self._state = rows[self._now]

    def _update(self, row: int, model: int, worth: float) -> None:
        self._q[row][model] += self.ALPHA * (worth - self._q[row][model])


class LinUCB:
    """Ridge regression of the net reward on the context, a model apart; the highest upper bound serves (Li et al. 2010,
    arXiv 1003.0146, algorithm 1). With a one-hot context it is a mean for each source."""

    ALPHA = 1.0  # below the first answer's reward, no second model is ever tried

    def __init__(self, models: int, contexts: int, k_cost: float, context: Callable[[int], int]) -> None:
        self._count, self._total = np.ones((contexts, models)), np.zeros((contexts, models))
        self._k_cost, self._context = k_cost, context

    def choose(self, source: int) -> tuple[list[int], bool]:
        """Return the model of the highest upper bound."""
        count, total = (a[self._context(source)] for a in (self._count, self._total))
        return [int((total / count + self.ALPHA / np.sqrt(count)).argmax())], True

    def told(self, source: int, answers: Told) -> None:
        """Update the served model's regression."""
        for model, (reward, usd) in answers.items():
            self._count[self._context(source), model] += 1
            self._total[self._context(source), model] += (reward or 0.0) - self._k_cost * usd


class Thompson:
    """A Gaussian posterior of each model's net reward in a context; the highest draw serves (Thompson 1933)."""

    MEAN, SD, NOISE = 0.9, 0.2, 0.2  # believed beforehand: about what such records hold

    def __init__(self, models: int, contexts: int, k_cost: float, context: Callable[[int], int], seed: int) -> None:
        self._precision: Floats = np.full((contexts, models), self.SD**-2)
        self._pull: Floats = self.MEAN * self._precision
        self._k_cost, self._context, self._dice = k_cost, context, np.random.default_rng(seed)

    def choose(self, source: int) -> tuple[list[int], bool]:
        """Return the model of the highest draw."""
        precision = self._precision[self._context(source)]
        mean = self._pull[self._context(source)] / precision
        return [int(self._dice.normal(mean, precision**-0.5).argmax())], True

    def told(self, source: int, answers: Told) -> None:
        """Update the served model's posterior."""
        for model, (reward, usd) in answers.items():
            self._precision[self._context(source), model] += self.NOISE**-2
            self._pull[self._context(source), model] += ((reward or 0.0) - self._k_cost * usd) * self.NOISE**-2
