"""Calls, charged and graded -> a tally for each role, language and arm."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from nightdesk.role_rl.feedback.columns import Floats, Ints, exact_sum, grouped
from nightdesk.role_rl.feedback.grades import Grades, sums_of
from nightdesk.role_rl.feedback.rows import PaidCalls
from nightdesk.role_rl.sufficient_stats import Halves, Key, NightStats, Sums, Tally, Weighed

Tallies = dict[Key, Tally]
T = TypeVar("T")


@dataclass(slots=True)
class Measured:
    """Paid calls with what is known of each. dollars, seconds: as charged; means: of its grades; nan: not known."""

    paid: PaidCalls
    given: Grades
    dollars: Floats
    seconds: Floats
    means: Floats

    @property
    def _key(self) -> Ints:
        return self.paid.rows.key.astype(np.int64)

    def tallies(self, ease: Floats) -> tuple[Tallies, Halves]:
        """Return the tallies of all calls, and of each half. ease: what is taken from the accuracy of each call."""
        cell = self._key * 2 + self.paid.rows.half  # arm and half
        seen = self._seen(cell)
        judged, nights = self._judged(cell, ease), self._nights(cell, ease)
        halves: tuple[Tallies, Tallies] = ({}, {})
        for k, key in enumerate(self.paid.keys):
            for half in (0, 1):
                own = replace(
                    seen.get(2 * k + half, Tally()),
                    judged=judged.get(2 * k + half, {}),
                    nights=nights.get(2 * k + half, NightStats()),
                )
                if own.answers or own.judged:
                    halves[half][key] = own
        whole = self._nights(self._key, ease)  # one night may be in both halves
        both = {
            key: replace(
                halves[0].get(key, Tally()).plus(halves[1].get(key, Tally())), nights=whole.get(k, NightStats())
            )
            for k, key in enumerate(self.paid.keys)
            if key in halves[0] or key in halves[1]
        }
        return both, halves

    def as_given(self, tallies: Tallies) -> Tallies:
        """Return tallies with the accuracies as they were given."""
        nothing = np.zeros(len(self.paid))
        judged, nights = self._judged(self._key, nothing), self._nights(self._key, nothing)
        place = {key: k for k, key in enumerate(self.paid.keys)}
        return {
            key: replace(tally, judged=judged.get(place[key], {}), nights=nights.get(place[key], NightStats()))
            for key, tally in tallies.items()
        }

    def _seen(self, cell: Ints) -> dict[int, Tally]:
        """Return what is known of each cell's answers but for their grades."""
        paid, calls = self.paid, self.paid.rows
        answers = np.flatnonzero(paid.is_answer)
        drawn = answers[calls.ran[answers] > 0]
        is_logged = ~calls.valid | (~np.isnan(self.means) & (calls.judged > 0))

        def accuracy(rows: Ints) -> Weighed:  # an invalid answer is known to be wrong without a judge
            valid = calls.valid[rows]
            u = paid.weight[rows] / (calls.ran[rows] * np.where(valid, calls.judged[rows], 1.0))
            return _weighed(np.where(valid, self.means[rows], 0.0), u)

        counts = _by(cell, answers, lambda rows: exact_sum(paid.weight[rows]))
        valid = _by(cell, answers, lambda rows: exact_sum(paid.weight[rows] * calls.valid[rows]))
        cost, seconds = (_by(cell, _known(x, answers), _sums(x)) for x in (self.dollars, self.seconds))
        logged = (
            _by(cell, drawn[is_logged[drawn]], accuracy),
            _by(cell, _known(self.dollars, drawn), lambda rows: _weighed(self.dollars[rows], 1 / calls.ran[rows])),
            _by(cell, _known(self.seconds, drawn), lambda rows: _weighed(self.seconds[rows], 1 / calls.ran[rows])),
        )
        return {
            k: Tally(
                counts[k],
                valid[k],
                cost.get(k, Sums()),
                seconds.get(k, Sums()),
                logged=(logged[0].get(k, Weighed()), logged[1].get(k, Weighed()), logged[2].get(k, Weighed())),
            )
            for k in counts
        }

    def _judged(self, cell: Ints, ease: Floats) -> dict[int, dict[str, Sums]]:
        """Return the sums of each cell's grades, by judge."""
        own, judges = self.given.grades, self.given.judges
        call = self.given.call[own]
        accuracy = self.given.accuracy[own] - ease[call]
        weight = self.given.share[own] * self.paid.weight[call]
        found: dict[int, dict[str, Sums]] = {}
        for number, rows in grouped(cell[call] * len(judges) + self.given.judge[own]):
            sums = sums_of(accuracy[rows], weight[rows])
            found.setdefault(number // len(judges), {})[judges[number % len(judges)]] = sums
        return found

    def _nights(self, cell: Ints, ease: Floats) -> dict[int, NightStats]:
        """Return how each cell's judged calls fall into runs."""
        graded = np.flatnonzero(~np.isnan(self.means))
        accuracy = self.means - ease
        nights: dict[int, list[list[float]]] = {}
        if len(graded):
            size = int(self.paid.rows.run.max()) + 1
            for number, rows in grouped(cell[graded] * size + self.paid.rows.run[graded]):
                nights.setdefault(number // size, []).append(accuracy[graded[rows]].tolist())
        return {k: NightStats.of(own) for k, own in nights.items()}


def _by(cell: Ints, rows: Ints, work: Callable[[Ints], T]) -> dict[int, T]:
    """Return what `work` makes of each cell's share of some rows."""
    return {k: work(rows[own]) for k, own in grouped(cell[rows])}


def _known(x: Floats, rows: Ints) -> Ints:
    return rows[~np.isnan(x[rows])]


def _sums(x: Floats) -> Callable[[Ints], Sums]:
    return lambda rows: sums_of(x[rows])


def _weighed(x: Floats, u: Floats) -> Weighed:
    """Return the sums of values each of which stands for u."""
    ux = u * x
    return Weighed(exact_sum(u), exact_sum(ux), exact_sum(u * u), exact_sum(u * ux), exact_sum(ux * ux))
