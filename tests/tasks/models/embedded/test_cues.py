"""What the words, quotes and digits of a sentence show."""

import numpy as np
import pytest
from hypothesis import given

from nightdesk.tasks.models.embedded.cues import SIGNALS, cue_table, features, is_readable, known_set, units
from tests.tasks.models.embedded.made import COMMERCE, NEWS, SENTENCES


def shown(*sentences: str, signal: str) -> list[float]:
    return [float(x) for x in features(sentences, cue_table("news", "en"))[:, SIGNALS.index(signal)]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It costs 12,000 or twenty-five euros", ["it", "costs", "#", "or", "#", "euros"]),
        ("They’re late", ["they're", "late"]),
        ("万一下雨，买三百个", ["万一", "下", "雨", "买", "#", "个"]),
    ],
)
def test_text_is_read_as_words_and_numbers(text: str, found: list[str]) -> None:
    assert units(text) == found


def test_a_quotation_goes_on_until_it_is_closed_or_for_too_long() -> None:
    told = "The water came through the door."
    opened = "“I have never been so scared."
    assert shown(opened, told, told + "”", told, signal="inside") == [0, 1, 1, 0]
    assert shown(opened, told, signal="quoted")[1] == 1
    long = shown(opened, *[told] * 20, signal="inside")
    assert long[1] == 1 and long[-1] == 0


def test_signals_are_read_from_marks_and_digits() -> None:
    sentences = ("Is it 5, 6 or 7?", "It is $5!", "(photo) A bridge")
    assert shown(*sentences, signal="question") == [1, 0, 0]
    assert shown(*sentences, signal="exclamation") == [0, 1, 0]
    assert shown(*sentences, signal="money") == [0, 1, 0]
    assert shown(*sentences, signal="credit") == [0, 0, 1]


def test_a_set_is_known_by_any_of_its_categories() -> None:
    assert [known_set(NEWS), known_set(NEWS[:2]), known_set(COMMERCE)] == ["news", "news", "commerce"]
    assert [known_set((*NEWS, "gossip")), known_set(("price", "facts"))] == [None, None]


@given(SENTENCES)
def test_what_is_shown_is_finite_and_the_same_twice(sentences: list[str]) -> None:
    table = cue_table("news", "en")
    rows = features(sentences, table)
    assert rows.shape == (len(sentences), len(table.features))
    assert np.isfinite(rows).all()
    assert rows.min(initial=0) >= 0
    np.testing.assert_array_equal(rows, features(sentences, table))


def test_an_everyday_word_is_shown_once_however_often_it_is_said() -> None:
    table = cue_table("news", "en")
    rows = features(["So it was, so it is, so it goes.", "The harbour froze."], table)
    assert rows[:, table.words["so"]].tolist() == [1.0, 0.0]
    assert not cue_table("news", "fr").words


def test_there_is_something_to_judge_in_words_and_digits_and_not_in_a_wall_of_text() -> None:
    assert [is_readable(text) for text in ("5", "字", "😂…", "", "word " * 2_000)] == [True, True, False, False, False]
