"""Sums that add up, fade and know what answers of one night are worth."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.role_rl.sufficient_stats import NightStats, Sums, Tally, Weighed

shares = st.floats(0, 1)
nights = st.lists(st.lists(shares, min_size=1, max_size=6), max_size=4)
pairs = st.lists(st.tuples(shares, st.floats(0.1, 10)), max_size=8)


def test_sums_by_hand() -> None:
    assert Weighed.of([]) == Weighed()
    assert Weighed.of([(0.5, 2.0)]).values == (2.0, 1.0, 4.0, 2.0, 1.0)
    assert Sums.of([(0.5, 2.0)]) == Sums(2.0, 1.0, 0.5)


@given(pairs, pairs, st.randoms(use_true_random=False))
def test_parts_add_up_to_the_whole_in_any_order(one: list, other: list, dice) -> None:
    for kind in (Sums, Weighed):
        shuffled = dice.sample(one, len(one))
        assert kind.of(shuffled) == kind.of(one)
        both, whole = kind.of(one).plus(kind.of(other)), kind.of(one + other)
        for name in kind.__dataclass_fields__:
            assert getattr(both, name) == pytest.approx(getattr(whole, name))


@given(nights, nights)
def test_nights_of_different_runs_add_up(one: list, other: list) -> None:
    assert NightStats.of(one).plus(NightStats.of(other)).values == pytest.approx(NightStats.of(one + other).values)


def tally(accuracies: list[list[float]]) -> Tally:
    every = [(x, 1.0) for night in accuracies for x in night]
    return Tally(len(every), len(every), judged={"j": Sums.of(every)}, nights=NightStats.of(accuracies))


@given(nights.filter(any), st.floats(0.01, 1), st.floats(0.01, 1))
def test_what_fades_keeps_its_means(given_nights: list, seen: float, judged: float) -> None:
    whole = tally(given_nights)
    part = whole.scaled(seen, judged)
    assert part.valid / part.answers == pytest.approx(whole.valid / whole.answers)
    assert part.judged_answers == pytest.approx(judged * whole.judged_answers)
    assert part.judged["j"].total == pytest.approx(judged * whole.judged["j"].total)


@given(nights.filter(any), shares)
def test_answers_of_one_night_are_worth_the_less_the_more_they_are_alike(given_nights: list, alike: float) -> None:
    whole = tally(given_nights)
    assert whole.independent(0.0).judged_answers == pytest.approx(whole.judged_answers)
    worth = whole.independent(alike).judged_answers
    assert worth <= whole.judged_answers * (1 + 1e-9)
    assert worth >= whole.independent(1.0).judged_answers * (1 - 1e-9)
    assert whole.independent(alike).judged["j"].total == pytest.approx(whole.judged["j"].total * worth / whole.nights.n)


def test_a_judge_of_long_ago_is_forgotten() -> None:
    assert tally([[0.5]]).scaled(1.0, 1e-4).judged == {}


def test_what_is_logged_of_a_part_of_a_night_counts_by_the_whole_night() -> None:
    """Two halves of one night, put together, are no surer than the night, though each has half of its answers."""
    half = replace(tally([[0.5] * 10]), logged=(Weighed.of([(0.5, 1.0)] * 10), Weighed(10.0), Weighed(10.0)))
    whole = tally([[0.5] * 20]).nights
    accuracy, dollars, seconds = half.independent(0.5, whole).logged
    assert accuracy.w == pytest.approx(10 / (1 + 19 * 0.5))
    assert accuracy.w**2 / accuracy.ww == pytest.approx(accuracy.w)
    assert (dollars, seconds) == half.logged[1:]
