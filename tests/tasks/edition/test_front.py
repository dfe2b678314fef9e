"""The front page: every story has one place on it, the first leads, and what is shown of each is short."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.edition.environment import environment
from nightdesk.tasks.edition.front import BELOW, BESIDE, EXCERPT, LINES, OPENING, Front, beginning, front_page
from nightdesk.tasks.edition.night import Edition, EditionStory
from nightdesk.tasks.edition.reading.read_edition import read_edition
from tests.nights import Said, publish_night, said
from tests.tasks.made import DAY

STORIES = st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["facts", "opinions"])), max_size=14)


def night_of(out: Path, stories: list[tuple[int, str]]) -> Edition:
    """Publish a night of stories with so many sentences under a category, and read it."""
    told = [s for k, (n, c) in enumerate(stories) for s in said(f"T{k}", c, *(f"{k}.{j}" for j in range(n)))]
    publish_night(out, DAY, {"wire": told} if told else {}, unreadable={} if told else {"bad": "not UTF-8"})
    return read_edition(out, DAY)


def on_the(front: Front) -> list[EditionStory]:
    """Return the stories of a front page by their place."""
    return [*([front.lead.story] if front.lead else []), *front.beside, *front.below, *front.others]


@settings(max_examples=20)
@given(STORIES)
def test_every_story_has_one_place_and_the_heaviest_the_best(
    tmp_path_factory: pytest.TempPathFactory, stories: list[tuple[int, str]]
) -> None:
    night = night_of(tmp_path_factory.mktemp("out"), stories)
    front = front_page(night)
    placed = on_the(front)
    assert Counter(s.title for s in placed) == Counter(f"T{k}" for k in range(len(stories)))
    assert [s.sentences for s in placed] == sorted((n for n, _ in stories), reverse=True)
    assert (len(front.beside) <= BESIDE, len(front.below) <= BELOW) == (True, True)
    assert not front.others or len(front.below) == BELOW
    named = [front.lead.story, *front.beside, *front.below] if front.lead else []
    begun = [beginning(s).sentences[0].text for s in named]
    for category, lines in front.lines:
        with_it = [s.title for s in placed if s.sections[0].category.name == category.name and s.sentences > 1]
        with_it += [s.title for s in front.others if s.sections[0].category.name == category.name and s.sentences == 1]
        assert [line.story.title for line in lines] == with_it[:LINES]
        assert not {line.sentence.text for line in lines} & set(begun)


def test_a_page_tells_of_a_story_that_stands_on_it_the_first_sentence_alone(out: Path) -> None:
    told = said("Bridge", "facts", "The deck is cracked.", "It is shut.", "Trains run.")
    told += said("Bridge", "opinions", "It was time.", "It was late.") + said(
        "Ferry", "facts", "It sails.", "It is full."
    )
    publish_night(out, DAY, {"wire": told})
    night = read_edition(out, DAY)
    front, story = front_page(night), environment().get_template("front.html.j2").module
    here, elsewhere = (story.in_short(front, night.profiles, lambda story, page=page: page) for page in ("", "x.html"))
    lines = {line.sentence.text for _, lines in front.lines for line in lines}
    opening = {"The deck is cracked.", "It was time.", "It sails."}
    rest = {"It is shut.", "Trains run.", "It was late.", "It is full."}
    assert all(here.count(text) == 1 for text in opening)
    assert {text for text in rest if text in here} == lines < rest
    assert all(text in elsewhere for text in opening | rest)


def test_a_story_begins_with_its_largest_category_and_is_cut_after_a_sentence(out: Path) -> None:
    long, han = "x" * (EXCERPT - 1), "字" * (EXCERPT // 2)
    told = {
        "wire": said("A", "opinions", "so it seems") + said("A", "facts", long, "the last", "too much"),
        "live": said("B", "facts", han, "太多"),
    }
    publish_night(out, DAY, told)
    stories = {s.title: s for s in read_edition(out, DAY).stories}
    assert [s.text for s in beginning(stories["A"]).sentences] == [long, "the last"]
    assert [s.text for s in beginning(stories["B"]).sentences] == [han]  # its letters count for two


def test_the_lead_opens_with_every_category_and_says_who_tells_it(out: Path) -> None:
    told = {
        "wire": said("A", "facts", *"abcd") + said("A", "opinions", "e"),
        "radio": said("A too", "facts", "f") + said("A too", "future_plans", "g"),
    }
    publish_night(out, DAY, told, {"A": "same", "A too": "same"})
    lead = front_page(read_edition(out, DAY)).lead
    assert lead
    assert [
        (e.category.name, e.document.doc_id, e.places, "".join(s.text for s in e.sentences)) for e in lead.opening
    ] == [
        ("facts", "wire", "1–4", "abcd"),
        ("facts", "radio", "1", "f"),
        ("opinions", "wire", "5", "e"),
        ("future_plans", "radio", "2", "g"),
    ]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 40), st.integers(1, 300)), min_size=1, max_size=12))
def test_the_opening_is_short_and_quotes_each_document_in_its_own_words(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[str, int, int]]
) -> None:
    told: dict[str, list[Said]] = {}
    for k, (document, count, letters) in enumerate(parts):
        category = ("facts", "opinions", "assumptions", "future_plans")[k % 4]
        told.setdefault(document, []).extend(said(f"T{document}", category, *(["x" * letters] * count)))
    out = tmp_path_factory.mktemp("out")
    publish_night(out, DAY, told, dict.fromkeys([f"T{d}" for d in told], "one"))
    lead = front_page(read_edition(out, DAY)).lead
    assert lead and {e.category.name for e in lead.opening} == {s.category.name for s in lead.story.sections}
    longest = max(letters for _, _, letters in parts)
    quoted = sum(len(s.text) for e in lead.opening for s in e.sentences)
    assert quoted <= OPENING + longest * len(lead.opening)
    for extract in lead.opening:
        texts = [text for _, _, text in told[extract.document.doc_id]]
        assert all(texts[s.position - 1] == s.text for s in extract.sentences)


def test_what_is_quoted_is_named_by_its_positions(out: Path) -> None:
    mixed = [("A", "facts" if k in (1, 2, 3, 5, 8) else "opinions", f"{k}") for k in range(1, 9)]
    publish_night(out, DAY, {"wire": mixed})
    lead = front_page(read_edition(out, DAY)).lead
    assert lead and [(e.category.name, e.places) for e in lead.opening] == [
        ("facts", "1–3, 5, 8"),
        ("opinions", "4, 6–7"),
    ]


def test_a_night_without_stories_has_a_front_page_without_a_lead(out: Path) -> None:
    front = front_page(night_of(out, []))
    assert (front.lead, list(front.leads), list(front.others), front.lines) == (None, [], [], ())


def test_each_language_has_a_lead_of_its_own_and_small_talk_never_leads(out: Path) -> None:
    told = {
        "live": said("Small Talk", "facts", *"abcdefgh"),
        "wire": said("Bridge", "facts", "x", "y"),
        "zh": said("地铁", "facts", "渗水。") + said("闲聊", "facts", *"嗯啊哦"),
    }
    publish_night(out, DAY, told, languages={"zh": "zh"})
    night = read_edition(out, DAY)
    front = front_page(night)
    assert front.lead and front.lead.story.title == "Bridge"
    assert [lead.story.title for lead in front.leads] == ["地铁"]
    assert [s.title for s in front.beside] == ["地铁"]
    assert [s.title for s in front.others] == ["Small Talk", "闲聊"]
    assert all(line.story.title in ("Bridge", "地铁") for _, lines in front.lines for line in lines)
