"""A model that changed without a word."""

from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.role_rl.posterior import Spread
from nightdesk.role_rl.strategies.drift import change, probability
from nightdesk.role_rl.sufficient_stats import Sums, Tally


def tally(n: float, accuracy: float, valid: float = 1.0, answers: float = 0.0) -> Tally:
    cell = Sums(n, n * accuracy, n * accuracy**2)
    return Tally(answers or n, (answers or n) * valid, judged={"j": cell} if n else {})


def test_a_fall_is_noticed_and_chance_is_not() -> None:
    scatter = Spread(0.03, 0.0004)
    fallen = change(tally(100, 0.95), tally(12, 0.6), scatter)
    assert fallen.fell
    assert fallen.accuracy > 0.9
    risen = change(tally(100, 0.6), tally(12, 0.95), scatter)
    assert not risen.fell
    assert risen.accuracy > 0.9
    assert change(tally(100, 0.9), tally(12, 0.88), scatter).accuracy == 0.0
    refused = change(tally(50, 0.9, answers=500), tally(0, 0, valid=0.5, answers=100), scatter)
    assert refused.fell
    assert refused.accuracy == 0.0


@settings(max_examples=60, deadline=None)
@given(st.floats(-1, 1), st.floats(1e-6, 1))
def test_a_change_is_a_probability_and_the_likelier_the_larger_the_difference(
    difference: float, variance: float
) -> None:
    here, further = probability(difference, variance), probability(difference * 1.1, variance)
    assert 0 <= here <= further <= 1
