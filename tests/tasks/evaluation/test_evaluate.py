"""Evaluating: which labelled documents are taken, and what their measures come to."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.evaluation.evaluate import MEASURES, load_all, mean
from tests.tasks.labels import labelled


def test_documents_are_read_in_the_order_they_are_named(tmp_path: Path) -> None:
    files = [labelled(tmp_path, name) for name in ("b", "a", "c")]
    assert [d.doc_id for d in load_all(files, load_profile("news"))] == ["b", "a", "c"]


def test_two_documents_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    first, second = labelled(tmp_path), labelled(tmp_path / "x")
    with pytest.raises(InputError, match=r"x/l\.json: there already is a document 'l'"):
        load_all([first, second], load_profile("news"))


def test_labels_that_the_profile_does_not_have_are_refused_by_their_names(tmp_path: Path) -> None:
    files = [labelled(tmp_path), labelled(tmp_path, "sold", topics=[{"topic": "X", "price": [10], "facts": [11]}])]
    with pytest.raises(InputError, match=r"sold\.json: it is labelled in price, which profile news has not") as e:
        load_all(files, load_profile("news"))
    assert "--profile" in str(e.value)


SCORES = st.lists(st.dictionaries(st.sampled_from(MEASURES), st.floats(0, 1)), max_size=5)


@given(SCORES)
def test_a_mean_is_taken_over_the_documents_that_have_the_measure(rows: list[dict[str, float]]) -> None:
    found = mean([{"document": "d", "sentences": 3, **row} for row in rows])
    assert found.keys() == {m for row in rows for m in row}
    for measure, value in found.items():
        its = [row[measure] for row in rows if measure in row]
        assert value == pytest.approx(sum(its) / len(its))
