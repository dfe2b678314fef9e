"""A night as its tables tell it: stories by rank, in paragraphs of one stretch, and every sentence once."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.edition.reading.arranged import PARAGRAPH
from nightdesk.tasks.edition.reading.read_edition import read_edition
from tests.nights import publish_night, said
from tests.tasks.made import DAY

NEXT_DAY = date(2026, 3, 2)


def test_what_many_tell_goes_before_what_one_tells_at_length(out: Path) -> None:
    told = {
        "wire": said("Bridge shut", "facts", *"abc") + said("Long hearing", "facts", *"defghijklmno"),
        "radio": said("Bridge still shut", "opinions", *"pq"),
    }
    publish_night(out, DAY, told, {"Bridge shut": "bridge", "Bridge still shut": "bridge"})
    bridge, hearing = read_edition(out, DAY).stories
    assert (bridge.title, bridge.sentences, bridge.documents, bridge.sources) == ("Bridge shut", 5, 2, 2)
    assert (hearing.title, hearing.sentences, hearing.sources) == ("Long hearing", 12, 1)
    assert [(t.document.doc_id, t.title, t.sentences) for t in bridge.told] == [
        ("wire", "Bridge shut", 3),
        ("radio", "Bridge still shut", 2),
    ]


def test_categories_stand_in_the_order_of_the_profile(out: Path) -> None:
    publish_night(
        out, DAY, {"a": said("T", "future_plans", "x") + said("T", "opinions", "y") + said("T", "facts", "z")}
    )
    assert [c.name for c in read_edition(out, DAY).categories] == ["facts", "opinions", "future_plans"]
    publish_night(out, NEXT_DAY, {"a": said("T", "low", "x") + said("T", "high", "y", "z")}, profile="mine")
    assert [c.name for c in read_edition(out, NEXT_DAY).categories] == ["high", "low"]
    known = {"mine": ["low", "high", "never"]}
    assert [c.name for c in read_edition(out, NEXT_DAY, known).categories] == ["low", "high"]


def test_a_paragraph_stays_in_one_stretch_of_its_document(out: Path) -> None:
    other = said("Other", "facts", "elsewhere")
    publish_night(out, DAY, {"a": said("T", "facts", *"abcdefg") + other + said("T", "facts", "h", "i")})
    (section,) = read_edition(out, DAY).stories[0].sections
    positions = [[s.position for s in p.sentences] for p in section.paragraphs]
    assert positions == [[1, 2, 3, 4, 5], [6, 7], [9, 10]]


def test_another_profile_of_the_same_night_stands_beside_the_first(out: Path) -> None:
    publish_night(out, DAY, {"wire": said("Bridge", "facts", "x")})
    publish_night(out, DAY, {"live": said("Pans", "price", "y")}, profile="commerce", run_id="run-2")
    night = read_edition(out, DAY)
    assert night.profiles == ("commerce", "news")
    assert {s.title: s.told[0].document.profile for s in night.stories} == {"Bridge": "news", "Pans": "commerce"}
    assert [c.name for c in night.categories] == ["price", "facts"]


@settings(max_examples=15)
@given(st.lists(st.tuples(st.sampled_from(["", "A", "B"]), st.sampled_from("xyz"), st.text()), min_size=1, max_size=30))
def test_every_sentence_stands_in_the_night_once(
    tmp_path_factory: pytest.TempPathFactory, texts: list[tuple[str, str, str]]
) -> None:
    out = tmp_path_factory.mktemp("out")
    clean = [(t, c, text.encode("utf-8", "replace").decode()) for t, c, text in texts]
    publish_night(out, DAY, {"a": clean, "b": clean[:3]}, {"A": "one", "B": "two"})
    night = read_edition(out, DAY)
    stood = [
        (p.document.doc_id, s.position, s.text)
        for story in night.stories
        for section in story.sections
        for p in section.paragraphs
        for s in p.sentences
    ]
    assert all(
        len(p.sentences) <= PARAGRAPH
        for story in night.stories
        for section in story.sections
        for p in section.paragraphs
    )
    stood += [(u.document.doc_id, s.position, s.text) for u in night.unplaced for s in u.sentences]
    told = {"a": clean, "b": clean[:3]}
    assert sorted(stood) == sorted((d, k, text) for d, its in told.items() for k, (_, _, text) in enumerate(its, 1))
    assert sum(c.sentences for c in night.categories) + night.not_placed == night.sentences
