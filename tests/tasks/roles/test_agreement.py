"""The measures by which answers are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.messages import Answer
from nightdesk.tasks.roles.agreement import bcubed_f1, share_equal
from tests.tasks.roles.made import PLACED, groups_of

CLUSTERINGS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12)


@given(CLUSTERINGS)
def test_bcubed_is_what_its_definition_says(pairs: list[tuple[int, int]]) -> None:
    gold, predicted = [g for g, _ in pairs], [p for _, p in pairs]
    precision = recall = 0.0
    for g, p in pairs:
        with_it = sum(1 for x in pairs if x == (g, p))
        precision += with_it / predicted.count(p) / len(pairs)
        recall += with_it / gold.count(g) / len(pairs)
    assert bcubed_f1(gold, predicted) == pytest.approx(2 * precision * recall / (precision + recall))


def test_no_items_agree_wholly() -> None:
    assert bcubed_f1([], []) == 1.0
    assert share_equal(Answer(()), Answer(()), 0) == 1.0


@given(PLACED, PLACED)
def test_share_equal_counts_the_numbers_under_one_label(placed: list[int | None], other: list[int | None]) -> None:
    a, b = (Answer(groups_of("content_organizer", x)) for x in (placed, other))
    assert share_equal(a, b, 6) == sum(x == y for x, y in zip(placed, other, strict=True)) / 6
