"""What judged rows say of arms, and what they do not."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.posterior import best, estimate, pooled
from nightdesk.role_rl.sufficient_stats import Key, Sums, Tally

NEWS = Settings("news")
ROLE, LANGUAGE = "topic_finder", "en"


def key(arm: str, language: str = LANGUAGE) -> Key:
    return Key(ROLE, language, arm)


def judged(n: float, **accuracy: float) -> Tally:
    """n valid answers, all judged, with accuracy `x` by each judge named."""
    share = n / len(accuracy)
    cells = {judge: Sums(share, share * x, share * (x * x + 0.02)) for judge, x in accuracy.items()}
    return Tally(n, n, Sums(n), Sums(n), cells)


@pytest.mark.parametrize("strength", [30, 40, 60])
@pytest.mark.parametrize("accuracy", [0.5, 0.8, 1.0])
@pytest.mark.parametrize(("static", "lexical"), [(0, 0), (5, 5), (200, 200), (200, 5), (1e5, 1e5)])
def test_equal_judgements_of_each_other_leave_the_priors_order(
    shipped: tuple[Arm, ...], strength: float, accuracy: float, static: float, lexical: float
) -> None:
    arms = [replace(arm, prior=replace(arm.prior, strength=strength)) for arm in shipped]
    tallies = {}
    if static:
        tallies = {key("static"): judged(static, lexical=accuracy), key("lexical"): judged(lexical, static=accuracy)}
    guess = estimate(arms, tallies, NEWS, ROLE, LANGUAGE)
    chance, _ = best(guess.value, guess.covariance)
    assert chance[0] > 0.99
    assert guess.accuracy[0] - guess.accuracy[1] > 0.08


def test_evidence_of_a_judge_of_both_counts_in_full(shipped: tuple[Arm, ...]) -> None:
    tallies = {key("static"): judged(400, third=0.6), key("lexical"): judged(400, third=0.8)}
    guess = estimate(shipped, tallies, NEWS, ROLE, LANGUAGE)
    assert guess.accuracy[1] - guess.accuracy[0] > 0.13
    assert best(guess.value, guess.covariance)[0][1] > 0.99


def test_with_much_evidence_accuracy_is_what_was_measured(pool: tuple[Arm, ...]) -> None:
    tallies = {
        key("strong"): replace(judged(4000, cheap=0.9, third=0.9), answers=5000.0),
        key("cheap"): judged(4000, strong=0.7, third=0.7),
        key("third"): judged(4000, strong=0.5, cheap=0.5),
    }
    guess = estimate(pool, tallies, NEWS, ROLE, LANGUAGE)
    assert guess.accuracy == pytest.approx([0.72, 0.7, 0.5], abs=0.03)
    assert list(guess.judged) == [4000, 4000, 4000]


def test_how_much_is_judged_does_not_change_what_invalid_answers_cost(pool: tuple[Arm, ...]) -> None:
    """Half the answers are invalid; 5 % or all of the valid ones are judged: accuracy is one half of 0.8 either way."""
    for share in (0.05, 1.0):
        tallies = {key(arm.name): replace(judged(2000 * share, other=0.8), answers=4000, valid=2000) for arm in pool}
        guess = estimate(pool, tallies, NEWS, ROLE, LANGUAGE)
        assert guess.accuracy == pytest.approx([0.4] * 3, abs=0.02)


def test_dollars_and_seconds_follow_what_was_seen(pool: tuple[Arm, ...]) -> None:
    tally = Tally(500, 500, Sums(500, 500 * 0.03, 500 * 0.03**2), Sums(500, 1000, 2000))
    guess = estimate(pool, {key("strong"): tally}, NEWS, ROLE, LANGUAGE)
    assert guess.dollars == pytest.approx([0.03, 0.001, 0.005], rel=0.02)
    assert guess.seconds == pytest.approx([2.0, 0.1, 0.1], rel=0.03)
    expected = NEWS.v * guess.accuracy - NEWS.k_cost * guess.dollars - NEWS.k_time * guess.seconds
    assert guess.value == pytest.approx(expected)


def test_other_languages_are_heard_but_do_not_drown_the_own_one() -> None:
    tallies = {
        key("strong", "en"): judged(10_000, third=0.9),
        key("strong", "zh"): judged(5_000, third=0.7),
        key("strong", "de"): judged(100, third=0.5),
    }
    own = pooled(tallies, key("strong", "de"))
    assert own.judged_answers == pytest.approx(130)
    assert own.answers == pytest.approx(130)
    unseen = pooled(tallies, key("strong", "fr"))
    assert unseen.judged_answers == pytest.approx(30)


numbers = st.floats(-5, 5)
deviations = st.floats(0.001, 3)
arms = st.lists(st.tuples(numbers, deviations), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(arms, st.floats(1e-3, 1e3))
def test_probabilities_of_being_best_are_a_distribution_of_no_scale(given_arms: list, scale: float) -> None:
    mean, sd = np.array(given_arms).T
    chance, loss = best(mean, np.diag(sd**2))
    assert chance.sum() == pytest.approx(1)
    assert (chance >= 0).all()
    assert loss >= 0
    again, scaled_loss = best(mean * scale, np.diag((sd * scale) ** 2))
    assert again == pytest.approx(chance, abs=1e-9)
    assert scaled_loss == pytest.approx(loss * scale, abs=1e-9 * scale)


def test_probabilities_match_the_closed_form_of_two_and_a_simulation_of_more() -> None:
    chance, loss = best(np.array([0.0, 0.3]), np.array([[0.05, 0.01], [0.01, 0.04]]))
    # z = 0.3 / sqrt(0.05 + 0.04 - 2 * 0.01) = 1.13389; Phi(z) = 0.87158; loss = s (phi(z) - z (1 - Phi(z)))
    assert chance[1] == pytest.approx(0.87158, abs=1e-4)
    assert loss == pytest.approx(0.26458 * (0.20977 - 1.13389 * 0.12842), abs=1e-4)
    dice = random.Random(3)
    mean, sd = [0.0, 0.1, 0.2, -0.5], [0.3, 0.1, 0.2, 1.0]
    draws = [[dice.gauss(m, s) for m, s in zip(mean, sd, strict=True)] for _ in range(20_000)]
    wins = [sum(max(row) == row[k] for row in draws) / len(draws) for k in range(4)]
    chance, loss = best(np.array(mean), np.diag(np.array(sd) ** 2))
    # Exact for independent arms only where the leader's own variance is half the least difference; close elsewhere.
    assert chance == pytest.approx(wins, abs=0.06)
    assert loss == pytest.approx(sum(map(max, draws)) / len(draws) - 0.2, abs=0.03)


def test_arms_that_are_known_exactly_are_compared_exactly() -> None:
    assert best(np.array([1.0, 2.0]), np.zeros((2, 2)))[0] == pytest.approx([0, 1])
    assert best(np.array([1.0, 1.0]), np.zeros((2, 2)))[0] == pytest.approx([0.5, 0.5])
