"""Published rows in, next version out."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.role_rl.arms import Arm, Prior, Settings
from nightdesk.role_rl.learner import learn, report, serving
from nightdesk.role_rl.state import LearnerState
from nightdesk.role_rl.sufficient_stats import Key

Rows = Callable[[Sequence[Mapping[str, Any]]], pa.Table]
STRONG = Key("topic_finder", "en", "strong")
DEAR = {"strong": 0.01, "cheap": 0.001, "third": 0.005}


def taught(state: LearnerState) -> tuple[object, object]:
    return state.tallies, state.plans


TEACHES_NOTHING: dict[str, dict[str, Any]] = {
    "from the store": {"from_cache": True},
    "another profile": {"profile": "commerce"},
    "fallback": {"purpose": "fallback"},
    "judge": {"purpose": "judge"},
    "repair alone": {"purpose": "repair"},
}


@pytest.mark.parametrize("row", TEACHES_NOTHING.values(), ids=TEACHES_NOTHING)
def test_rows_that_teach_nothing_move_nothing(
    *, row: dict[str, Any], world: Any, calls_of: Rows, judgements_of: Rows, pool: tuple[Arm, ...], now: datetime
) -> None:
    toy = world(pool, Settings("news"), {"strong": 0.9, "cheap": 0.5, "third": 0.5})
    state = toy.play(1)[0]
    rows = [
        {"run_id": "late", "call_id": f"x{k}", "model": "cheap", "family": "b", "valid": False, **row}
        for k in range(50)
    ]
    judgements = judgements_of([{"call_id": f"x{k}", "accuracy": 0.0} for k in range(50)])
    after = learn(state, calls_of(rows), judgements, pool, toy.settings, created_at=now)
    assert taught(after) == taught(state)
    assert after.version == state.version + 1
    assert after.reason.endswith("nothing moved.")


def test_learning_twice_from_a_run_equals_once(world: Any, pool: tuple[Arm, ...], now: datetime) -> None:
    toy = world(pool, Settings("news"), {"strong": 0.9, "cheap": 0.5, "third": 0.5})
    tables = toy.night(1, toy.plan(None), 100)
    once = learn(None, *tables, pool, toy.settings, created_at=now)
    twice = learn(once, *tables, pool, toy.settings, created_at=now, learned=once.from_run_ids)
    assert taught(twice) == taught(once)
    assert once.from_run_ids == ("run-1",)
    assert (twice.version, twice.previous, twice.from_run_ids) == (2, 1, ())
    assert twice.reason == "No new runs; nothing moved."


def test_the_runs_of_one_day_make_up_one_night(world: Any, pool: tuple[Arm, ...], now: datetime) -> None:
    """Also of the first night, of which there is no other to take a mean with."""
    toy = world(pool, Settings("news"), {"strong": 0.9, "cheap": 0.5, "third": 0.5})

    def learned(runs: list[tuple[int, int]]) -> float:
        state = None
        for number, (day, decisions) in enumerate(runs):
            calls, judgements = toy.night(100 * day + number, toy.plan(state), decisions)
            moments = pa.array([now.replace(hour=number) + timedelta(days=day)] * len(calls), calls["started_at"].type)
            calls = calls.set_column(calls.column_names.index("started_at"), "started_at", moments)
            state = learn(state, calls, judgements, pool, toy.settings, created_at=now)
        assert state is not None
        return state.decisions["topic_finder", "en"]

    assert learned([(1, 30), (1, 50)]) == learned([(1, 80)]) == 80
    assert learned([(1, 30), (1, 50), (2, 10), (2, 30)]) == learned([(1, 80), (2, 40)]) == 60


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), shuffle=st.randoms(use_true_random=False))
def test_the_order_of_rows_and_of_runs_in_a_learn_changes_nothing(
    seed: int, shuffle: random.Random, world: Any, pool: tuple[Arm, ...], now: datetime
) -> None:
    toy = world(pool, Settings("news"), {"strong": 0.9, "cheap": 0.5, "third": 0.6}, valid={"cheap": 0.8}, seed=seed)
    nights = [toy.night(number, toy.plan(None), 40) for number in (1, 2)]
    calls, judgements = (pa.concat_tables(tables) for tables in zip(*nights, strict=True))

    def shuffled(table: pa.Table) -> pa.Table:
        return table.take(pa.array(shuffle.sample(range(len(table)), len(table)), pa.int64()))

    one = learn(None, calls, judgements, pool, toy.settings, created_at=now)
    assert learn(None, shuffled(calls), shuffled(judgements), pool, toy.settings, created_at=now) == one


def test_a_better_arm_takes_over_within_five_nights(world: Any, pool: tuple[Arm, ...]) -> None:
    for seed in range(3):
        toy = world(pool, Settings("news", k_cost=1), {"strong": 0.9, "cheap": 0.6, "third": 0.6},
                    {"strong": 0.01, "cheap": 0.001, "third": 0.005}, seed=seed)  # fmt: skip
        assert toy.plan(None).leader == "cheap"  # priors are equal, so the price decides
        states = toy.play(7)
        assert all(toy.plan(state).leader == "strong" for state in states[4:])
        assert toy.plan(states[-1]).weights["strong"] >= 0.97


def test_a_wrong_belief_is_found_out(world: Any) -> None:
    """The prior's clear second is the best: one decision in a hundred duels, and that is enough in time."""
    arms = (Arm("proud", "a", prior=Prior(0.95, 40)), Arm("meek", "b", prior=Prior(0.8, 40)), Arm("third", "c"))
    toy = world(arms, Settings("news"), {"proud": 0.6, "meek": 0.9, "third": 0.3})
    assert toy.plan(toy.play(12, 300)[-1]).leader == "meek"


def test_a_cheap_arm_that_is_as_good_takes_over(world: Any, pool: tuple[Arm, ...]) -> None:
    arms = (replace(pool[0], prior=Prior(0.9, 10, 0.01)), replace(pool[1], prior=Prior(0.8, 10, 0.001)), pool[2])
    toy = world(arms, Settings("news", k_cost=10), {"strong": 0.85, "cheap": 0.85, "third": 0.5},
                {"strong": 0.01, "cheap": 0.001, "third": 0.005})  # fmt: skip
    assert toy.plan(None).leader == "strong"
    assert toy.plan(toy.play(8, 300)[-1]).leader == "cheap"


def test_an_arm_that_fails_loses_its_weight_within_one_night(world: Any, pool: tuple[Arm, ...]) -> None:
    toy = world(pool, Settings("news"), {"strong": 0.8, "cheap": 0.8, "third": 0.8})
    state = toy.play(10)[-1]
    leader = toy.plan(state).leader
    broken = replace(toy, valid={leader: 0.0}).play(1, 200, state)[-1]
    assert toy.plan(broken).weights[leader] < 0.03
    # Also when nothing at all was judged before: a failing arm is no matter of judgement, its fall is not limited.
    first = toy.plan(None).leader
    assert toy.plan(replace(toy, valid={first: 0.0}).play(1)[-1]).weights[first] < 0.03


def test_equal_judgements_of_each_other_keep_the_shipped_order(world: Any, shipped: tuple[Arm, ...]) -> None:
    toy = world(shipped, Settings("news"), {"static": 0.9, "lexical": 0.7, "baseline": 0.3}, symmetric=True)
    for state in toy.play(20, 60):
        weights = toy.plan(state).weights
        assert weights["static"] > 0.99
        assert min(weights.values()) > 0


def test_a_change_that_is_likely_better_is_served_whole_on_little_evidence(world: Any, pool: tuple[Arm, ...]) -> None:
    toy = world(pool, Settings("news", k_cost=0, k_time=0), {"strong": 0.2, "cheap": 0.95, "third": 0.2})
    states = list(toy.play(3, 80))
    assert states[-1].tallies[STRONG._replace(arm="cheap")].judged_answers < 30
    assert toy.plan(states[-1]).weights["cheap"] > 0.9


def test_exploration_is_never_above_three_percent_without_a_change_of_leader(world: Any, pool: tuple[Arm, ...]) -> None:
    toy = world(pool, Settings("news", min_effective=0), {"strong": 0.8, "cheap": 0.8, "third": 0.75})
    for state in toy.play(12, 100):
        assert 1 - max(toy.plan(state).weights.values()) <= 0.03 + 1e-9


def test_two_runs_of_one_day_are_one_night(
    world: Any, pool: tuple[Arm, ...], calls_of: Rows, judgements_of: Rows
) -> None:
    toy = world(pool, Settings("news", discount=0.5), {"strong": 0.8, "cheap": 0.8, "third": 0.8})
    state = toy.play(1)[-1]
    moment = datetime.fromisoformat(state.created_at)
    none = judgements_of([])

    def after(days: int) -> float:
        row = {
            "run_id": "later",
            "call_id": "x",
            "model": "cheap",
            "family": "b",
            "started_at": moment + timedelta(days=days),
        }
        return learn(state, calls_of([row]), none, pool, toy.settings, created_at=moment).tallies[cheap].answers

    cheap = STRONG._replace(arm="cheap")
    assert after(0) == state.tallies[cheap].answers + 1
    assert after(1) == state.tallies[cheap].answers * 0.5 + 1


def test_pools_change_between_nights(world: Any, pool: tuple[Arm, ...]) -> None:
    toy = world(pool, Settings("news", k_cost=1), {"strong": 0.9, "cheap": 0.6, "third": 0.6})
    state = toy.play(8)[-1]
    role = ("topic_finder", "en")
    assert serving(state, pool, toy.settings, *role) is state.plans[role]

    new = Arm("new", "d", prior=Prior(0.99, 40))
    grown = serving(state, (*pool, new), toy.settings, *role)
    assert grown.leader == "strong"
    assert 0 < grown.weights["new"] <= 0.03
    assert grown.challengers["new"] > 0.5  # tried where it is judged

    shrunk = serving(state, pool[1:], toy.settings, *role)
    assert set(shrunk.weights) == {"cheap", "third"}
    assert max(shrunk.weights.values()) >= 0.97

    without = replace(toy.settings, excluded=frozenset({"strong"}))
    assert serving(state, pool, without, *role) == serving(state, pool[1:], toy.settings, *role)


def test_a_language_never_seen_uses_what_others_taught(world: Any, pool: tuple[Arm, ...]) -> None:
    toy = world(pool, Settings("news", k_cost=1), {"strong": 0.95, "cheap": 0.5, "third": 0.5})
    state = toy.play(6)[-1]
    assert serving(None, pool, toy.settings, "topic_finder", "zh").leader == "cheap"
    assert serving(state, pool, toy.settings, "topic_finder", "zh").leader == "strong"
    assert serving(state, pool, toy.settings, "topic_locator", "zh").leader == "cheap"


def test_the_report_has_a_row_for_every_arm(world: Any, pool: tuple[Arm, ...], settings: Settings) -> None:
    toy = world(pool, settings, {"strong": 0.9, "cheap": 0.6, "third": 0.6})
    state = toy.play(2)[-1]
    rows = report(state, pool, settings, [("topic_finder", "zh")])
    assert [(row["language"], row["model"]) for row in rows] == [
        (language, arm.model) for language in ("en", "zh") for arm in pool
    ]
    for row in rows:
        assert row["low"] <= row["value"] <= row["high"]
        assert 0 <= row["accuracy"] <= 1
        assert (row["version"], row["profile"], row["from_run_ids"]) == (2, "news", ["run-2"])
        assert row["reason"] == state.reason
    assert sum(row["weight"] for row in rows[:3]) == pytest.approx(1)
    assert report(None, pool, settings) == []
    assert report(None, pool, settings, [("topic_finder", "en")])[0]["version"] == 0


def test_reasons_are_one_plain_line(world: Any, pool: tuple[Arm, ...]) -> None:
    toy = world(pool, Settings("news", k_cost=1), {"strong": 0.95, "cheap": 0.4, "third": 0.4})
    for state in toy.play(3):
        assert state.reason.startswith("Learned from ")
        assert "\n" not in state.reason
    assert "strong is worth more than cheap" in toy.play(1)[0].reason


def test_nothing_published_is_a_version_too(
    calls_of: Rows, judgements_of: Rows, pool: tuple[Arm, ...], settings: Settings, now: datetime
) -> None:
    state = learn(None, calls_of([]), judgements_of([]), pool, settings, created_at=now)
    assert (state.version, state.previous, state.plans) == (1, None, {})
    assert serving(state, pool, settings, "r", "en") == serving(None, pool, settings, "r", "en")


def test_further_columns_are_context(world: Any, pool: tuple[Arm, ...], now: datetime) -> None:
    """A chunk's length, say, as a column `band` of calls."""
    chosen = Settings("news", context=("language", "band"))
    toy = world(pool, chosen, {"strong": 0.9, "cheap": 0.6, "third": 0.6})
    calls, judgements = toy.night(1, toy.plan(None), 60)
    bands = ["long" if k % 2 else "short" for k in range(len(calls))]
    calls = calls.append_column("band", [bands])
    state = learn(None, calls, judgements, pool, chosen, created_at=now)
    assert {key.context for key in state.tallies} == {"en/long", "en/short"}
    assert set(state.plans) == {("topic_finder", "en/long"), ("topic_finder", "en/short")}


def test_lanes_of_a_model_are_weighed_apart(settings: Settings) -> None:
    arms = (Arm("m", "a"), Arm("m", "a", lane="batch"), Arm("n", "b"))
    assert set(serving(None, arms, settings, "topic_finder", "en").weights) == {"m", "m@batch", "n"}


def test_a_leader_that_falls_is_replaced_within_three_nights(world: Any, pool: tuple[Arm, ...]) -> None:
    for seed in range(3):
        good = {"strong": 0.95, "cheap": 0.8, "third": 0.7}
        toy = world(pool, Settings("news", k_cost=1), good, DEAR, seed=seed)
        state = toy.play(12, 300)[-1]
        assert toy.plan(state).leader == "strong"
        spoilt = replace(toy, accuracy={**good, "strong": 0.5})
        assert spoilt.plan(spoilt.play(3, 300, state)[-1]).leader == "cheap"
