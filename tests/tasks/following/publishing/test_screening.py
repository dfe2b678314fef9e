"""Screening says that a table holds to its contract exactly where Great Expectations finds nothing."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightdesk.tasks.following.publishing import screening
from nightdesk.tasks.following.publishing.screening import holds
from nightdesk.tasks.tables.audit import audit, slimmed
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.quarantine import clear
from tests.tasks.following.publishing.settling import Row, Stream
from tests.tasks.made import CATEGORIES

TABLES = ("passages", "passages_open", "topics", "documents")
ODD: dict[str, list[Any]] = {
    "position": [0, 1, 2, 99],
    "category": ["gossip", "unplaced", ""],
    "topic_id": [None, "elsewhere", ""],
    "topic": [None, ""],
    "reason": [None, "why"],
    "confidence": [None, -0.1, 0.0, 1.0, 1.5, float("nan")],
    "start_s": [None, -1.0, 0.0, float("inf")],
    "end_s": [None, -0.5, 3.0],
    "title": ["", "x" * 120, "x" * 121],
    "sentences": [0, 1, 999],
    "first_position": [0, 1, 99],
    "status": ["published", "unreadable", "lost"],
    "placed": [0, 7],
    "unplaced": [0, 7],
    "failed": [None, 0, 99],
    "unpaid": [None, 0, 99],
    "doc_id": ["another", ""],
}


def _asked_in_a_round() -> dict[str, tuple[pa.Table, dict[str, pa.Array], dict[str, Any]]]:
    """Return what is audited of a round: of each table its rows, and the columns and values that go with it."""
    settled, seen = Stream("talk").settle(9), {}

    def note(name: str, table: pa.Table, extra: dict[str, pa.Array], values: dict[str, Any]) -> Any:
        seen[name] = table, extra, values
        return audit(name, table, extra, values)

    rows: dict[str, list[Row]] = {
        "passages": settled.passages, "topics": settled.topics, "documents": [settled.document],
    }  # fmt: skip
    built = {t: contract(t).build([{**row, "run_id": "run"} for row in its]) for t, its in rows.items()}
    clear(built, list(CATEGORIES), "run", note)
    open_rows = contract("passages_open").conform(built["passages"])
    seen["passages_open"] = open_rows, {}, {"categories": seen["passages"][2]["categories"]}
    return seen


ASKED = _asked_in_a_round()


@st.composite
def _spoiled(draw: Callable[..., Any]) -> tuple[str, pa.Table]:
    """Return a table of a round, of which some values are others, or a row is there twice or gone."""
    name = draw(st.sampled_from(TABLES))
    rows = ASKED[name][0].to_pylist()
    columns = sorted(ODD.keys() & set(ASKED[name][0].schema.names))
    for _ in range(draw(st.integers(0, 2))):
        column = draw(st.sampled_from(columns))
        rows[draw(st.integers(0, len(rows) - 1))][column] = draw(st.sampled_from(ODD[column]))
    if len(rows) > 1 and draw(st.booleans()):
        rows[-1] = dict(rows[0]) if draw(st.booleans()) else rows[-1]
    schema = pa.schema([field.with_nullable(True) for field in ASKED[name][0].schema])
    return name, pa.Table.from_pylist(rows, schema=schema)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_spoiled())
def test_a_table_passes_exactly_where_great_expectations_finds_nothing(spoiled: tuple[str, pa.Table]) -> None:
    name, table = spoiled
    _, extra, values = ASKED[name]
    table = slimmed(name, table)
    report = audit(name, table, extra, values)
    assert holds(name, table, extra, values) == (not report.rows and not report.whole)


@pytest.mark.parametrize("name", TABLES)
def test_what_a_round_audits_passes_and_a_missing_value_does_not(name: str) -> None:
    table, extra, values = ASKED[name]
    assert holds(name, table, extra, values)
    column = next(e["column"] for e in contract(name).rows if e["expect"].endswith("not_be_null"))
    at = table.schema.get_field_index(column)
    gone = table.set_column(at, column, pa.nulls(len(table), table.schema.field(column).type))
    assert not holds(name, gone, extra, values)


def test_an_expectation_that_is_not_known_is_left_to_great_expectations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(screening._ASKED, "expect_table_row_count_to_equal")  # type: ignore[attr-defined]
    assert not holds("passages", *ASKED["passages"])
    assert holds("topics", *ASKED["topics"])
