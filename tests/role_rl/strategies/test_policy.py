"""From a posterior to weights and rates."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.role_rl.arms import Arm, Prior, Settings
from nightdesk.role_rl.learner import serving
from nightdesk.role_rl.posterior import estimate
from nightdesk.role_rl.strategies.policy import limited, plan, prices, repooled
from nightdesk.role_rl.sufficient_stats import Key, Sums, Tally

ROLE, LANGUAGE = "topic_finder", "en"
priors = st.builds(
    Prior,
    accuracy=st.floats(0, 1),
    strength=st.floats(1, 200),
    cost_usd=st.floats(0, 0.1),
    latency_s=st.floats(0, 60),
)
pools = st.lists(st.tuples(priors, st.sampled_from("xyz"), st.booleans()), min_size=1, max_size=6).map(
    lambda rows: tuple(Arm(f"m{k}", family, prior=p, judges=j) for k, (p, family, j) in enumerate(rows))
)


@st.composite
def pools_with_evidence(draw: st.DrawFn) -> tuple[tuple[Arm, ...], dict[Key, Tally]]:
    pool = draw(pools)
    tallies = {}
    for arm in pool:
        n, accuracy = draw(st.floats(0, 2000)), draw(st.floats(0, 1))
        valid = n * draw(st.floats(0, 1))
        cells = {
            judge.model: Sums(valid / 10, accuracy * valid / 10, accuracy**2 * valid / 10)
            for judge in pool
            if judge.family != arm.family
        }
        usd = draw(st.floats(0, 0.1))
        tallies[Key(ROLE, LANGUAGE, arm.name)] = Tally(n, valid, Sums(n, n * usd, n * usd**2), Sums(), cells)
    return pool, tallies


@settings(max_examples=150, deadline=None)
@given(pools_with_evidence())
def test_weights_are_a_distribution_of_bounded_exploration(given_pool: tuple[tuple[Arm, ...], dict]) -> None:
    pool, tallies = given_pool
    news = Settings("news")
    guess = estimate(pool, tallies, news, ROLE, LANGUAGE)
    made = plan(guess, pool, news)
    assert set(made.weights) == set(made.challengers) == {arm.name for arm in pool}
    assert sum(made.weights.values()) == pytest.approx(1, abs=1e-9)
    assert min(made.weights.values()) > 0
    assert 1 - max(made.weights.values()) <= 0.03 + 1e-9
    assert guess.value[guess.arms.index(made.leader)] == max(guess.value)
    if len({arm.family for arm in pool}) == 1 or not any(arm.judges for arm in pool):
        assert (made.judge_rate, made.duel_rate) == (0, 0)
    else:
        judged = made.duel_rate + (1 - made.duel_rate) * made.judge_rate
        assert judged > 0
        assert made.judge_rate <= news.max_judge_rate
        assert 0 < made.duel_rate <= news.max_duel_rate


@settings(max_examples=60, deadline=None)
@given(pools_with_evidence(), st.floats(1e-4, 1e4))
def test_only_ratios_of_the_rewards_matter(given_pool: tuple[tuple[Arm, ...], dict], scale: float) -> None:
    pool, tallies = given_pool
    news = Settings("news", v=1.0, k_cost=7.0, k_time=0.003)
    scaled = replace(news, v=scale, k_cost=7.0 * scale, k_time=0.003 * scale)
    one, other = (plan(estimate(pool, tallies, s, ROLE, LANGUAGE), pool, s) for s in (news, scaled))
    if one.leader == other.leader:  # two arms of the very same value may change places in the last bit
        assert other.weights == pytest.approx(one.weights, rel=1e-6, abs=1e-9)
        assert other.judge_rate == pytest.approx(one.judge_rate, rel=1e-6)
        assert other.duel_rate == pytest.approx(one.duel_rate, rel=1e-6)
    else:
        values = estimate(pool, tallies, news, ROLE, LANGUAGE).value
        assert sorted(values)[-1] == pytest.approx(sorted(values)[-2], abs=1e-9)


def test_a_fresh_install_serves_the_best_embedded_model(shipped: tuple[Arm, ...]) -> None:
    made = serving(None, shipped, Settings("news"), ROLE, LANGUAGE)
    assert made.leader == "static"
    assert 0 < 1 - made.weights["static"] < 0.01
    assert made.duel_rate == 0.01
    assert made.duel_rate + (1 - made.duel_rate) * made.judge_rate == pytest.approx(0.02)


def test_a_pool_of_one_serves_and_is_not_judged(pool: tuple[Arm, ...]) -> None:
    made = serving(None, pool[:1], Settings("news"), ROLE, LANGUAGE)
    assert made.weights == {"strong": 1.0}
    assert (made.judge_rate, made.duel_rate) == (0, 0)


def test_judging_is_bought_where_it_is_worth_its_price() -> None:
    def rate(gap: float, usd: float, **changes: float) -> float:
        pool = [Arm(name, name, prior=Prior(0.9 - gap * k, 20, usd)) for k, name in enumerate("abc")]
        news = replace(Settings("news", k_cost=10, judge_budget=1e9), **changes)
        made = serving(None, pool, news, ROLE, "en")
        return made.duel_rate + (1 - made.duel_rate) * made.judge_rate

    least = pytest.approx(0.02)
    assert rate(0.0, 0.0) == pytest.approx(0.4)  # open, and free
    assert rate(0.4, 0.0) == least  # settled
    assert 0.02 < rate(0.0, 0.05) < rate(0.0, 0.01) < 0.4  # open, at a price
    assert rate(0.0, 0.001, judge_budget=0.005) < rate(0.0, 0.001)
    assert rate(0.0, 0.001, judge_budget=0.0) == 0  # nothing is to be spent
    assert rate(0.0, 0.01, v=0.0) == least  # accuracy is worth nothing


@pytest.mark.parametrize("judge_usd", [0.0, 0.0001, 0.01, 0.03, 1.0])
def test_control_costs_no_more_than_the_budget_where_nothing_is_open(judge_usd: float) -> None:
    pool = [Arm(name, name, prior=Prior(0.95 - 0.3 * k, 1e4, 0.03)) for k, name in enumerate("abc")]
    news = Settings("news", k_cost=1, judge_usd=judge_usd)
    guess = estimate(pool, {}, news, ROLE, LANGUAGE)
    made = plan(guess, pool, news)
    spent = prices(guess, pool, news).judging(made)
    assert spent <= news.judge_budget * 0.03 + 1e-9
    assert made.duel_rate > 0
    if judge_usd <= 0.0001:
        assert made.duel_rate + (1 - made.duel_rate) * made.judge_rate > 0.6 * news.min_judge_rate


def test_moves_are_limited_as_a_whole() -> None:
    moved = limited({"a": 0.97, "b": 0.02, "c": 0.01}, {"a": 0.01, "b": 0.97, "c": 0.02}, 0.2)
    assert sum(moved.values()) == pytest.approx(1)
    assert moved["a"] == pytest.approx(0.77)
    assert max(abs(moved[name] - was) for name, was in {"a": 0.97, "b": 0.02, "c": 0.01}.items()) <= 0.2 + 1e-9
    near = {"a": 0.9, "b": 0.06, "c": 0.04}
    assert limited({"a": 0.97, "b": 0.02, "c": 0.01}, near, 0.2) == near


def test_weights_for_another_pool_keep_what_they_can() -> None:
    news = Settings("news")
    stored = {"a": 0.98, "b": 0.015, "c": 0.005}
    gone = repooled(stored, {"a": 0.5, "b": 0.5}, news)
    assert gone == pytest.approx({"a": 0.985, "b": 0.015})
    came = repooled(stored, {"a": 0.01, "b": 0.01, "c": 0.01, "new": 0.97}, news)
    assert came["a"] == pytest.approx(0.97)
    assert 0.9 * 0.03 < came["new"] < 0.03
    fresh = {"b": 0.02, "c": 0.98}
    assert repooled(stored, fresh, news) == fresh
