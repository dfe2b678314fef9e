"""Terms of topics: names count once, words of any report not at all, in text of any kind."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.models.topic_marks import TERM
from nightdesk.tasks.models.topic_terms import MOST, terms_of


def of(*sentences: str) -> dict[int, tuple[int, int]]:
    """Return hash -> (how often it is said, words of its name)."""
    return {int(t["word"]): (int(t["count"]), int(t["parts"])) for t in np.frombuffer(terms_of(sentences), TERM)}


def test_the_words_of_a_name_are_parts_of_one_thing() -> None:
    (varga,) = of("He met Varga.").keys() & of("They greeted Varga.").keys()
    assert of("Yesterday Ilse Varga spoke.")[varga] == (1, 2)
    assert of("Varga spoke, and Varga left.")[varga] == (2, 1)


def test_a_name_of_a_place_may_have_an_of_inside() -> None:
    assert {parts for _, parts in of("It was the Bank of Norvia.").values()} == {2}


def test_a_word_that_mostly_stands_alone_is_no_part_of_the_name_it_once_stood_in() -> None:
    (sandbank,) = of("A sandbank.")
    assert of("Sandbank Lines lost a ship.", "The sandbank moved.", "The sandbank grew.")[sandbank] == (3, 1)


def test_forms_of_a_word_are_one_term() -> None:
    assert of("A ferry.").keys() == of("Ferries.").keys() == of("The ferry's").keys()


@pytest.mark.parametrize(
    "sentence",
    [
        "He said on Tuesday that two people had expected it.",
        "Please sign up to our newsletter.",
        "公司表示，目前没有问题。",
        "",
    ],
)
def test_words_of_any_report_are_no_terms(sentence: str) -> None:
    assert not of(sentence)


def test_a_dateline_names_no_term() -> None:
    assert of("PORT ELLERY (Marlow Wire) - A ferry sank.").keys() == of("A ferry sank.").keys()


def test_words_of_chinese_are_found_without_spaces() -> None:
    assert len(of("白鹭江大桥合龙。").keys() & of("记者走上白鹭江大桥。").keys()) >= 1


@given(st.lists(st.text(max_size=80), max_size=6))
def test_any_text_has_terms_of_a_bounded_size(sentences: list[str]) -> None:
    packed = terms_of(sentences)
    assert len(packed) % TERM.itemsize == 0
    assert len(packed) <= MOST * TERM.itemsize
    assert packed == terms_of(sentences)
