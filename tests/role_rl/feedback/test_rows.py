"""Which published rows are read, and what repairs add to them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.errors import TableError
from nightdesk.role_rl.feedback import gather
from nightdesk.role_rl.feedback.charges import charged, measured_dollars
from nightdesk.role_rl.feedback.grades import heard
from nightdesk.role_rl.feedback.rows import CALLS, JUDGEMENTS, PaidCalls, paid_calls, rows_of_profile, without_runs

Rows = Callable[[Sequence[Mapping[str, Any]]], pa.Table]
SETTINGS = Settings("news")
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


def charges(paid: PaidCalls) -> dict[str, tuple[float, float]]:
    """Return dollars and seconds of every call."""
    return dict(zip(paid.ids.to_pylist(), zip(*(x.tolist() for x in charged(paid)), strict=True), strict=True))


@pytest.mark.parametrize("row", IGNORED.values(), ids=IGNORED)
def test_judgements_that_are_never_used(
    row: dict[str, Any], calls_of: Rows, judgements_of: Rows, pool: tuple[Arm, ...]
) -> None:
    given = judgements_of([{"accuracy": 0.4}, {"accuracy": 0.9, "judge": "x", **row}])
    found = heard(given, paid_calls(calls_of([{}]), SETTINGS), (*pool, Arm("base", "z", judges=False)))
    assert [found.judges[k] for k in found.judge] == ["third"]
    assert found.accuracy.tolist() == [0.4]
    assert len(heard(given, paid_calls(calls_of([{"valid": False}]), SETTINGS), pool).call) == 0


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
    found = charges(paid_calls(table, SETTINGS))
    assert found["s"] == pytest.approx((0.15, 15.0))
    assert found["d"][0] == pytest.approx(0.003)


def test_a_circle_of_repairs_ends(calls_of: Rows) -> None:
    around = [{"call_id": one, "parent_call_id": other, "purpose": "repair"} for one, other in ("ab", "ba")]
    found = charges(paid_calls(calls_of([{"call_id": "s", "cost_usd": 0.01}, *around]), SETTINGS))
    assert found["s"][0] == 0.01


@pytest.mark.parametrize("is_control", [False, True])
def test_the_judgements_of_one_answer_weigh_one_together(
    is_control: bool, calls_of: Rows, judgements_of: Rows, pool: tuple[Arm, ...]
) -> None:
    said = [
        {"judge": name, "judge_family": name, "weight": w, "control": is_control}
        for name, w in zip("xyz", (1, 2, 4), strict=True)
    ]
    paid = paid_calls(calls_of([{"purpose": "judge" if is_control else "serve"}]), SETTINGS)
    found = heard(judgements_of(said), paid, pool)
    assert found.share.sum() == pytest.approx(0 if is_control else 1)  # a control item is judged by its labels alone
    assert np.isnan(found.means(1)).all() == is_control


def test_a_missing_column_is_named(calls_of: Rows, judgements_of: Rows, settings: Settings) -> None:
    with pytest.raises(TableError, match="calls lacks lane"):
        rows_of_profile(calls_of([{}]).drop_columns(["lane"]), CALLS, settings)
    with pytest.raises(TableError, match=f"judgements lacks {JUDGEMENTS[-1]}"):
        gather(calls_of([]), judgements_of([]).drop_columns([JUDGEMENTS[-1]]), (), settings)


def test_rows_of_other_profiles_and_of_learned_runs_are_left_out(calls_of: Rows, settings: Settings) -> None:
    rows = [{"call_id": "1"}, {"call_id": "2", "profile": "commerce"}, {"call_id": "3", "run_id": "run-2"}]
    ours = rows_of_profile(calls_of(rows), CALLS, settings)
    assert ours["call_id"].to_pylist() == ["1", "3"]
    assert without_runs(ours, {"run-1", "run-0"})["call_id"].to_pylist() == ["3"]


def test_what_a_row_does_not_say_of_its_context_is_und(calls_of: Rows) -> None:
    settings = Settings("news", context=("language", "unit"))
    rows = [{"call_id": "1", "language": "en", "unit": "3"}, {"call_id": "2", "language": None, "unit": ""}]
    assert [key.language for key in paid_calls(calls_of(rows), settings).keys] == ["en/3", "und/und"]


def test_dollars_that_were_set_aside_for_a_reply_that_never_came_teach_nothing() -> None:
    assert measured_dollars(0.5, '{"reserved_usd": 0.5}') is None
    assert measured_dollars(0.51, '{"prompt_tokens": 9, "reserved_usd": 0.5}') == pytest.approx(0.01)
    assert measured_dollars(0.01, '{"prompt_tokens": 9}') == 0.01
    assert measured_dollars(0.5, '{"reserved_usd": "all"}') is None
    assert measured_dollars(0.5, None) == 0.5
