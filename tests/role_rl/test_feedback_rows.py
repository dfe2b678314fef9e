"""Which published rows are read, and what repairs add to them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.errors import TableError
from nightdesk.role_rl.feedback_rows import (
    CALLS,
    JUDGEMENTS,
    charge_repairs,
    context_of,
    heard_of,
    measured_dollars,
    rows_of,
    rows_of_profile,
    shared_grades,
    without_runs,
)

Rows = Callable[[Sequence[Mapping[str, Any]]], pa.Table]


IGNORED: dict[str, dict[str, Any]] = {
    "of the model itself": {"judge": "strong", "judge_family": "elsewhere"},
    "of its family": {"judge": "sister", "judge_family": "a"},
    "of a baseline": {"judge": "base", "judge_family": "z"},
    "of a control item": {"control": True},
    "of nothing": {"accuracy": None},
    "out of range": {"accuracy": 1.5},
    "not a number": {"accuracy": float("nan")},
    "of no weight": {"weight": 0.0},
    "of another call": {"call_id": "c9"},
}


@pytest.mark.parametrize("row", IGNORED.values(), ids=IGNORED)
def test_judgements_that_are_never_used(
    row: dict[str, Any], calls_of: Rows, judgements_of: Rows, pool: tuple[Arm, ...]
) -> None:
    (answer,) = rows_of(calls_of([{}]), CALLS)
    given = judgements_of([{"accuracy": 0.4}, {"accuracy": 0.9, "judge": "x", **row}])
    heard = heard_of(given, {"c1": answer}, (*pool, Arm("base", "z", judges=False)))
    assert [(one["judge"], one["accuracy"]) for one in heard["c1"]] == [("third", 0.4)]
    assert heard_of(given, {"c1": {**answer, "valid": False}}, pool) == {}


def test_repairs_are_charged_to_the_answer_that_needed_them(calls_of: Rows) -> None:
    """A duel, both of whose answers were repaired, one of them twice; then a fallback, repaired too."""
    cheap, third = {"model": "cheap", "family": "b"}, {"model": "third", "family": "c"}
    table = calls_of(
        [
            {"call_id": "s", "cost_usd": 0.01, "latency_s": 1.0},
            {"call_id": "s1", "parent_call_id": "s", "purpose": "repair", "cost_usd": 0.02, "latency_s": 2.0},
            {"call_id": "s2", "parent_call_id": "s1", "purpose": "repair", "cost_usd": 0.04, "latency_s": 4.0},
            {"call_id": "d", "purpose": "duel", "cost_usd": 0.001, **cheap},
            {"call_id": "d1", "parent_call_id": "d", "purpose": "repair", "cost_usd": 0.002, **cheap},
            {"call_id": "f", "parent_call_id": "s2", "purpose": "fallback", "cost_usd": 9.0, **third},
            {"call_id": "f1", "parent_call_id": "f", "purpose": "repair", "cost_usd": 9.0, **third},
            {"call_id": "o", "purpose": "repair", "cost_usd": 0.08, "latency_s": 8.0},  # no parent: the decision's
            {"call_id": "j", "purpose": "judge", "cost_usd": 9.0, **third},
        ]
    )
    paid = {row["call_id"]: row for row in rows_of(table, CALLS)}
    answers = {name: paid[name] for name in ("s", "d")}
    charge_repairs(paid, answers)
    assert (answers["s"]["dollars"], answers["s"]["seconds"]) == pytest.approx((0.15, 15.0))
    assert answers["d"]["dollars"] == pytest.approx(0.003)


def test_a_circle_of_repairs_ends(calls_of: Rows) -> None:
    around = [{"call_id": one, "parent_call_id": other, "purpose": "repair"} for one, other in ("ab", "ba")]
    paid = {row["call_id"]: row for row in rows_of(calls_of([{"call_id": "s", "cost_usd": 0.01}, *around]), CALLS)}
    charge_repairs(paid, answers := {"s": paid["s"]})
    assert answers["s"]["dollars"] == 0.01


@given(st.dictionaries(st.sampled_from("abcd"), st.tuples(st.floats(0, 1), st.floats(1e-3, 1e3)), min_size=1))
def test_the_judgements_of_one_answer_weigh_one_together(given_by: dict[str, tuple[float, float]]) -> None:
    rows = [{"judge": name, "accuracy": accuracy, "weight": w} for name, (accuracy, w) in given_by.items()]
    shared = shared_grades(rows, control=False)
    assert {judge: accuracy for judge, accuracy, _ in shared} == {name: a for name, (a, _) in given_by.items()}
    assert sum(weight for *_, weight in shared) == pytest.approx(1)
    assert shared_grades(rows, control=True) == []  # a control item is judged by its labels alone


def test_a_missing_column_is_named(calls_of: Rows, judgements_of: Rows, settings: Settings) -> None:
    with pytest.raises(TableError, match="calls lacks lane"):
        rows_of_profile(calls_of([{}]).drop_columns(["lane"]), CALLS, settings)
    with pytest.raises(TableError, match=f"judgements lacks {JUDGEMENTS[-1]}"):
        heard_of(judgements_of([]).drop_columns([JUDGEMENTS[-1]]), {}, ())


def test_rows_of_other_profiles_and_of_learned_runs_are_left_out(calls_of: Rows, settings: Settings) -> None:
    rows = [{"call_id": "1"}, {"call_id": "2", "profile": "commerce"}, {"call_id": "3", "run_id": "run-2"}]
    ours = rows_of_profile(calls_of(rows), CALLS, settings)
    assert ours["call_id"].to_pylist() == ["1", "3"]
    assert without_runs(ours, {"run-1", "run-0"})["call_id"].to_pylist() == ["3"]


def test_what_a_row_does_not_say_of_its_context_is_und() -> None:
    settings = Settings("news", context=("language", "band"))
    assert context_of({"language": "en", "band": 3}, settings) == "en/3"
    assert context_of({"language": None, "band": ""}, settings) == "und/und"


def test_dollars_that_were_set_aside_for_a_reply_that_never_came_teach_nothing() -> None:
    late = {"call_id": "late", "cost_usd": 0.5, "usage": '{"reserved_usd": 0.5}'}
    then = {"call_id": "then", "cost_usd": 0.51, "usage": '{"prompt_tokens": 9, "reserved_usd": 0.5}'}
    usual = {"call_id": "usual", "cost_usd": 0.01, "usage": '{"prompt_tokens": 9}'}
    broken = {"call_id": "broken", "cost_usd": 0.5, "usage": '{"reserved_usd": "all"}'}
    assert measured_dollars(late) is None
    assert measured_dollars(then) == pytest.approx(0.01)
    assert measured_dollars(usual) == 0.01
    assert measured_dollars(broken) is None
    assert measured_dollars({"cost_usd": 0.5}) == 0.5
