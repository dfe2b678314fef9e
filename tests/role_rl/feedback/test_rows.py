"""Which published rows are read, and what repairs add to them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.errors import TableError
from nightdesk.role_rl.feedback import CallReader, PaidCalls, gather
from nightdesk.role_rl.feedback.charges import charged
from nightdesk.role_rl.feedback.columns import hashed
from nightdesk.role_rl.feedback.grades import JUDGEMENTS, heard
from nightdesk.role_rl.feedback.reserves import measured_dollars

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


def paid_calls(*tables: pa.Table, settings: Settings = SETTINGS) -> PaidCalls:
    """Read tables, one after the other."""
    reader = CallReader(settings)
    for table in tables:
        reader.add(table)
    return reader.paid()


def charge_of(table: pa.Table, call_id: str) -> tuple[float, float]:
    """Return dollars and seconds of a call."""
    paid = paid_calls(table)
    (row,) = np.flatnonzero(paid.rows.call == hashed(pa.chunked_array([[call_id]])))
    dollars, seconds = charged(paid)
    return float(dollars[row]), float(seconds[row])


@pytest.mark.parametrize("row", IGNORED.values(), ids=IGNORED)
def test_judgements_that_are_never_used(
    row: dict[str, Any], calls_of: Rows, judgements_of: Rows, pool: tuple[Arm, ...]
) -> None:
    given = judgements_of([{"accuracy": 0.4}, {"accuracy": 0.9, "judge": "x", **row}])
    found = heard(given, paid_calls(calls_of([{}])), (*pool, Arm("base", "z", judges=False)))
    assert [found.judges[k] for k in found.judge] == ["third"]
    assert found.accuracy.tolist() == [0.4]
    assert len(heard(given, paid_calls(calls_of([{"valid": False}])), pool).call) == 0


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
    assert charge_of(table, "s") == pytest.approx((0.15, 15.0))
    assert charge_of(table, "d")[0] == pytest.approx(0.003)


def test_a_circle_of_repairs_ends(calls_of: Rows) -> None:
    around = [{"call_id": one, "parent_call_id": other, "purpose": "repair"} for one, other in ("ab", "ba")]
    assert charge_of(calls_of([{"call_id": "s", "cost_usd": 0.01}, *around]), "s")[0] == 0.01


@pytest.mark.parametrize("is_control", [False, True])
def test_the_judgements_of_one_answer_weigh_one_together(
    is_control: bool, calls_of: Rows, judgements_of: Rows, pool: tuple[Arm, ...]
) -> None:
    said = [
        {"judge": name, "judge_family": name, "weight": w, "control": is_control}
        for name, w in zip("xyz", (1, 2, 4), strict=True)
    ]
    paid = paid_calls(calls_of([{"purpose": "judge" if is_control else "serve"}]))
    found = heard(judgements_of(said), paid, pool)
    assert found.share.sum() == pytest.approx(0 if is_control else 1)  # a control item is judged by its labels alone
    assert np.isnan(found.means(1)).all() == is_control


def test_a_missing_column_is_named(calls_of: Rows, judgements_of: Rows, settings: Settings) -> None:
    with pytest.raises(TableError, match="calls lacks lane"):
        paid_calls(calls_of([{}]).drop_columns(["lane"]))
    with pytest.raises(TableError, match=f"judgements lacks {JUDGEMENTS[-1]}"):
        gather(calls_of([]), judgements_of([]).drop_columns([JUDGEMENTS[-1]]), (), settings)


def test_rows_of_other_profiles_and_of_learned_runs_are_left_out(
    calls_of: Rows, judgements_of: Rows, settings: Settings
) -> None:
    rows = [{"call_id": "1"}, {"call_id": "2", "profile": "commerce"}, {"call_id": "3", "run_id": "run-2"}]
    learned = ("run-1", "run-0")
    none = judgements_of([])
    assert gather(calls_of(rows), none, (), settings).run_ids == ("run-1", "run-2")
    assert gather(calls_of(rows), none, (), settings, learned).run_ids == ("run-2",)
    assert sum(tally.answers for tally in gather(calls_of(rows), none, (), settings, learned).tallies.values()) == 1


@given(st.lists(st.text() | st.none()), st.integers(0, 40))
def test_texts_that_differ_have_different_hashes_wherever_they_stand(some: list[str | None], at: int) -> None:
    column = pa.array(["before", *some], pa.string())
    found = hashed(pa.chunked_array([column.slice(0, at), column.slice(at)]))
    assert found.tolist() == hashed(pa.chunked_array([column.dictionary_encode()])).tolist()
    assert len(set(found.tolist())) == len({"before", *some})
    assert [value == 0 for value in found.tolist()] == [text is None for text in ["before", *some]]


def test_what_a_row_does_not_say_of_its_context_is_und(calls_of: Rows) -> None:
    settings = Settings("news", context=("language", "unit"))
    rows = [{"call_id": "1", "language": "en", "unit": "3"}, {"call_id": "2", "language": None, "unit": ""}]
    assert [key.context for key in paid_calls(calls_of(rows), settings=settings).keys] == ["en/3", "und/und"]


def test_dollars_that_were_set_aside_for_a_reply_that_never_came_teach_nothing() -> None:
    assert measured_dollars(0.5, '{"reserved_usd": 0.5}') is None
    assert measured_dollars(0.51, '{"prompt_tokens": 9, "reserved_usd": 0.5}') == pytest.approx(0.01)
    assert measured_dollars(0.01, '{"prompt_tokens": 9}') == 0.01
    assert measured_dollars(0.5, '{"reserved_usd": "all"}') is None
    assert measured_dollars(0.5, None) == 0.5
