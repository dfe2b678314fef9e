"""Who judges whom, and what judgements make together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from role_rl.arms import Arm
from role_rl.board import combined, judge_weights, may_judge, panel

POOL = (
    Arm("opus", "anthropic"),
    Arm("haiku", "anthropic"),
    Arm("mini", "openai"),
    Arm("mini", "openai", lane="batch"),
    Arm("llama", "meta"),
    Arm("words", "baseline", judges=False),
)


@pytest.mark.parametrize("arm", POOL, ids=lambda arm: arm.name)
def test_nobody_is_judged_by_itself_its_family_or_a_baseline(arm: Arm) -> None:
    judges = panel(arm, POOL, "unit", size=10)
    assert judges
    assert all(judge.family != arm.family and judge.model != arm.model and judge.judges for judge in judges)
    assert len({judge.model for judge in judges}) == len(judges)


@given(st.text(), st.permutations(POOL))
def test_a_panel_depends_on_the_decision_and_not_on_the_order_of_the_pool(key: str, pool: list[Arm]) -> None:
    assert panel(POOL[0], pool, key, 2) == panel(POOL[0], POOL, key, 2)


def test_all_judges_get_their_turn_and_judge_at_once() -> None:
    first = [panel(POOL[0], POOL, f"unit-{n}")[0] for n in range(200)]
    assert 60 < sum(judge.model == "mini" for judge in first) < 140
    assert {judge.lane for judge in first} == {"sync"}


def test_a_duel_is_given_to_a_judge_of_both() -> None:
    for n in range(50):
        one = panel(POOL[0], POOL, f"unit-{n}", 1, rivals=(POOL[2],))
        other = panel(POOL[2], POOL, f"unit-{n}", 1, rivals=(POOL[0],))
        assert one == other == (POOL[4],)


def test_a_pool_of_one_has_no_board() -> None:
    assert panel(POOL[0], POOL[:2], "unit") == ()


def test_a_row_without_a_family_is_settled_by_the_pool() -> None:
    assert not may_judge("haiku", "", "opus", "anthropic", POOL)
    assert not may_judge("words", "baseline", "opus", "anthropic", POOL)
    assert not may_judge("", "", "opus", "anthropic", POOL)
    assert may_judge("retired", "meta", "opus", "anthropic", POOL)


def test_weights_are_equal_until_reliability_is_known() -> None:
    known = {"a": 30.0, "b": 10.0}
    assert judge_weights(["a", "b"]) == judge_weights(["a", "b"], known, 29) == {"a": 0.5, "b": 0.5}
    assert judge_weights(["a", "b"], known, 30) == {"a": 0.75, "b": 0.25}
    assert judge_weights(["a", "c"], known, 30) == {"a": 0.5, "c": 0.5}
    assert judge_weights([]) == {}


def test_several_judgements_are_one_accuracy() -> None:
    assert combined([0.5, 1.0], [0.75, 0.25]) == pytest.approx(0.625)
    assert combined([], []) is None
