"""Models change without a word. Old evidence fades a little every night (the discount), and at once when tonight
contradicts it.

Two hypotheses for the difference d between tonight's mean and the remembered one, whose variance is v: nothing
changed, d ~ N(0, v); or something did, d ~ N(0, v + CHANGE_SD^2). With a prior chance of CHANCE a night the posterior
odds of a change follow, and that probability of what was remembered is forgotten: the one-step case of Bayesian online
changepoint detection (Adams and MacKay 2007, arXiv 0710.3742).
"""

from dataclasses import dataclass
from math import exp, sqrt

from nightdesk.role_rl.posterior import SD, Spread
from nightdesk.role_rl.sufficient_stats import Tally

CHANCE = 1 / 50
CHANGE_SD = 0.2
DOUBT = 0.05
"""A smaller chance of a change is none."""


@dataclass(frozen=True, slots=True)
class Change:
    """accuracy, validity: probabilities that an arm's judged accuracy and its share of valid answers changed tonight;
    fell: that, more likely than not, one of them did, and for the worse."""

    accuracy: float = 0.0
    validity: float = 0.0
    fell: bool = False


def probability(difference: float, variance: float) -> float:
    """Of a change, given a difference and its variance without one."""
    if variance <= 0:
        return 0.0
    wide = variance + CHANGE_SD**2
    # The ratio of the two densities, its exponent capped where it is certain anyway.
    odds = CHANCE / (1 - CHANCE) * sqrt(variance / wide)
    odds *= exp(min(60.0, difference**2 / 2 * (1 / variance - 1 / wide)))
    chance = odds / (1 + odds)
    return chance if chance >= DOUBT else 0.0


def change(old: Tally, tonight: Tally, scatter: Spread) -> Change:
    """Compare a night with what is remembered of one arm. scatter: how its answers and nights do (`posterior`)."""
    accuracy = validity = 0.0
    fell = False
    n, m = old.judged_answers, tonight.judged_answers
    if n >= 1 and m >= 1:
        means = [sum(cell.total for cell in tally.judged.values()) / tally.judged_answers for tally in (old, tonight)]
        variance = (scatter.answer + scatter.night) / n + scatter.answer / m + scatter.night
        accuracy = probability(means[1] - means[0], variance)
        fell = accuracy > 0.5 and means[1] < means[0]
    if old.answers >= 1 and tonight.answers >= 1:
        before, now = old.valid / old.answers, tonight.valid / tonight.answers
        both = (old.valid + tonight.valid + 1) / (old.answers + tonight.answers + 2)
        spread = both * (1 - both) * (1 / old.answers + 1 / tonight.answers) + scatter.night + (SD / 10) ** 2
        validity = probability(now - before, spread)
        fell |= validity > 0.5 and now < before
    return Change(accuracy, validity, fell)
