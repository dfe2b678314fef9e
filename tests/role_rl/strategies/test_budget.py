"""A night's dollars, floors, change, control items, and what the log says of other settings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.feedback import gather
from nightdesk.role_rl.judges import LABELS
from nightdesk.role_rl.posterior import Spread
from nightdesk.role_rl.strategies.drift import change, probability
from nightdesk.role_rl.sufficient_stats import Key, Sums, Tally
from nightdesk.role_rl.whatif import what_if

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


def test_a_leader_that_falls_is_replaced_within_three_nights(world: Any, pool: tuple[Arm, ...]) -> None:
    for seed in range(3):
        good = {"strong": 0.95, "cheap": 0.8, "third": 0.7}
        toy = world(pool, Settings("news", k_cost=1), good, DEAR, seed=seed)
        state = toy.play(12, 300)[-1]
        assert toy.plan(state).leader == "strong"
        spoilt = replace(toy, accuracy={**good, "strong": 0.5})
        assert spoilt.plan(spoilt.play(3, 300, state)[-1]).leader == "cheap"


def test_a_control_item_tells_of_its_model_and_of_its_judges(
    calls_of: Rows, judgements_of: Rows, pool: tuple[Arm, ...]
) -> None:
    rows = [{"purpose": "judge", "propensity": None, "judge_propensity": None, "cost_usd": 5.0}]
    labels = {"judge": LABELS, "judge_family": LABELS, "accuracy": 0.9, "control": True}
    judge = {"accuracy": 0.7, "control": True}
    new = gather(calls_of(rows), judgements_of([labels, judge]), pool, Settings("news"))
    known = new.tallies[Key(*ROLE, "strong")]
    assert known.judged == {LABELS: Sums(1.0, 0.9, pytest.approx(0.81))}  # the judge's view of it is no truth
    assert (known.answers, known.cost, known.logged[0].w) == (0, Sums(), 0)
    assert new.pairs[LABELS, "third"].total == pytest.approx(0.2)


def test_what_if_answers_where_the_log_supports_it_and_says_where_not(world: Any, pool: tuple[Arm, ...]) -> None:
    toy = world(
        pool,
        Settings("news", k_cost=1, strategy="uniform", min_judge_rate=0.25),
        {"strong": 0.7, "cheap": 0.6, "third": 0.4},
        DEAR,
    )
    calls, judgements = toy.night(1, toy.plan(None), 1500)
    posterior = replace(toy.settings, strategy="posterior")
    (now,) = what_if(None, calls, judgements, pool, posterior, posterior)
    assert now.would_lead == "strong"
    assert now.reward is not None
    assert now.reward.mean == pytest.approx(0.7 - 0.01, abs=0.05)  # that intervals cover is held in test_gate
    (dear,) = what_if(None, calls, judgements, pool, posterior, replace(posterior, k_cost=100.0))
    assert dear.would_lead == "cheap"
    assert dear.reward is not None
    assert dear.reward.mean == pytest.approx(0.6 - 0.1, abs=0.05)
    few = calls.slice(0, 40)
    (unknown,) = what_if(None, few, judgements, pool, posterior, replace(posterior, excluded=frozenset({"strong"})))
    assert unknown.reward is None
    assert unknown.difference is None
    assert unknown.would_lead != "strong"
