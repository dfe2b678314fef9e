"""The front page: every story has one place on it, the heaviest leads, and what is shown of each is short."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.edition.front import BELOW, BESIDE, EXCERPT, LINES, beginning, front_page
from nightdesk.tasks.edition.night import Edition
from nightdesk.tasks.edition.reading.read_edition import read_edition
from tests.nights import publish_night, said
from tests.tasks.made import DAY

STORIES = st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["facts", "opinions"])), max_size=14)


def night_of(out: Path, stories: list[tuple[int, str]]) -> Edition:
    """Publish a night of stories with so many sentences under a category, and read it."""
    told = [s for k, (n, c) in enumerate(stories) for s in said(f"T{k}", c, *(f"{k}.{j}" for j in range(n)))]
    publish_night(out, DAY, {"wire": told} if told else {}, unreadable={} if told else {"bad": "not UTF-8"})
    return read_edition(out, DAY)


@settings(max_examples=20)
@given(STORIES)
def test_every_story_has_one_place_and_the_heaviest_the_best(
    tmp_path_factory: pytest.TempPathFactory, stories: list[tuple[int, str]]
) -> None:
    night = night_of(tmp_path_factory.mktemp("out"), stories)
    front = front_page(night)
    placed = [*([front.lead] if front.lead else []), *front.beside, *front.below, *front.others]
    assert Counter(s.title for s in placed) == Counter(f"T{k}" for k in range(len(stories)))
    assert [s.sentences for s in placed] == sorted((n for n, _ in stories), reverse=True)
    assert (len(front.beside) <= BESIDE, len(front.below) <= BELOW) == (True, True)
    assert not front.others or len(front.below) == BELOW
    for category, lines in front.lines:
        with_it = sum(c == category.name for _, c in stories)
        assert len({line.story.title for line in lines}) == len(lines) == min(LINES, with_it)


def test_a_story_begins_with_its_largest_category_and_is_cut_after_a_sentence(out: Path) -> None:
    long, han = "x" * (EXCERPT - 1), "字" * (EXCERPT // 2)
    told = {
        "wire": said("A", "opinions", "so it seems") + said("A", "facts", long, "the last", "too much"),
        "live": said("B", "facts", han, "太多"),
    }
    publish_night(out, DAY, told)
    stories = {s.title: s for s in read_edition(out, DAY).stories}
    assert [[s.text for s in its] for its in beginning(stories["A"])] == [[long, "the last"]]
    assert [[s.text for s in its] for its in beginning(stories["B"])] == [[han]]  # its letters count for two


def test_the_beginning_of_a_story_keeps_its_documents_apart(out: Path) -> None:
    told = {"wire": said("A", "facts", "one", "two", "three"), "radio": said("A too", "facts", "four")}
    publish_night(out, DAY, told, {"A": "same", "A too": "same"})
    (story,) = read_edition(out, DAY).stories
    assert [[s.text for s in its] for its in beginning(story)] == [["one", "two", "three"], ["four"]]


def test_a_night_without_stories_has_a_front_page_without_a_lead(out: Path) -> None:
    front = front_page(night_of(out, []))
    assert (front.lead, front.opening, list(front.others), front.lines) == (None, [], [], ())
