"""Values on their way into a page: whatever they hold, the page has the template's elements and says their text."""

import re
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from nightdesk.tasks.edition.environment import anchor, weblink
from nightdesk.tasks.edition.night import Category, Edition
from nightdesk.tasks.edition.shown import LONGEST, shown
from nightdesk.tasks.edition.whole_page import night_page
from tests.hostile import hostile, night_of

TEXTS = 7  # a page has some hundred texts, which are these in turn; neighbours differ
ANY = st.text(st.characters(exclude_categories=()), min_size=1, max_size=60)
HOSTILE = [text[:55] for text in hostile("https://evil.example/")]  # so short that no place of the page cuts it
PLACES = [f"tok{k}ok" for k in range(TEXTS)]
PLACE = re.compile(r"(s-)?([Tt])ok(\d)ok")
Element = tuple[str, dict[str, str], str, str]


def told_by(texts: list[str]) -> Edition:
    """Return a night of these texts."""
    numbers = count()
    # One sentence each, because how many open a story depends on their length.
    return night_of(lambda: texts[next(numbers) % TEXTS], sentences_each=1)


def elements(page: str) -> list[Element]:
    """Return what a browser makes of a page: its elements in order, with attributes and the text in and after each."""
    return [(e.tag, dict(e.attrib), e.text or "", e.tail or "") for e in html.document_fromstring(page).iter()]


def test_a_night_of_placeholders_has_all_parts() -> None:
    tags = {tag for tag, _, _, _ in elements(night_page(told_by(PLACES)))}
    assert {"article", "option", "optgroup", "bdi", "cite", "dt", "dd", "em", "svg", "button", "table"} <= tags


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(ANY, st.sampled_from(HOSTILE)), min_size=7, max_size=7, unique=True))
def test_any_text_adds_no_element_and_no_attribute_and_reads_as_it_is_shown(texts: list[str]) -> None:
    def put(match: re.Match[str]) -> str:
        text = texts[int(match[3])]
        if match[1]:
            return anchor(text)
        return shown(Category(0, text, 0).label if match[2] == "T" else text)

    found, expected = elements(night_page(told_by(texts))), elements(night_page(told_by(PLACES)))
    assert [e[0] for e in found] == [e[0] for e in expected]
    for (tag, attributes, text, tail), (_, its, its_text, its_tail) in zip(found, expected, strict=True):
        assert attributes == {name: PLACE.sub(put, value) for name, value in its.items()}, tag
        assert (text, tail) == (PLACE.sub(put, its_text), PLACE.sub(put, its_tail)), tag


def test_giant_texts_are_cut_but_for_the_sentences_in_their_story() -> None:
    numbers = count()
    giants: list[str] = []

    def giant() -> str:
        giants.append(f"{next(numbers)} " + "\u05d0<" * 50_000)
        return giants[-1]

    night = night_of(giant, stories=1)
    told = {e[2] for e in elements(night_page(night)) if e[0] not in ("style", "script")}
    sentences = {s.text for x in night.stories[0].sections for p in x.paragraphs for s in p.sentences}
    sentences |= {s.text for u in night.unplaced for s in u.sentences}
    assert {text for text in told if len(text) > 4 * LONGEST} == sentences  # up to three stand side by side
    assert all(len(value) < 2 * LONGEST for e in elements(night_page(night)) for value in e[1].values())


@pytest.mark.parametrize("address", ["https://example.org/feed?a=1&b=%20", "HTTP://example.org", "http://[::1]:80/ü"])
def test_an_address_of_the_web_becomes_a_link(address: str) -> None:
    assert weblink(address) == address


@pytest.mark.parametrize(
    "source",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "\x01https://evil.example",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "/in/a.txt",
        "//evil.example",
        "http://[",
        "http:evil",
        "https:///evil",
        "-",
        "",
        "https:\\\\evil.example",
        "https://bank.example@evil.example/",
        "https://evil.example/\u202egpj.exe",
        'https://evil.example/ "onclick=x',
        "https://evil.example/" + "x" * 2_000,
        "blob:https://x",
        "view-source:http://x",
    ],
)
def test_no_other_source_becomes_a_link(source: str) -> None:
    assert weblink(source) == ""


@given(ANY)
def test_a_story_can_be_named_in_an_address_whatever_its_id(story_id: str) -> None:
    assert re.fullmatch(r"s-[A-Za-z0-9_.~%-]{1,200}", anchor(story_id))


@pytest.mark.parametrize(
    "change", [str.upper, lambda s: s + "\0", lambda s: s + "x" * 10_000], ids=["case", "NUL", "long"]
)
def test_ids_that_differ_have_names_that_differ(change: Callable[[str], str]) -> None:
    long = "a/ü" * 4_000
    assert len({anchor(i) for i in ("a/ü", change("a/ü"), long, change(long))}) == 4
