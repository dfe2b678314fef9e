"""Columns that follow from other rows: what they say is what those rows hold."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.config.profile import UNPLACED
from nightdesk.tasks.tables.derived_columns import extent, recount, unplaced
from tests.tasks.made import Row


@given(st.sets(st.integers(1, 60), min_size=1))
def test_spans_give_back_the_positions(positions: set[int]) -> None:
    e = extent(list(positions))
    assert sorted(positions) == [p for s in e["spans"] for p in range(s["first"], s["last"] + 1)]
    assert all(a["last"] + 1 < b["first"] for a, b in pairwise(e["spans"]))
    assert (e["sentences"], e["first_position"], e["last_position"]) == (
        len(positions),
        min(positions),
        max(positions),
    )


def passage(doc_id: str, topic_id: str | None) -> Row:
    return {"doc_id": doc_id, "topic_id": topic_id, "category": "facts", "reason": None, "confidence": 0.5}


PASSAGES = st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.sampled_from("xyz")), max_size=30)


@given(PASSAGES)
def test_counts_of_documents_are_those_of_their_rows_and_add_up(found: list[tuple[str, str | None]]) -> None:
    passages = [passage(d, t) if t else {**passage(d, t), **unplaced("left out")} for d, t in found]
    topics = [{"doc_id": d, "topic_id": t} for d, t in {(d, t) for d, t in found if t}]
    documents = [{"doc_id": d, "title": d, "placed": -1, "unplaced": -1, "topics": -1} for d in "abcd"]
    counted = recount(documents, passages, topics)
    assert [d["title"] for d in counted] == list("abcd")  # what is not counted stays
    for d in counted:
        mine = [t for doc_id, t in found if doc_id == d["doc_id"]]
        assert (d["placed"] + d["unplaced"], d["unplaced"]) == (len(mine), mine.count(None))
        assert d["topics"] == len({t for t in mine if t})


def test_a_passage_without_a_place_says_why_and_keeps_its_text() -> None:
    row = {**passage("a", "x"), "text": "The bridge is shut."} | unplaced("no model was asked")
    assert row == {
        "doc_id": "a", "text": "The bridge is shut.", "topic_id": None, "topic": None, "category": UNPLACED,
        "reason": "no model was asked", "confidence": None,
    }  # fmt: skip
