"""Whether a sentence looks like the first of a topic."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.models.embedded import openings as forms
from nightdesk.tasks.models.embedded.openings import AFTER_FOOT, is_talk, openings
from tests.tasks.models.embedded.made import BEES, CHESS, FERRY, HOST, SENTENCES


@pytest.mark.parametrize(
    ("opens", "goes_on"),
    [
        ("GRAZ, Austria (AP) — The old bridge was shut for good on Monday.", "He said that it would never open again."),
        ("In other news, the central bank has raised its rates.", "But the central bank has not raised its rates."),
        ("By Ana Ruiz and Tom Falk in Graz", "“I cried when I saw it,” said the last cook of the ship."),
        ("新华社北京5月3日电 大桥今天重新开放。", "他说大桥会再次开放。"),
    ],
)
def test_a_report_opens_with_its_place_and_not_with_a_pronoun(opens: str, goes_on: str) -> None:
    first, second = openings([opens, goes_on])
    assert first > 0 > second


def test_what_stands_below_a_pages_foot_is_more_likely_new() -> None:
    plain, after_foot = (
        openings([before, CHESS[3]])[1] for before in (CHESS[2], "Read more: ten wrecks of the strait")
    )
    assert after_foot == plain + AFTER_FOOT


def test_a_host_shows_first_and_sells_last() -> None:
    shown, neither, sold = openings([*HOST, "so this is the blue scarf", "it goes with jeans", "only four left"])[-3:]
    assert shown > neither > sold


def test_talk_is_told_from_what_is_written_to_be_read() -> None:
    assert is_talk(HOST)
    assert not any(is_talk(story) for story in (FERRY, BEES, CHESS))
    assert not is_talk([])


@given(SENTENCES)
def test_any_text_has_a_finite_number_for_each_sentence(sentences: list[str]) -> None:
    found = openings(sentences)
    assert found.shape == (len(sentences),)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("pattern", "finds"),
    [(forms._PASSED_ON, forms._passes_on), (forms._DAY, forms._names_a_day), (forms._SELLS, forms._sells)],
)
@given(data=st.data())
def test_the_words_looked_for_first_are_in_all_that_a_pattern_finds(
    pattern: re.Pattern[str], finds: Callable[[str], bool], data: st.DataObject
) -> None:
    assert finds(data.draw(st.from_regex(pattern, alphabet=st.characters(max_codepoint=126))))
