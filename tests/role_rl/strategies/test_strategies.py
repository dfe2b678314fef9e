"""Strategies: what each makes of the same rows."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.role_rl.arms import STRATEGIES, Arm, Prior, Settings
from nightdesk.role_rl.errors import SettingsError
from nightdesk.role_rl.feedback import Step
from nightdesk.role_rl.learner import learn, serving
from nightdesk.role_rl.state import from_json, to_json
from nightdesk.role_rl.strategies.qlearning import learned, plan

ROLE = ("topic_finder", "en")
ARMS = ("a", "b", "c")
worths = st.floats(-1, 1)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_eligible_arm_has_a_weight_whatever_the_strategy(
    strategy: str, world: Any, pool: tuple[Arm, ...]
) -> None:
    toy = world(pool, Settings("news", strategy=strategy), {"strong": 0.9, "cheap": 0.6, "third": 0.6})
    for state in [None, *toy.play(3, 60)]:
        weights = toy.plan(state).weights
        assert set(weights) == {arm.name for arm in pool}
        assert sum(weights.values()) == pytest.approx(1)
        assert min(weights.values()) > 0
        if state is not None:
            assert state.strategy == strategy
            assert from_json(to_json(state)) == state


def test_a_pin_stands_above_every_strategy(world: Any, pool: tuple[Arm, ...]) -> None:
    for strategy in STRATEGIES:
        chosen = Settings("news", strategy=strategy, pins={"topic_finder": "third"})
        toy = world(pool, chosen, {"strong": 0.95, "cheap": 0.5, "third": 0.5})
        for state in [None, *toy.play(2, 60)]:
            assert toy.plan(state).weights["third"] > 0.999
    with pytest.raises(SettingsError, match="pinned to 'gone'"):
        serving(None, pool, Settings("news", pins={"topic_finder": "gone"}), *ROLE)


def test_another_strategy_takes_over_with_what_was_learned(world: Any, pool: tuple[Arm, ...]) -> None:
    toy = world(pool, Settings("news", k_cost=1), {"strong": 0.95, "cheap": 0.5, "third": 0.5})
    state = toy.play(6, 200)[-1]
    uniform = serving(state, pool, replace(toy.settings, strategy="uniform"), *ROLE)
    assert list(uniform.weights.values()) == pytest.approx([1 / 3] * 3)
    back = serving(replace(state, strategy="uniform"), pool, toy.settings, *ROLE)
    assert back.leader == "strong"


def test_the_published_rule_sweeps_first_then_serves_the_best_and_judges_all(world: Any, pool: tuple[Arm, ...]) -> None:
    toy = world(pool, Settings("news", strategy="q-learning", k_cost=1), {"strong": 0.95, "cheap": 0.4, "third": 0.4})
    assert list(toy.plan(None).weights.values()) == pytest.approx([1 / 3] * 3)
    state = toy.play(3, 100)[-1]
    made = toy.plan(state)
    assert made.leader == "strong"
    assert made.judge_rate == 1.0
    assert made.duel_rate == pytest.approx(0.02, abs=1e-9)  # epsilon 0.03, a third of which falls on the incumbent


def steps(*rewards: tuple[tuple[str, float], ...]) -> list[Step]:
    return [Step(ROLE, reward) for reward in rewards]


def test_the_published_rule_by_hand() -> None:
    """A sweep of a 1.0, b 0.5, c -1.0; then a duel of a and b, in which b does better."""
    swept = learned({}, steps((("a", 1.0),), (("b", 0.5),), (("c", -1.0),)), ARMS)
    table = swept["topic_finder/en"]
    assert (table["incumbent"], table["succeeded"], table["sweep"]) == ("a", True, None)
    assert table["q"]["a succeeded"] == pytest.approx({"a": 0.1, "b": 0.05, "c": -0.1})
    assert table["q"]["c failed"] == pytest.approx({"a": 0.1, "b": 0.05, "c": -0.1})
    assert plan(swept, ARMS, *ROLE).leader == "a"

    after = learned(swept, steps((("a", 0.0), ("b", 0.8))), ARMS)["topic_finder/en"]
    # The state before was a's success; a's own answer failed this time (0 is none), b's succeeded.
    assert after["q"]["a succeeded"] == pytest.approx({"a": 0.09, "b": 0.05 + 0.1 * (0.8 - 0.05), "c": -0.1})
    assert after["q"]["a failed"] == pytest.approx({"b": 0.08})
    assert after["q"]["b succeeded"]["a"] == pytest.approx(0.1 + 0.1 * (0.0 - 0.1))
    assert (after["incumbent"], after["succeeded"]) == ("b", True)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ARMS), worths), max_size=30))
def test_the_published_rule_leaves_what_it_was_given_alone(rows: list[tuple[str, float]]) -> None:
    memory = learned({}, steps((("a", 1.0),), (("b", 0.5),), (("c", -1.0),)), ARMS)
    before = repr(memory)
    learned(memory, steps(*((row,) for row in rows)), ARMS)
    assert repr(memory) == before


def test_a_plan_of_a_profile_is_kept_whatever_is_judged(world: Any, pool: tuple[Arm, ...]) -> None:
    chosen = Settings("news", strategy="fixed", pins={"topic_finder": "cheap"})
    toy = world(pool, chosen, {"strong": 0.95, "cheap": 0.2, "third": 0.5})
    assert {toy.plan(state).leader for state in toy.play(4, 200)} == {"cheap"}


def test_a_new_model_of_unknown_worth_is_tried_at_bounded_cost_and_found(world: Any, pool: tuple[Arm, ...]) -> None:
    toy = world(pool, Settings("news", k_cost=1), {"strong": 0.8, "cheap": 0.6, "third": 0.6})
    state = toy.play(5, 300)[-1]
    new = Arm("new", "d", prior=Prior(cost_usd=0.002), known=False)
    grown = replace(toy, arms=(*pool, new), accuracy={**toy.accuracy, "new": 0.97})
    first = grown.plan(state)
    assert 0 < first.weights["new"] <= 0.03
    assert first.duel_rate <= toy.settings.max_duel_rate
    assert grown.plan(grown.play(8, 300, state)[-1]).leader == "new"


def test_further_columns_are_context(world: Any, pool: tuple[Arm, ...], now: datetime) -> None:
    """A chunk's length, say, as a column `band` of calls."""
    chosen = Settings("news", context=("language", "band"))
    toy = world(pool, chosen, {"strong": 0.9, "cheap": 0.6, "third": 0.6})
    calls, judgements = toy.night(1, toy.plan(None), 60)
    bands = ["long" if k % 2 else "short" for k in range(len(calls))]
    calls = calls.append_column("band", [bands])
    state = learn(None, calls, judgements, pool, chosen, created_at=now)
    assert {key.language for key in state.tallies} == {"en/long", "en/short"}
    assert set(state.plans) == {("topic_finder", "en/long"), ("topic_finder", "en/short")}
