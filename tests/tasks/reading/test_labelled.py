"""Labelled documents: ours fit our profiles, and rubbish is refused by its place."""

from pathlib import Path
from typing import Any

import pytest

from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.labelled import load_labelled
from nightdesk.tasks.reading.language import detect_language
from tests.tasks.labels import labelled


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


def test_our_own_labels_name_the_language_that_would_be_told() -> None:
    for path in sorted((folder("contracts").parent / "labels").glob("*.json")):
        document = load_labelled(path)
        assert document.language == detect_language(list(document.texts)), path


def test_labels_are_told_by_position_whatever_the_source_calls_its_sentences(tmp_path: Path) -> None:
    document = load_labelled(labelled(tmp_path))
    assert (document.doc_id, document.ids, document.texts) == ("l", ("10", "11", "12", "13"), ("a", "b", "c", "d"))
    assert document.passages == ((1, 2, "x"), (3, 4, "y"))
    assert document.categories == ("facts", "future_plans")
    assert document.labels == {
        1: {(0, "facts")}, 2: {(0, "facts")}, 3: {(1, "facts")}, 4: {(1, "future_plans")},
    }  # fmt: skip
