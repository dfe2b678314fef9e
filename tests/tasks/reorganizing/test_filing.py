"""Filing: every sentence of a batch in one row, and why, where it has no place."""

from dataclasses import replace

from nightdesk.tasks.config.profile import Chunks
from nightdesk.tasks.reading.documents import make_document
from nightdesk.tasks.reading.sentences import Spoken
from nightdesk.tasks.reorganizing.document_state import Lost, Unreadable, Work
from nightdesk.tasks.roles.relationship_checker import merge
from tests.tasks.made import Row, document, tables, work

SMALL = Chunks(sentences=8, overlap=4)


def filed(*works: Work, unreadable: tuple[Unreadable, ...] = ()) -> tuple[list[Row], list[Row], list[Row]]:
    made = tables(*works, unreadable=unreadable)
    passages, topics, documents = (made[name].to_pylist() for name in ("passages", "topics", "documents"))
    return passages, topics, documents


def test_every_sentence_stands_once_with_its_own_id_and_text() -> None:
    works = [work(document("b", 30), size=SMALL), work(document("a", 5), size=SMALL)]
    passages, topics, documents = filed(*works)
    assert [(p["doc_id"], p["position"]) for p in passages] == [("a", k) for k in range(1, 6)] + [
        ("b", k) for k in range(1, 31)
    ]
    texts = {"a": works[1].document.texts, "b": works[0].document.texts}
    assert all(p["text"] == texts[p["doc_id"]][p["position"] - 1] for p in passages)
    assert all(p["sentence_id"] == str(p["position"]) for p in passages)
    assert [(d["doc_id"], d["sentences"], d["placed"], d["unplaced"], d["topics"]) for d in documents] == [
        ("a", 5, 5, 0, 2),
        ("b", 30, 30, 0, 10),
    ]
    assert len({t["topic_id"] for t in topics}) == len(topics) == 12


def test_when_and_by_whom_captions_are_said_stands_beside_them() -> None:
    said = [Spoken("1", "Shut again.", 1.0, 2.5, "Ann"), Spoken("2", "So it is.", 2.5, 4.0), ("3", "Bye.")]
    passages, *_ = filed(work(make_document("talk", "talk.vtt", said)))
    assert [(p["start_s"], p["end_s"], p["speaker"]) for p in passages] == [
        (1.0, 2.5, "Ann"),
        (2.5, 4.0, None),
        (None, None, None),
    ]
    plain, *_ = filed(work(document("plain", 2)))
    assert {(p["start_s"], p["end_s"], p["speaker"]) for p in plain} == {(None, None, None)}


def test_a_topic_over_several_chunks_is_one_row_with_all_of_its_sentences() -> None:
    w = work(document("d", 30), topic_length=10, size=SMALL)
    passages, topics, _ = filed(w)
    assert [(t["title"], t["first_position"], t["last_position"], t["sentences"]) for t in topics] == [
        ("Topic 0 of d", 1, 10, 10),
        ("Topic 1 of d", 11, 20, 10),
        ("Topic 2 of d", 21, 30, 10),
    ]
    assert all(len(t["merged_from"]) > 1 for t in topics)
    for t in topics:
        assert {p["topic"] for p in passages if p["topic_id"] == t["topic_id"]} == {t["title"]}
        positions = [p["position"] for p in passages if p["topic_id"] == t["topic_id"]]
        assert positions == [p for s in t["spans"] for p in range(s["first"], s["last"] + 1)]


def test_a_story_that_comes_back_has_several_spans() -> None:
    w = work(document("d", 12), topic_length=3)
    w.joined = merge(w.joined, [[(0, 0), (0, 2)]])
    _, topics, _ = filed(w)
    assert topics[0]["spans"] == [{"first": 1, "last": 3}, {"first": 7, "last": 9}]
    assert topics[0]["merged_from"] == ["d/c00000/t1", "d/c00000/t3"]
    assert [t["first_position"] for t in topics] == [1, 4, 10]


def test_a_chunk_that_was_not_located_is_unplaced_with_the_reason() -> None:
    w = work(document("d", 20), size=SMALL)
    w.placed[0], w.not_located[0] = {}, Lost("topic_locator: no answer within 120 s", "models")
    passages, topics, (d,) = filed(w)
    lost = [p for p in passages if p["chunk_id"] == w.chunks[0].chunk_id]
    assert lost
    for p in lost:
        assert (p["topic_id"], p["topic"], p["category"], p["confidence"]) == (None, None, "unplaced", None)
        assert p["reason"] == "topic_locator: no answer within 120 s"
    assert d["unplaced"] == len(lost)
    assert d["placed"] == 20 - len(lost)
    assert sum(t["sentences"] for t in topics) == 20 - len(lost)


def test_a_chunk_that_was_not_organized_keeps_its_topics_and_says_why() -> None:
    w = work(document("d", 6))
    w.filed[0], w.not_organized[0] = {}, Lost("content_organizer: 'gossip' is not a category", "models")
    passages, topics, (d,) = filed(w)
    assert {(p["category"], p["reason"], p["confidence"]) for p in passages} == {
        ("unplaced", "content_organizer: 'gossip' is not a category", None)
    }
    assert all(p["topic_id"] for p in passages)
    assert sum(t["sentences"] for t in topics) == 6
    assert (d["placed"], d["unplaced"]) == (0, 6)


def test_a_sentence_that_an_answer_left_out_says_which_role_did() -> None:
    w = work(document("d", 6))
    del w.placed[0][1]
    del w.filed[0][3]
    passages, _, (d,) = filed(w)
    reasons = {p["position"]: p["reason"] for p in passages if p["category"] == "unplaced"}
    assert reasons == {
        2: "topic_locator: the answer left this sentence out",
        4: "content_organizer: the answer left this sentence out",
    }
    assert (d["placed"], d["unplaced"]) == (4, 2)


def test_a_document_that_cannot_be_read_has_a_row_and_a_reason() -> None:
    unreadable = Unreadable("bad", "/in/bad.txt", "/in/bad.txt: line 1: not UTF-8 text; save it as UTF-8")
    _, _, (bad, d) = filed(work(document("d", 3)), unreadable=(unreadable,))
    assert (bad["doc_id"], bad["status"], bad["reason"]) == ("bad", "unreadable", unreadable.reason)
    assert (bad["sentences"], bad["placed"], bad["unplaced"], bad["topics"]) == (0, 0, 0, 0)
    assert d["status"] == "published"


def test_a_document_whose_characters_were_replaced_says_so() -> None:
    _, _, (d,) = filed(work(document("d", ["One \ud800 two.", "Three \udfff\udfff."])))
    assert d["reason"].startswith("3 characters")


def test_what_is_to_be_known_of_a_document_is_its_reason() -> None:
    w = work(document("d", 12))
    w.notes += ["one thing was lost", "another one too", "one thing was lost"]
    _, _, (d,) = filed(w)
    assert (d["status"], d["reason"]) == ("published", "one thing was lost; another one too")


def test_what_models_failed_on_is_told_from_what_was_not_paid_and_from_what_a_text_is_the_reason_of() -> None:
    w = work(document("d", 30), size=SMALL)
    for chunk, cause in ((0, "models"), (1, "budget"), (2, "text")):
        w.placed[chunk], w.not_located[chunk] = {}, Lost(f"topic_locator: {cause}", cause)
    own = [c.own_end - c.own_start for c in w.chunks]
    _, _, (d,) = filed(w)
    assert (d["failed"], d["unpaid"], d["unplaced"]) == (own[0], own[1], sum(own[:3]))
    assert (d["profile"], d["taken_up"], d["reason"]) == ("news", [], None)


def test_what_three_nights_took_up_in_vain_is_given_up_and_says_why() -> None:
    w = work(document("d", 6))
    w.filed[0], w.not_organized[0] = {}, Lost("content_organizer: no answer within 120 s", "models")
    w.taken_up = ("2026-03-02", "2026-03-03")
    assert filed(w)[2][0]["reason"] is None
    w.taken_up += ("2026-03-04",)
    (d,) = filed(w)[2]
    assert d["reason"] == (
        "given up, since 6 sentences still have no place after it was taken up again on "
        "2026-03-02, 2026-03-03, 2026-03-04: content_organizer: no answer within 120 s"
    )


def test_topics_of_one_title_are_numbered_and_no_two_are_alike() -> None:
    w = work(document("d", 12), topic_length=3)
    w.found[:] = [
        tuple(replace(t, title="Strike (2)" if k == 1 else "Strike") for k, t in enumerate(found)) for found in w.found
    ]
    _, topics, _ = filed(w)
    assert [t["title"] for t in topics] == ["Strike", "Strike (2)", "Strike (3)", "Strike (4)"]
