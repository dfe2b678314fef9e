"""Strategies: what each makes of the same rows."""

from dataclasses import replace
from typing import Any

import pytest

from nightdesk.role_rl.arms import STRATEGIES, Arm, Settings
from nightdesk.role_rl.errors import SettingsError
from nightdesk.role_rl.learner import serving
from nightdesk.role_rl.state import from_json, to_json

ROLE = ("topic_finder", "en")


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


def test_a_plan_of_a_profile_is_kept_whatever_is_judged(world: Any, pool: tuple[Arm, ...]) -> None:
    chosen = Settings("news", strategy="fixed", pins={"topic_finder": "cheap"})
    toy = world(pool, chosen, {"strong": 0.95, "cheap": 0.2, "third": 0.5})
    assert {toy.plan(state).leader for state in toy.play(4, 200)} == {"cheap"}
