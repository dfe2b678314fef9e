"""What could stand above a text that has a sentence."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.models.embedded import headlines as lines
from nightdesk.tasks.models.embedded.headlines import LONGEST, headlines, is_skipped, title_case
from tests.tasks.models.embedded.made import FERRY, REPORT


def best(sentence: str) -> str:
    return title_case(max(headlines(sentence), key=lambda found: found[1])[0])


@pytest.mark.parametrize(
    ("sentence", "headline"),
    [
        ("BOSTON (AP) - The mayor reopened the old aqueduct on Tuesday.", "Mayor Reopened the Old Aqueduct"),
        ("(CNN) -- A comet grazed the moon of Vesta, astronomers said.", "Comet Grazed the Moon of Vesta"),
        ("On May 3, 2019, a jury cleared the baker, police said.", "Jury Cleared the Baker"),
        ("Dora Falk, 61, a retired judge, won the marathon in Oslo.", "Dora Falk Won the Marathon in Oslo"),
        ("Authorities say a bear stole nine pies from a school.", "Bear Stole Nine Pies from a School"),
        ("However, the strike ended early on Monday morning.", "Strike Ended"),
        ("This is the best bakery of Graz.", "Best Bakery of Graz"),
        ("iPhone makers face a tax in Peru (Photo: WPN).", "iPhone Makers Face a Tax in Peru"),
    ],
)
def test_a_headline_says_what_happened_and_no_more(sentence: str, headline: str) -> None:
    assert best(sentence) == headline


def test_a_long_statement_ends_with_one_of_its_parts() -> None:
    found = best(
        "The harbour council of Port Ellen has approved a plan to raise the sunken lightship that blocked the southern "
        "channel for eleven years after a storm."
    )
    assert len(found) <= LONGEST
    assert found.startswith("Harbour Council of Port Ellen Has Approved a Plan")
    assert found.split()[-1].lower() not in {"to", "the", "a", "that", "of"}


def test_names_keep_their_capitals() -> None:
    assert (
        title_case("the eBay of McDonald's and a check-in at NASA") == "The eBay of McDonald's and a Check-in at NASA"
    )


def test_what_stands_around_a_report_is_no_part_of_it() -> None:
    assert [is_skipped(sentence) for sentence in REPORT] == [True, False, False, True]
    assert not any(map(is_skipped, FERRY))


@given(st.text(max_size=300))
def test_headlines_fit_and_have_a_worth_up_to_one(sentence: str) -> None:
    assert all(0 < len(text) <= LONGEST and 0 <= worth <= 1 for text, worth in headlines(sentence))


@pytest.mark.parametrize(
    ("pattern", "may_find"),
    [
        (lines._CLAUSE, lines._may_split),
        (lines._WHEN, lines._may_say_when),
        (lines._FILLER, lines._may_fill),
        (lines._ASIDE, lines._may_step_aside),
    ],
)
@given(data=st.data())
def test_the_words_looked_for_first_are_in_all_that_a_pattern_finds(
    pattern: re.Pattern[str], may_find: Callable[[str], bool], data: st.DataObject
) -> None:
    line = st.characters(min_codepoint=32, max_codepoint=126) | st.sampled_from("…—–•（）【】")
    assert may_find(data.draw(st.from_regex(pattern, alphabet=line)))
