"""Calls, charged and graded -> a tally for each role, language and arm."""

from dataclasses import dataclass, replace

import numpy as np

from nightdesk.role_rl.feedback.columns import Flags, Floats, Ints, exact_sum, grouped
from nightdesk.role_rl.feedback.grades import Grades, sums_of
from nightdesk.role_rl.feedback.rows import PaidCalls
from nightdesk.role_rl.sufficient_stats import Halves, Key, NightStats, Sums, Tally, Weighed

Tallies = dict[Key, Tally]


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
        answers = np.flatnonzero(self.paid.is_answer)
        return {k: self._tally(answers[own]) for k, own in grouped(cell[answers])}

    def _tally(self, rows: Ints) -> Tally:
        """Return what is known of some answers but for their grades."""
        calls, weight = self.paid.rows, self.paid.weight[rows]
        valid, ran, judged = calls.valid[rows], calls.ran[rows], calls.judged[rows]
        means, dollars, seconds = self.means[rows], self.dollars[rows], self.seconds[rows]
        with np.errstate(divide="ignore"):
            u = 1 / ran
            graded = weight * np.where(valid, u / judged, u)  # an invalid answer is known to be wrong without a judge
        accuracy = np.where(valid, means, 0.0)
        was_drawn = ran > 0
        is_logged = was_drawn & (~valid | (judged > 0))
        return Tally(
            answers=exact_sum(weight),
            valid=exact_sum(weight[valid]),
            cost=sums_of(dollars[~np.isnan(dollars)]),
            seconds=sums_of(seconds[~np.isnan(seconds)]),
            logged=(
                _weighed(accuracy, graded, is_logged),
                _weighed(dollars, u, was_drawn),
                _weighed(seconds, u, was_drawn),
            ),
        )

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


def _weighed(x: Floats, u: Floats, counts: Flags) -> Weighed:
    """Return the sums of the values that count and are known, each of which stands for u."""
    counts = counts & ~np.isnan(x)
    x, u = x[counts], u[counts]
    ux = u * x
    return Weighed(exact_sum(u), exact_sum(ux), exact_sum(u * u), exact_sum(u * ux), exact_sum(ux * ux))
