"""The topics that a run's new ones are compared with: read once, then followed as parts are added and replaced."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.models.topic_marks import VECTOR_KIND
from nightdesk.tasks.reorganizing.joining import known_topics
from nightdesk.tasks.reorganizing.stories import KnownStories, KnownTopics, Mark, Rule, pack, relate
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.places import append_part

DAY = date(2026, 3, 8)
DIRECTIONS = np.eye(6, 8, dtype=np.float32)

Told = tuple[str, int, str]  # document, direction, story


def write(out: Path, name: str, topics: Sequence[Told], day: date = DAY, kind: str | None = None) -> None:
    """Put a part in place as publishing does: written beside, then moved over what is there."""
    rows = [
        {"doc_id": doc, "topic_id": f"{doc}/t{k}", "title": "A", "sentences": 1, "first_position": 1}
        | {"last_position": 1, "spans": [{"first": 1, "last": 1}], "merged_from": [], "story_id": story}
        | {"vector": pack(DIRECTIONS[direction]), "finder_model": "m", "run_id": "r", "vector_kind": kind}
        for k, (doc, direction, story) in enumerate(topics)
    ]
    path = out / append_part("topics", day, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(contract("topics").build(rows), path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def nearest(known: KnownStories) -> list[str]:
    """Return the story of each direction."""
    names = [f"new/{k}" for k in range(len(DIRECTIONS))]
    stories = relate(names, names, [Mark(pack(v)) for v in DIRECTIONS], known, [Rule(0.065, 1.9)] * len(names))
    return [story if story in known.story_ids else "" for story in stories]


def test_topics_of_a_week_are_known_and_those_of_later_documents_are_not(tmp_path: Path) -> None:
    write(tmp_path, "a-1", [("old", 0, "too old")], date(2026, 2, 28))
    write(tmp_path, "a-2", [("week", 1, "last week")], date(2026, 3, 1))
    write(tmp_path, "a-3", [("tomorrow", 2, "tomorrow")], date(2026, 3, 9))
    write(tmp_path, "a-4", [("first", 3, "tonight"), ("second", 4, "to come")])
    assert nearest(KnownTopics(tmp_path, DAY).besides({"second"})) == ["", "last week", "", "tonight", "", ""]


def test_what_is_published_meanwhile_is_known_the_next_time(tmp_path: Path) -> None:
    known = KnownTopics(tmp_path, DAY)
    assert nearest(known.besides({"a", "b"})) == [""] * 6
    write(tmp_path, "r-1", [("a", 0, "one"), ("b", 1, "two")])
    assert nearest(known.besides({"b"})) == ["one", *[""] * 5]
    write(tmp_path, "r-1", [("a", 0, "one"), ("b", 2, "three")])  # published again: it stands in the part of before
    assert nearest(known.besides(set())) == ["one", "", "three", "", "", ""]
    write(tmp_path, "r-1", [("b", 2, "three")])
    assert nearest(known.besides(set())) == ["", "", "three", "", "", ""]
    (tmp_path / append_part("topics", DAY, "r-1")).unlink()
    assert nearest(known.besides(set())) == [""] * 6


@given(data=st.data())
def test_following_comes_to_what_reading_anew_comes_to(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = tmp_path_factory.mktemp("out")
    topics = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 5), st.sampled_from("xyz")), max_size=4)
    followed, later = KnownTopics(out, DAY), set("abcd")
    for _ in range(data.draw(st.integers(1, 5))):
        write(out, data.draw(st.sampled_from(["r-1", "r-2"])), data.draw(topics))
        later -= {data.draw(st.sampled_from("abcd"))}
        assert nearest(followed.besides(later)) == nearest(KnownTopics(out, DAY).besides(later))


def test_the_order_in_which_topics_are_known_does_not_matter() -> None:
    there, back = KnownStories(), KnownStories()
    told = [(pack(DIRECTIONS[k % 2]), f"story {k}") for k in range(6)]
    for known, order in ((there, told), (back, told[::-1])):
        for vector, story in order:
            known.add([Mark(vector)], [story])
    assert nearest(there)[:2] == nearest(back)[:2] == ["story 0", "story 1"]


def test_nights_of_very_many_topics_are_followed_back_less_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(known_topics, "MOST_KNOWN", 3)
    write(tmp_path, "a-1", [("a", 0, "of the 5th")], date(2026, 3, 5))
    write(tmp_path, "a-1", [("a", 1, "of the 6th")] * 2, date(2026, 3, 6))
    write(tmp_path, "a-1", [("a", 2, "of the 7th")] * 2, date(2026, 3, 7))
    assert nearest(KnownTopics(tmp_path, DAY).besides(set())) == ["", "", "of the 7th", "", "", ""]
    assert "followed back 1 nights, not 7, since these have 2 topics" in caplog.text


def test_topics_of_another_kind_of_vector_are_not_known(tmp_path: Path) -> None:
    write(tmp_path, "a-1", [("earlier version", 0, "one")])
    write(tmp_path, "a-2", [("this one", 1, "two")], kind=VECTOR_KIND)
    write(tmp_path, "a-3", [("an encoder", 2, "three")], kind="some-encoder")
    assert nearest(KnownTopics(tmp_path, DAY).besides(set())) == ["one", "two", *[""] * 4]
