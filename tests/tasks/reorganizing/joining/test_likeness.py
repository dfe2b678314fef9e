"""Which topics of two documents are one story: those that name the same distinctive things."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.models.worker import terms_group
from nightdesk.tasks.reorganizing.ids.links import rule_of
from nightdesk.tasks.reorganizing.joining.known_stories import KnownStories
from nightdesk.tasks.reorganizing.joining.known_topics import KnownTopics
from nightdesk.tasks.reorganizing.joining.packed import Mark, marked, unpack
from nightdesk.tasks.reorganizing.stories import relate
from nightdesk.tasks.tables import migration, read

OLD = Path(__file__).parents[3] / "fixtures" / "out-0.1.0"
FERRY = ["The ferry Kestrel Bay ran aground on a sandbank off Ellery.", "Lantern Lines blamed its steering gear."]
FERRY_AGAIN = ["Tugs pulled the Kestrel Bay off the sandbank.", "Lantern Lines will replace the ferry's steering gear."]
QUILL = ["Senator Adaline Quill wants to limit pumping from the aquifer.", "Growers fear for their almonds."]
QUILL_TRAVELS = ["Senator Adaline Quill flew to four conferences.", "A casino operator paid for the flights."]
GREETING = ["Good evening everybody, welcome.", "How was your weekend?"]
BRIDGE = ["白鹭江大桥12日合龙。", "项目经理贺青山说，大桥明年通车。"]
BRIDGE_AGAIN = ["白鹭江大桥开始铺设沥青。", "贺青山说，大桥的桥面采用防滑材料。"]


def marks(*texts: list[str]) -> list[Mark]:
    found = terms_group(None, texts)
    return marked([vector for vector, _ in found], [terms for _, terms in found])


def are_joined(one: list[str], other: list[str], language: str = "en", profile: str = "news") -> bool:
    """Tell whether the second of two documents goes on with the story of the first."""
    rule = rule_of(load_profile(profile).stories, language)
    first, second = relate(["a/1", "b/1"], ["a", "b"], marks(one, other), KnownStories(), [rule] * 2)
    return first == second


@pytest.mark.parametrize(
    ("one", "other", "language"), [(FERRY, FERRY_AGAIN, "en"), (BRIDGE, BRIDGE_AGAIN, "zh"), (QUILL, QUILL, "en")]
)
def test_reports_that_name_the_same_things_are_one_story(one: list[str], other: list[str], language: str) -> None:
    assert are_joined(one, other, language)


@pytest.mark.parametrize(("one", "other"), [(QUILL, QUILL_TRAVELS), (FERRY, QUILL), (GREETING, GREETING)])
def test_a_name_in_common_makes_no_story_and_neither_does_a_greeting(one: list[str], other: list[str]) -> None:
    assert not are_joined(one, other)


def test_shows_of_live_commerce_share_no_stories() -> None:
    pan = ["This is the Bramble cast-iron skillet, ten inches.", "The skillet is pre-seasoned, with a thumb rest."]
    assert not are_joined(pan, pan, profile="commerce")


def test_what_every_topic_names_is_not_distinctive() -> None:
    def with_others(n: int) -> bool:
        known = KnownStories()
        noise = [[*FERRY, f"Crew {k}."] for k in range(n)]
        known.add(marks(FERRY, *noise), ["the first", *(f"other {k}" for k in range(n))])
        known.scales[1:] = 0  # they count, but none goes on with them
        rule = rule_of(load_profile("news").stories, "en")
        return relate(["b/1"], ["b"], marks(FERRY_AGAIN), known, [rule]) == ["the first"]

    assert with_others(0)
    assert not with_others(400)


@given(st.lists(st.sampled_from([FERRY, QUILL, QUILL_TRAVELS, BRIDGE, GREETING]), max_size=6), st.integers(0, 5))
def test_topics_that_are_let_go_of_leave_no_trace(texts: list[list[str]], gone: int) -> None:
    stays, goes = texts[gone:], texts[:gone]
    rule = rule_of(load_profile("news").stories, "en")

    def told(known: KnownStories) -> list[str]:
        names = ["ferry", "quill"]
        return relate(names, names, marks(FERRY_AGAIN, QUILL), known, [rule] * 2)

    known, anew = KnownStories(), KnownStories()
    known.add(marks(*goes, *stays), [f"{k}" for k in range(-len(goes), len(stays))])
    known.let_go(list(range(len(goes))))
    anew.add(marks(*stays), [f"{k}" for k in range(len(stays))])
    assert told(known) == told(anew)


@pytest.mark.parametrize("migrated", [False, True])
def test_a_story_that_an_earlier_version_published_goes_on(tmp_path: Path, migrated: bool) -> None:
    out = Path(shutil.copytree(OLD, tmp_path / "out"))
    if migrated:
        migration.migrate(out)
    row = read.scan(out, "topics").to_pylist()[0]
    assert row.get("vector_kind") is None
    day = date.fromisoformat(str(row["run_date"]))
    known = KnownTopics(out, day).besides(set())
    vector = bytes(row["vector"])
    (near, far) = [Mark(vector, b""), Mark(unpack([vector])[0][::-1].tobytes(), b"")]
    rule = rule_of(load_profile("news").stories, "en")
    stories = relate(["new/1", "new/2"], ["new", "other"], [near, far], known, [rule] * 2)
    assert stories[0] == row["story_id"]
    assert stories[1] not in known.story_ids
