"""What a night would have been worth under other weights, estimated from the nights that were.

Row i of the log stands for u_i = 1 / (probability of its being there) rows: for accuracy the row must have run and
been judged (propensity * judge_propensity; an invalid answer is known to be wrong without a judge), for dollars and
seconds it must have run. Under weights w an arm's rows count w(arm) times, and the self-normalised estimate
(Swaminathan and Joachims 2015, equation 8; Hesterberg 1995) of the mean of x is
    V(w) = sum_i w_i u_i x_i / sum_i w_i u_i.
The effective sample is (sum w_i u_i)^2 / sum (w_i u_i)^2 (Kong 1992). The variance of a difference V(w') - V(w) is the
delta method's (Owen 2013, 9.2): the sum over rows of the squared
    u_i [ w'_i (x_i - V') / W' - w_i (x_i - V) / W ],     W = sum_i w_i u_i,
which is paired: rows whose share is the same under both cancel. As w depends on the arm alone, all of it follows from
five sums per arm (`sufficient_stats.Weighed`). Accuracy, dollars and seconds come of the same calls; their standard
errors are added, which is right for any dependence and otherwise wide.

The estimate is of one role: what its answers did to the roles after it is as logged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from nightdesk.role_rl.arms import Settings
from nightdesk.role_rl.sufficient_stats import Tally, Weighed

Z = 1.96
SUPPORTED = 0.9
"""Least share of the weights that must lie on arms of which the log holds judged rows."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval, and the effective number of judged rows behind it."""

    mean: float
    low: float
    high: float
    effective: float

    @staticmethod
    def of(mean: float, error: float, effective: float) -> "Interval":
        """From a standard error."""
        return Interval(mean, mean - Z * error, mean + Z * error, effective)


def effective(logs: Mapping[str, Tally], weights: Mapping[str, float]) -> float:
    """The effective number of judged rows under the weights; 0 if more than a tenth of the share has none at all."""
    seen = sum(share for name, share in weights.items() if name in logs and logs[name].logged[0].w > 0)
    if seen < SUPPORTED * sum(weights.values()):
        return 0.0
    parts = [(share, logs[name].logged[0]) for name, share in weights.items() if name in logs]
    squares = sum(share**2 * rows.ww for share, rows in parts)
    return sum(share * rows.w for share, rows in parts) ** 2 / squares if squares > 0 else 0.0


def value(logs: Mapping[str, Tally], weights: Mapping[str, float], settings: Settings) -> Interval | None:
    """Mean reward of a decision under the weights (arm -> share); None if the log holds no judged row of them."""
    return _estimate(logs, weights, {}, settings)


def difference(
    logs: Mapping[str, Tally], new: Mapping[str, float], old: Mapping[str, float], settings: Settings
) -> Interval | None:
    """Mean reward under `new` minus that under `old`, paired; its sample is the lesser of both. None as above."""
    return _estimate(logs, new, old, settings)


def pooled(parts: Sequence[Interval | None]) -> Interval | None:
    """Estimates of one thing from disjoint rows, weighted by their samples; None if there are none."""
    known = [part for part in parts if part is not None]
    total = sum(part.effective for part in known)
    if not known or total <= 0:
        return None
    mean = sum(part.mean * part.effective for part in known) / total
    error = sqrt(sum(((part.high - part.mean) / Z * part.effective) ** 2 for part in known)) / total
    return Interval.of(mean, error, total)


def _estimate(
    logs: Mapping[str, Tally], new: Mapping[str, float], old: Mapping[str, float], settings: Settings
) -> Interval | None:
    mean = error = 0.0
    for part, price in enumerate((settings.v, -settings.k_cost, -settings.k_time)):
        rows = {name: logs[name].logged[part] for name in sorted({*new, *old}) if name in logs}
        found = _difference(rows, new, old)
        if found is None:
            if price == 0:
                continue
            return None
        mean += price * found[0]
        error += abs(price) * found[1]
    samples = [effective(logs, weights) for weights in (new, old) if weights]
    return Interval.of(mean, error, min(samples))


def _difference(
    rows: Mapping[str, Weighed], new: Mapping[str, float], old: Mapping[str, float]
) -> tuple[float, float] | None:
    """V(new) - V(old) (V of no weights is 0) and its standard error."""
    sides = [(weights, _mean(rows, weights)) for weights in (new, old) if weights]
    if any(mean is None for _, mean in sides):
        return None
    variance = 0.0
    for name, sums in rows.items():
        slope = constant = 0.0  # the row's influence is u (slope x + constant)
        for sign, (weights, found) in zip((1, -1), sides, strict=False):
            assert found is not None
            mean, total = found
            slope += sign * weights.get(name, 0.0) / total
            constant -= sign * weights.get(name, 0.0) / total * mean
        variance += slope**2 * sums.wwxx + 2 * slope * constant * sums.wwx + constant**2 * sums.ww
    means = [found[0] for _, found in sides if found is not None]
    return means[0] - sum(means[1:]), sqrt(max(0.0, variance))


def _mean(rows: Mapping[str, Weighed], weights: Mapping[str, float]) -> tuple[float, float] | None:
    """V of one distribution, and its W; None if no row counts."""
    total = sum(share * rows[name].w for name, share in weights.items() if name in rows)
    if total <= 0:
        return None
    return sum(share * rows[name].wx for name, share in weights.items() if name in rows) / total, total
