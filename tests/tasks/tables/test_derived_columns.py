"""Columns that follow from other rows: what they say is what those rows hold."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.tables.derived_columns import extent


@given(st.sets(st.integers(1, 60), min_size=1))
def test_spans_give_back_the_positions(positions: set[int]) -> None:
    e = extent(list(positions))
    assert sorted(positions) == [p for s in e["spans"] for p in range(s["first"], s["last"] + 1)]
    assert all(a["last"] + 1 < b["first"] for a, b in pairwise(e["spans"]))
    assert (e["sentences"], e["first_position"], e["last_position"]) == (
        len(positions),
        min(positions),
        max(positions),
    )
