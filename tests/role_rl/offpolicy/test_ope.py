"""Estimates from the log."""

import pytest

from nightdesk.role_rl.offpolicy import ope
from nightdesk.role_rl.sufficient_stats import Tally
from tests.role_rl.offpolicy.made import DOLLARS, LOGGED, NEWS, TRUE, VALID, log


def worth(weights: dict[str, float]) -> float:
    return sum(share * (TRUE[n] * VALID[n] - 2.0 * DOLLARS[n]) for n, share in weights.items())


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ({"a": 0.05, "b": 0.9, "c": 0.05}, LOGGED.weights),
        ({"a": 0.1, "b": 0.1, "c": 0.8}, LOGGED.weights),
        ({"a": 0.5, "b": 0.5, "c": 0.0}, {"a": 0.0, "b": 0.5, "c": 0.5}),
    ],
)
def test_the_estimate_covers_the_truth_at_its_level(new: dict[str, float], old: dict[str, float]) -> None:
    logs = 120
    truths = worth(new), worth(new) - worth(old)
    covered = [0, 0]
    middle = [0.0, 0.0]
    for seed in range(logs):
        rows = log(seed)
        for k, found in enumerate((ope.value(rows, new, NEWS), ope.difference(rows, new, old, NEWS))):
            assert found is not None
            covered[k] += found.low <= truths[k] <= found.high
            middle[k] += found.mean / logs
    for k in (0, 1):
        assert covered[k] / logs >= 0.89  # 0.95, less three standard errors of this count
        assert middle[k] == pytest.approx(truths[k], abs=0.01)


def test_the_same_weights_differ_by_nothing() -> None:
    found = ope.difference(log(1), LOGGED.weights, LOGGED.weights, NEWS)
    assert found is not None
    assert (found.mean, found.low, found.high) == pytest.approx((0, 0, 0), abs=1e-12)


def test_what_the_log_did_not_see_is_not_estimated() -> None:
    rows = log(1)
    del rows["c"]
    assert ope.effective(rows, {"a": 0.2, "b": 0.0, "c": 0.8}) == 0
    assert ope.value({}, {"a": 1.0}, NEWS) is None
    assert 0 < ope.effective(rows, {"a": 0.0, "b": 0.95, "c": 0.05}) < 1200


def test_evidence_that_fades_counts_for_less() -> None:
    rows = log(2)
    faded = {name: Tally(logged=tuple(part.scaled(0.5) for part in t.logged)) for name, t in rows.items()}  # type: ignore[arg-type]
    whole, half = (ope.effective(r, LOGGED.weights) for r in (rows, faded))
    assert half == pytest.approx(whole / 2)


def test_estimates_of_disjoint_rows_are_surer_together() -> None:
    weights = {"a": 0.3, "b": 0.6, "c": 0.1}
    parts = [ope.value(log(seed), weights, NEWS) for seed in (1, 2)]
    both = ope.pooled([*parts, None])
    assert both is not None
    assert min(part.mean for part in parts) <= both.mean <= max(part.mean for part in parts)
    assert both.high - both.low < min(part.high - part.low for part in parts)
    assert both.effective == pytest.approx(sum(part.effective for part in parts))
    assert ope.pooled([None, None]) is None
