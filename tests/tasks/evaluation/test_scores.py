"""The measures, against cases worked out by hand; and labelled files that are refused by their place."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.evaluation.scores import bcubed_f1, score
from nightdesk.tasks.reading.labelled import load_labelled

LABELLED = {
    "document": [[10, "a"], [11, "b"], [12, "c"], [13, "d"]],
    "passages": [[10, 11, "x"], [12, 13, "y"]],
    "topics": [{"topic": "X", "facts": [10, 11]}, {"topic": "Y", "facts": [12], "future plans": [13]}],
}


def labelled(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "l.json"
    path.write_text(json.dumps({**LABELLED, **changes}))
    return path


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


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"document": [[1, "a"], [2]]}, "item 2 of the document"),
        ({"document": "a"}, "not a document"),
        ({"passages": [], "topics": []}, "nothing is labelled"),
        ({"passages": {"x": 1}}, "passages: not a list"),
        ({"passages": [[10, 11, "x"], [12, 13]]}, "passages, item 2"),
        ({"passages": [[10, 99, "x"]]}, "passages, item 1: there is no sentence '99'"),
        ({"passages": [[11, 10, "x"]]}, "passages, item 1: its last sentence comes before its first"),
        ({"topics": "x"}, "topics: not a list"),
        ({"topics": [{"topic": "X", "facts": [10]}, "Y"]}, "topics, item 2"),
        ({"topics": [{"topic": "X", "facts": 10}]}, "topics, item 1: 'facts' is not a list"),
        ({"topics": [{"topic": "X", "facts": [[10]]}]}, "topics, item 1: there is no sentence"),
    ],
)
def test_rubbish_is_named_with_its_file_and_place(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    path = labelled(tmp_path, **changes)
    with pytest.raises(InputError) as e:
        load_labelled(path)
    assert str(e.value).startswith(f"{path}: ")
    assert said in str(e.value)
    assert "\n" not in str(e.value)


def test_our_own_labels_fit_a_profile_and_leave_out_but_headlines() -> None:
    paths = sorted((folder("contracts").parent / "labels").glob("*.json"))
    assert len(paths) >= 8
    shipped = [set(load_profile(name).categories) for name in ("news", "commerce")]
    for path in paths:
        document = load_labelled(path)
        assert any(set(document.categories) <= categories for categories in shipped), path
        in_passages = [k for first, last, _ in document.passages for k in range(first, last + 1)]
        assert in_passages == list(range(1, len(document.ids) + 1)), path
        assert all(document.texts[k - 1][-1] not in ".?!。？！" for k in in_passages if k not in document.labels), path
