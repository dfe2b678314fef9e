"""The measures, against cases worked out by hand."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.evaluation.scores import bcubed_f1, score
from nightdesk.tasks.reading.labelled import load_labelled
from tests.tasks.labels import LABELLED, labelled


def rows(topics: list[str | None], categories: list[str]) -> list[dict[str, Any]]:
    sentences = LABELLED["document"]
    return [
        {"position": k, "sentence_id": str(i), "text": s, "topic_id": t, "category": c}
        for k, ((i, s), t, c) in enumerate(zip(sentences, topics, categories, strict=True), 1)
    ]


def test_what_agrees_wholly_scores_one(tmp_path: Path) -> None:
    found = score(load_labelled(labelled(tmp_path)), rows(["t1", "t1", "t2", "t2"], ["facts"] * 3 + ["future_plans"]))
    assert found == {
        "coverage": 1.0, "unplaced": 0.0, "stretch_f1": 1.0, "story_f1": 1.0,
        "category_acc": 1.0, "category_f1": 1.0, "topic_category_recall": 1.0,
    }  # fmt: skip


def test_what_agrees_in_part_scores_as_worked_out_by_hand(tmp_path: Path) -> None:
    found = score(
        load_labelled(labelled(tmp_path)),
        rows(["t1", "t1", "t1", "t2"], ["facts", "future_plans", "facts", "future_plans"]),
    )
    # B-cubed: precision (3 items in a group of 3 with 2, 2 and 1 of their own, one alone) = (2/3 + 2/3 + 1/3 + 1) / 4,
    # recall = (1 + 1 + 1/2 + 1/2) / 4.
    precision, recall = (2 / 3 + 2 / 3 + 1 / 3 + 1) / 4, 3 / 4
    f1 = 2 * precision * recall / (precision + recall)
    assert found["stretch_f1"] == pytest.approx(f1)
    assert found["story_f1"] == pytest.approx(f1)
    assert found["category_acc"] == pytest.approx(3 / 4)
    # facts: 2 right, 2 said, 3 true -> 4/5; future_plans: 1 right, 2 said, 1 true -> 2/3.
    assert found["category_f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    # Pairs: X with t1 (2 sentences), then Y with t2. Sentences 1 and 4 are right in both.
    assert found["topic_category_recall"] == pytest.approx(2 / 4)


def test_a_story_that_comes_back_is_two_stretches(tmp_path: Path) -> None:
    path = labelled(tmp_path, passages=[[10, 10, "x"], [11, 12, "y"], [13, 13, "x"]], topics=[])
    found = score(load_labelled(path), rows(["t1", "t2", "t2", "t1"], ["facts"] * 4))
    assert found == {"coverage": 1.0, "unplaced": 0.0, "stretch_f1": 1.0, "story_f1": 1.0}
    found = score(load_labelled(path), rows(["t1", "t2", "t2", "t3"], ["facts"] * 4))
    # The runs are the passages; of the two sentences of story x, each has half of its story in its topic.
    assert found["stretch_f1"] == 1.0
    assert found["story_f1"] == pytest.approx(2 * 1 * 0.75 / 1.75)


def test_sentences_that_are_lost_changed_doubled_or_unplaced_count_against(tmp_path: Path) -> None:
    its = rows(["t1", "t1", "t2", None], ["facts", "facts", "facts", "unplaced"])
    its[1] = {**its[1], "text": "B"}
    its.append(its[2])
    found = score(load_labelled(labelled(tmp_path)), its)
    assert found["coverage"] == pytest.approx(2 / 4)  # the first and the unplaced one
    assert found["unplaced"] == pytest.approx(1 / 5)
    assert found["category_acc"] == pytest.approx(1 / 4)
    assert score(load_labelled(labelled(tmp_path)), [])["coverage"] == 0.0


GROUPS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12)


@given(GROUPS)
def test_bcubed_is_symmetric_and_one_only_for_the_same_grouping(pairs: list[tuple[int, int]]) -> None:
    true, predicted = [a for a, _ in pairs], [b for _, b in pairs]
    f1 = bcubed_f1(true, predicted)
    assert f1 == pytest.approx(bcubed_f1(predicted, true))
    assert 0 < f1 <= 1 + 1e-12
    same = {(a, b) for a, b in pairs}
    is_same = len(same) == len({a for a, _ in same}) == len({b for _, b in same})
    assert (f1 == pytest.approx(1)) == is_same
