"""Tallies and priors -> what each arm is worth in a role and language, how sure that is, and who is probably best.

Accuracy. For the arms i and the judges j of a role and language, let y_ij be the mean of n_ij accuracies that judge j
gave to valid answers of arm i. The model is additive (a two-way mixed model, whose best predictor is the posterior
mean: Searle, Casella and McCulloch 1992, chapter 7):
    y_ij = a_i + o_j + noise,     noise ~ N(0, s2 / n_ij)
    a_i  = prior accuracy + b + own,   own ~ N(0, SD**2 / strength),   b ~ N(0, LEVEL_SD**2)
    o_j  ~ N(0, JUDGE_SD**2)
b, common to all arms, is how severely the board grades this role and language at all; o_j is one judge's standing
offset; s2 is an arm's variance within nights, drawn to that of all arms (and
it to SD**2) by NOISE_WEIGHT judgements. a comes out by
conditioning of Gaussians (Bishop 2006, equations 2.81 and 2.82), on the board's scale, that is b included.

Why so, and not one mean per arm: judges are models too. Two models that grade each other by a symmetric measure give
each other the same accuracy on every answer, however much the one is better. One mean per arm would read this as
"they are equal", and the more nights, the surer. Here the judge of the one is not the judge of the other, so what the
arms have in common goes to b, and their difference is known no better than the offsets o_j: the priors' order stays,
its gap shrunk by a bounded factor. Shipped pool (static 0.95, lexical 0.80, strength 40, baseline 0.30): the gap is
0.150 with a standard deviation of 0.045 on the first night, and after equal judgements for ever 0.107 with 0.038; the
arms that do not lead share well under 1 % all the time. As soon as a third family judges both, the offset cancels
from the difference, and evidence counts in full.

Answers of one night are about the same evening's texts, so they are alike: with t2 the variance of a night's mean (a
one-way random effect, by the method of moments: Searle, Casella and McCulloch 1992, 3.6), two of them correlate by
r = t2 / (s2 + t2), n of them are remembered as n / (1 + (n - 1) r), and each of these varies by s2 + t2. So nights
count, not answers, where nights differ, and no amount of judging in one night makes up for a second.

Validity is a Beta mean over all answers. An arm's accuracy is validity * a (see `feedback`). Dollars and seconds are
means with a prior of SEEN_STRENGTH calls: they are seen on every call and need little belief.

The prior is not discounted, the evidence is: an arm that nobody tried for long is believed to be what the profile says.
Other languages of the same role count like BORROWED answers of this one; a language never seen has only those.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.cold_start import expected
from nightdesk.role_rl.rewards import reward
from nightdesk.role_rl.sufficient_stats import NOTHING, Key, Sums, Tally

SD = 0.2
"""Standard deviation of an answer's accuracy as judged."""
LEVEL_SD = 0.15
JUDGE_SD = 0.05
NOISE_WEIGHT = 20.0
NIGHT_SD = 0.02
VALIDITY = 0.99
VALIDITY_STRENGTH = 30.0
SEEN_STRENGTH = 10.0
SEEN_VARIATION = 0.5
"""Standard deviation over mean that dollars and seconds of a call have before they are seen."""
BORROWED = 30.0

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spread:
    """Variances of an arm's judged accuracies: of an answer within its night (s2), and of a night's mean (t2)."""

    answer: float = SD**2
    night: float = NIGHT_SD**2

    @property
    def alike(self) -> float:
        """Correlation of two answers of one night."""
        return self.night / (self.answer + self.night)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Posterior of n arms in one role and language; every array has shape (n,) in the order of `arms`.

    accuracy: of an answer, the invalid ones counted as 0. dollars, seconds: of a decision. value: mean of R;
    covariance: of the mean, shape (n, n). judged: effective judged answers in this language itself. unjudged: the part
    of the covariance that is about accuracy, which judging can lessen. doubt: variance of what is believed of a valid
    answer's accuracy, (n,). spreads: how answers and nights scatter. remembered: judged answers of all arms together,
    as they were paid for, borrowed ones included.
    """

    arms: tuple[str, ...]
    accuracy: Array
    dollars: Array
    seconds: Array
    value: Array
    covariance: Array
    judged: Array
    unjudged: Array
    doubt: Array
    spreads: tuple[Spread, ...]
    remembered: float

    def better(self, new: Mapping[str, float], old: Mapping[str, float]) -> float:
        """Probability that a decision is worth more under the weights `new` than under `old` (arm -> share)."""
        step = np.array([new.get(name, 0.0) - old.get(name, 0.0) for name in self.arms])
        sd = math.sqrt(max(0.0, float(step @ self.covariance @ step)))
        gain = float(step @ self.value)
        return float(_normal_cdf(np.array(gain / sd))) if sd > 0 else float(gain >= 0)


def estimate(
    arms: Sequence[Arm], tallies: Mapping[Key, Tally], settings: Settings, role: str, language: str
) -> Estimate:
    """The posterior of the given arms (at least one)."""
    known = [pooled(tallies, Key(role, language, arm.name)) for arm in arms]
    priors = expected(arms, [arm.prior_for(role, language) for arm in arms], known, SD)
    right, right_cov = _accuracy(
        np.array([prior.accuracy for prior in priors]),
        np.array([prior.strength for prior in priors]),
        known,
    )
    calls = np.array([tally.answers for tally in known]) + VALIDITY_STRENGTH
    valid = (np.array([tally.valid for tally in known]) + VALIDITY_STRENGTH * VALIDITY) / calls
    valid_var = valid * (1 - valid) / (calls + 1)
    dollars, dollars_var = _seen([prior.cost_usd for prior in priors], [tally.cost for tally in known])
    seconds, seconds_var = _seen([prior.latency_s for prior in priors], [tally.seconds for tally in known])

    # Moments of the product of two independent variables, arm by arm; between arms only the accuracies are related.
    accuracy = valid * right
    covariance = np.outer(valid, valid) * right_cov
    covariance += np.diag(valid_var * (right**2 + np.diag(right_cov)))
    unjudged = settings.v**2 * covariance
    covariance = unjudged + np.diag(settings.k_cost**2 * dollars_var + settings.k_time**2 * seconds_var)
    own = [tallies.get(Key(role, language, arm.name), Tally()).judged_answers for arm in arms]
    return Estimate(
        arms=tuple(arm.name for arm in arms),
        accuracy=accuracy,
        dollars=dollars,
        seconds=seconds,
        value=reward(accuracy, dollars, seconds, settings),
        covariance=covariance,
        judged=np.array(own),
        unjudged=unjudged,
        doubt=np.diag(right_cov).copy(),
        spreads=tuple(spreads(known)),
        remembered=math.fsum(max(tally.nights.n, tally.judged_answers) for tally in known),
    )


def pooled(tallies: Mapping[Key, Tally], key: Key) -> Tally:
    """An arm's own tally in a language, and those of the role's other languages at the weight of BORROWED answers."""
    others = Tally()
    for other in sorted(k for k in tallies if k[0] == key.role and k[2] == key.arm and k[1] != key.context):
        others = others.plus(tallies[other])
    seen = min(1.0, BORROWED / max(others.answers, 1.0))
    judged = min(1.0, BORROWED / max(others.judged_answers, 1.0))
    return tallies.get(key, Tally()).plus(others.scaled(seen, judged))


def best(value: Array, covariance: Array) -> tuple[Array, float]:
    """Probability that each of n arms is the best, shape (n,), and what not knowing it costs per decision.

    P(i) = integral of phi_i(x) * product over j != i of Phi_j(x) dx (Scott 2010, section 3), on a fixed grid, so the
    same posterior gives the same weights everywhere. The loss is E[max R] - max E[R], the expected value of perfect
    information (Raiffa and Schlaifer 1961), in units of R. Multiplying R by a positive
    constant leaves the probabilities as they are and multiplies the loss.
    """
    lead = int(np.argmax(value))
    if len(value) == 1:
        return np.ones(1), 0.0
    # The integral wants independent arms. What all share cancels, so each arm is given what its difference to the
    # leader leaves: these differences are exact, those among the others near.
    apart = np.diag(covariance) + covariance[lead, lead] - 2 * covariance[:, lead]
    apart[lead] = np.inf
    apart[lead] = max(0.0, float(apart.min())) / 2
    variance = np.where(np.arange(len(value)) == lead, apart, apart - apart[lead])
    mean = value - value[lead]
    unit = math.sqrt(float(variance.max())) or float(np.abs(mean).max()) or 1.0
    sd = np.sqrt(np.maximum(variance, 0.0))
    mean, sd = mean / unit, np.maximum(sd / unit, 1e-9)

    points = mean[:, None] + sd[:, None] * _GRID  # (n, g): the grid of each arm in its own standard deviations
    chance = np.empty(len(mean))
    gain = 0.0
    for i in range(len(mean)):
        below = np.prod([_normal_cdf((points[i] - mean[j]) / sd[j]) for j in range(len(mean)) if j != i], axis=0)
        chance[i] = float(np.sum(_DENSITY * below))
        gain += float(np.sum(_DENSITY * below * points[i]))
    return chance / chance.sum(), max(0.0, gain) * unit


def spreads(known: Sequence[Tally]) -> list[Spread]:
    """Each arm's own variances, drawn to those of all by NOISE_WEIGHT answers, and these to SD and NIGHT_SD."""
    parts = [_apart(tally) for tally in known]

    def drawn(to: Spread, some: Sequence[tuple[float, float, float, float, float]]) -> Spread:
        answer = NOISE_WEIGHT * to.answer + sum(within for within, *_ in some)
        answer /= NOISE_WEIGHT + sum(answers for _, answers, *_ in some)
        night = NOISE_WEIGHT * to.night + sum(between - answer * free for _, _, between, free, _ in some)
        night /= NOISE_WEIGHT + sum(size for *_, size in some)
        return Spread(answer, max(0.0, night))

    of_all = drawn(Spread(), parts)
    return [drawn(of_all, [part]) for part in parts]


def _apart(tally: Tally) -> tuple[float, float, float, float, float]:
    """Sums of squares within and between nights, with what they are to be divided by (`spreads`)."""
    over = tally.nights
    if over.n < NOTHING:  # no record of nights: the cells' own means are all there is to be apart from
        cells = [cell for cell in tally.judged.values() if cell.n >= NOTHING]
        within = math.fsum(max(0.0, cell.squares - cell.total**2 / cell.n) for cell in cells)
        return within, math.fsum(cell.n for cell in cells), 0.0, 0.0, 0.0
    return (
        max(0.0, over.squares - over.between),
        max(0.0, over.n - over.count),
        max(0.0, over.between - over.total**2 / over.n),
        max(0.0, over.count - 1),
        max(0.0, over.n - over.sizes / over.n),
    )


def _accuracy(prior: Array, strength: Array, known: Sequence[Tally]) -> tuple[Array, Array]:
    """Posterior mean (n,) and covariance (n, n) of the accuracies of valid answers, on the board's scale."""
    n = len(prior)
    judges = sorted({judge for tally in known for judge in tally.judged})
    cells = [
        (i, n + judges.index(judge), cell)
        for i, tally in enumerate(known)
        for judge, cell in tally.judged.items()
        if cell.n >= NOTHING
    ]
    covariance = np.zeros((n + len(judges), n + len(judges)))
    covariance[:n, :n] = np.diag(SD**2 / strength) + LEVEL_SD**2
    covariance[n:, n:] = JUDGE_SD**2 * np.eye(len(judges))
    if not cells:
        return prior, covariance[:n, :n]
    weight = np.array([cell.n for _, _, cell in cells])
    means = np.array([cell.total / cell.n for _, _, cell in cells])
    each = spreads(known)
    arms = np.array([arm for arm, _, _ in cells])
    noise = np.array([each[arm].answer + each[arm].night for arm in arms]) / weight
    design = np.zeros((len(cells), n + len(judges)))
    for row, (arm, judge, _) in enumerate(cells):
        design[row, arm] = design[row, judge] = 1.0
    cross = covariance @ design.T
    gain = np.linalg.solve(design @ cross + np.diag(noise), cross.T).T
    surprise = means - prior[arms]
    posterior = covariance - gain @ cross.T
    return prior + (gain @ surprise)[:n], posterior[:n, :n]


def _seen(prior: Sequence[float], sums: Sequence[Sums]) -> tuple[Array, Array]:
    """Posterior mean and its variance, both (n,), of something that is measured on every call."""
    start = np.array(prior, dtype=np.float64)
    n, total, squares = (np.array([getattr(s, name) for s in sums]) for name in ("n", "total", "squares"))
    weight = SEEN_STRENGTH + n
    mean = (SEEN_STRENGTH * start + total) / weight
    spread = np.maximum(0.0, squares - 2 * mean * total + n * mean**2)
    return mean, (SEEN_STRENGTH * (SEEN_VARIATION * start) ** 2 + spread) / weight**2


_GRID: Array = np.linspace(-8.0, 8.0, 801)
_DENSITY: Array = np.exp(-(_GRID**2) / 2) / np.exp(-(_GRID**2) / 2).sum()
_TABLE_AT: Array = np.linspace(-9.0, 9.0, 9001)
_TABLE: Array = np.array([math.erfc(-x / math.sqrt(2)) / 2 for x in _TABLE_AT])


def _normal_cdf(x: Array) -> Array:
    """Phi(x), interpolated in a table to 1e-6; beyond 9 standard deviations 0 or 1."""
    return np.interp(x, _TABLE_AT, _TABLE)
