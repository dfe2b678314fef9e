"""A night's dollars, and the floors that they can or cannot pay for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from nightdesk.role_rl.arms import Arm, Settings

Rows = Callable[[Sequence[Mapping[str, Any]]], pa.Table]
DEAR = {"strong": 0.01, "cheap": 0.001, "third": 0.005}
ROLE = ("topic_finder", "en")


def test_a_nights_serving_is_held_to_its_dollars(world: Any, pool: tuple[Arm, ...]) -> None:
    free = world(pool, Settings("news", k_cost=1), {"strong": 0.95, "cheap": 0.8, "third": 0.6}, DEAR)
    state = free.play(6, 200)[-1]
    assert free.plan(state).leader == "strong"  # 200 answers of a cent are two dollars
    tight = replace(free, settings=replace(free.settings, serving_usd=1.0))
    after = tight.play(1, 200, state)[-1]
    assert tight.plan(after).leader == "cheap"
    assert "serving is held to 1 dollars a night" in after.reason


def test_a_limit_wins_over_a_floor_and_the_floor_that_is_missed_is_told(world: Any, pool: tuple[Arm, ...]) -> None:
    free = world(pool, Settings("news", k_cost=50), {"strong": 0.95, "cheap": 0.7, "third": 0.6}, DEAR)
    assert free.plan(free.play(6, 200)[-1]).leader == "cheap"
    floor = replace(free, settings=replace(free.settings, floors={"topic_finder": 0.85}))
    state = floor.play(8, 200)[-1]
    assert floor.plan(state).leader == "strong"
    both = replace(floor, settings=replace(floor.settings, serving_usd=0.5))
    after = both.play(1, 200, state)[-1]
    assert both.plan(after).leader == "cheap"
    assert "no quality floor can be kept within 0.5 dollars" in after.reason


def test_judging_is_held_to_its_dollars_below_its_floor_if_need_be(world: Any, pool: tuple[Arm, ...]) -> None:
    toy = world(pool, Settings("news", judging_usd=0.001), {"strong": 0.9, "cheap": 0.85, "third": 0.8}, DEAR)
    state = toy.play(1, 300)[-1]
    made = toy.plan(state)
    assert made.duel_rate + (1 - made.duel_rate) * made.judge_rate < 0.02
    assert "judging is held to 0.001 dollars a night, in topic_finder/en below its floor" in state.reason
