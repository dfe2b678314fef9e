"""The end of a day: every document of a stream stands as a night leaves one, and whoever comes later finds it so."""

from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks import tables
from nightdesk.tasks.edition.pages import edition_path, write_edition
from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.following.journal import Journal
from nightdesk.tasks.following.publishing import closing_day, held_rounds
from nightdesk.tasks.following.publishing.closing_day import close_date
from nightdesk.tasks.reading.documents import make_document
from nightdesk.tasks.reorganizing import unfinished
from nightdesk.tasks.reorganizing.ids.published import Published
from nightdesk.tasks.tables import publish
from nightdesk.tasks.tables.places import is_of_streams, table_folder
from nightdesk.tasks.tables.publishing.compact import compact
from tests.tasks.following.publishing.settling import (
    RUN,
    Row,
    Stream,
    check,
    held_in,
    names_of,
    publish_all,
    rows,
    texts,
)
from tests.tasks.following.publishing.test_stream_parts import recurring
from tests.tasks.made import DAY, document, publish_documents, work
from tests.tasks.made import tables as made_tables

NEXT = DAY + timedelta(days=1)


def followed(out: Path, *streams: Stream, rounds: int = 5, merge: tuple[int, int] | None = None) -> None:
    """Settle and publish some rounds of streams, the topics of which are merged in the last one."""
    with patch.object(held_rounds, "OPEN_ROWS", 10), Journal(out, "news") as journal:
        for k in range(rounds):
            last = k == rounds - 1
            held_in(journal, *(s.settle(7, merge if last else None) for s in streams))
            publish_all(out, journal)


def close(out: Path) -> closing_day.ClosedDay:
    return close_date(out, DAY, RUN, "a1")


def parts_of(out: Path, doc_id: str) -> dict[str, set[str]]:
    return {t: {r["part"] for r in rows(out, t, names=True) if r["doc_id"] == doc_id} for t in publish.REPLACED}


def check_closed(out: Path, *streams: Stream) -> None:
    check(out, streams)
    assert not any(is_of_streams(name) for t in publish.REPLACED for name in names_of(out, t))
    assert names_of(out, "passages") == names_of(out, "topics") == names_of(out, "documents")
    for stream in streams:
        its = parts_of(out, stream.doc_id)
        assert len(its["documents"]) == 1
        assert its["passages"] <= its["documents"]
        assert its["topics"] <= its["documents"]
    titles = {r["topic_id"]: r["title"] for r in rows(out, "topics")}
    assert all(r["topic"] == titles.get(r["topic_id"]) for r in rows(out, "passages"))


@settings(max_examples=10)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=4),
    st.integers(1, 80),
    st.integers(1, 30),
)
def test_every_document_comes_into_one_part_with_its_sentences(
    tmp_path_factory: pytest.TempPathFactory,
    rounds: list[tuple[int, int]],
    merges: list[tuple[int, int]],
    group: int,
    size: int,
) -> None:
    out = tmp_path_factory.mktemp("out")
    streams = [Stream(f"talk{k}", recurring) for k in range(4)]
    with patch.object(held_rounds, "OPEN_ROWS", size), Journal(out, "news") as journal:
        for k, (which, count) in enumerate(rounds):
            held_in(journal, streams[which].settle(count, merges[k] if k < len(merges) else None))
            publish_all(out, journal)
    begun = [streams[k] for k in {which for which, _ in rounds}]
    before = texts(rows(out, "passages"))
    with patch.object(closing_day, "GROUP", group):
        done = close(out)
    assert done.documents == len(begun)
    assert done.merged == sum(len(s.merged) for s in begun)
    assert texts(rows(out, "passages")) == before
    check_closed(out, *begun)
    for stream in begun:
        topics = {r["topic_id"]: r for r in rows(out, "topics") if r["doc_id"] == stream.doc_id}
        for later in stream.merged:
            end = later
            while end in stream.merged:
                end = stream.merged[end]
            assert later not in topics
            assert later in topics[end]["aliases"]
            assert f"{later}/t1" in topics[end]["merged_from"]
    assert close(out).documents == 0


def test_a_closed_document_has_the_hash_that_a_night_gives_to_its_sentences(out: Path) -> None:
    streams = Stream("talk", recurring), Stream("wire", recurring)
    followed(out, *streams)
    close(out)
    for row in rows(out, "documents"):
        its = sorted((p for p in rows(out, "passages") if p["doc_id"] == row["doc_id"]), key=lambda p: p["position"])
        as_read = make_document(row["doc_id"], row["source"], [(p["sentence_id"], p["text"]) for p in its])
        assert row["content_hash"] == as_read.content_hash


def test_a_merged_topic_keeps_the_earlier_id_title_and_story_and_leads_on(out: Path) -> None:
    talk = Stream("talk", lambda p: p % 2)
    followed(out, talk, merge=(1, 0))
    earlier, later = f"{talk.doc_id}/{0:010x}", f"{talk.doc_id}/{1:010x}"
    assert {r["topic_id"] for r in rows(out, "topics")} == {earlier, later}
    close(out)
    (topic,) = rows(out, "topics")
    assert (topic["topic_id"], topic["title"], topic["story_id"]) == (earlier, "Topic 0 of talk", f"story-of-{earlier}")
    assert topic["sentences"] == 35
    assert {(r["topic_id"], r["topic"]) for r in rows(out, "passages")} == {(earlier, "Topic 0 of talk")}
    aliases = tables.connect(out).sql("select topic_id, now from topic_aliases").fetchall()
    assert aliases == [(later, earlier)]


def test_documents_of_nights_beside_streams_are_left_alone(out: Path) -> None:
    publish_documents(out, work(document("paper", 9)))
    part = out / table_folder("passages", DAY) / "run-1-1.parquet"
    before = part.read_bytes()
    talk = Stream("talk")
    followed(out, talk)
    close(out)
    assert part.read_bytes() == before
    assert sum(r["doc_id"] == "paper" for r in rows(out, "passages")) == 9
    assert sum(r["doc_id"] == talk.doc_id for r in rows(out, "passages")) == 35


def test_a_day_without_streams_is_closed_at_once(out: Path) -> None:
    assert close(out) == closing_day.ClosedDay(0, 0)
    publish_documents(out, work(document("paper", 9)))
    assert close(out) == closing_day.ClosedDay(0, 0)
    assert names_of(out, "documents") == ["run-1-1"]


def test_the_journal_lets_go_of_a_day_that_is_closed(out: Path) -> None:
    talk, today = Stream("talk"), Stream("talk", day=NEXT)
    followed(out, talk)
    close(out)
    with Journal(out, "news") as journal:
        held_in(journal, today.settle(5), day=NEXT)
        assert journal.close_date(DAY) == 1
        assert {r[0] for r in journal.db.rows("SELECT doc_id FROM row_places")} == {today.doc_id}
        publish_all(out, journal, day=NEXT)
    check(out, [today], NEXT)


def test_a_disk_that_refuses_leaves_the_day_open(out: Path) -> None:
    talk = Stream("talk", recurring)
    followed(out, talk)
    before = names_of(out, "passages")
    full = patch.object(closing_day, "stage", side_effect=OSError(28, "No space left on device"))
    with full, pytest.raises(PublishError, match="No space left"):
        close(out)
    assert names_of(out, "passages") == before
    assert not list((out / "_staging").glob("*-close"))
    close(out)
    check_closed(out, talk)


def test_a_part_that_cannot_be_read_is_set_aside_and_the_rest_is_closed(
    out: Path, caplog: pytest.LogCaptureFixture
) -> None:
    talk = Stream("talk", recurring)
    followed(out, talk)
    (out / table_folder("passages", DAY) / f"{names_of(out, 'passages')[1]}.parquet").write_bytes(b"PAR1 torn")
    close(out)
    (row,) = rows(out, "documents")
    kept = rows(out, "passages")
    assert 0 < len(kept) == row["sentences"] < 35
    assert "lost with a part of the tables that could not be read" in row["reason"]
    assert "cannot be read" in caplog.text
    assert list((out / "_staging" / "broken").rglob("passages-*.parquet"))


def with_lost_sentences(out: Path) -> Stream:
    """Follow a stream of which models have failed on sentences."""
    talk = Stream("talk", lambda p: None if p % 5 == 0 else 0)
    make = talk._document
    with patch.object(talk, "_document", lambda: make() | {"failed": talk.unplaced}):
        followed(out, talk)
    return talk


def test_an_unfinished_document_is_taken_up_whole_once_its_day_is_closed(out: Path) -> None:
    talk = with_lost_sentences(out)
    assert unfinished.find(out, "news", NEXT) == {}
    close(out)
    assert unfinished.find(out, "news", NEXT) == {DAY: frozenset([talk.doc_id])}
    (again,) = unfinished.rebuilt(out, DAY, frozenset([talk.doc_id])).documents()
    assert [again.doc_id, len(again.texts)] == [talk.doc_id, 35]  # type: ignore[union-attr]


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_second_publication_replaces_the_whole_document(out: Path, is_closed: bool) -> None:
    talk, other = Stream("talk", recurring), Stream("other", recurring)
    followed(out, talk, other)
    if is_closed:
        close(out)
    publish.publish(out, DAY, "run-2-1", made_tables(work(document(talk.doc_id, 12)), run_id="run-2"))
    its = [r for r in rows(out, "passages") if r["doc_id"] == talk.doc_id]
    assert sorted(r["position"] for r in its) == list(range(1, 13))
    assert {len(names) for names in parts_of(out, talk.doc_id).values()} == {1}
    close(out)
    assert sum(r["doc_id"] == other.doc_id for r in rows(out, "passages")) == 35
    assert sum(r["doc_id"] == talk.doc_id for r in rows(out, "passages")) == 12
    assert {r["sentences"] for r in rows(out, "documents")} == {12, 35}


@pytest.mark.parametrize("is_closed", [False, True])
def test_whoever_names_topics_finds_the_whole_document(out: Path, is_closed: bool) -> None:
    talk = Stream("talk", recurring)
    followed(out, talk)
    if is_closed:
        close(out)
    standing = Published(out, NEXT).of([talk.doc_id])[talk.doc_id]
    assert len(standing.names) == 35
    assert {t for t in standing.topic_ids if t} == set(talk.topics)


def test_compaction_leaves_an_open_day_and_merges_a_closed_one(out: Path) -> None:
    talk, other = Stream("talk", recurring), Stream("other", recurring)
    followed(out, talk, other)
    before = names_of(out, "passages")
    list(compact(out, NEXT))
    assert names_of(out, "passages") == before
    with patch.object(closing_day, "GROUP", 1):
        close(out)
    assert len(names_of(out, "passages")) == 2
    list(compact(out, NEXT))
    assert len(names_of(out, "passages")) == 1
    check_closed(out, talk, other)


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_document_is_withdrawn_from_every_part(out: Path, is_closed: bool) -> None:
    talk, other = Stream("talk", recurring), Stream("other", recurring)
    followed(out, talk, other)
    if is_closed:
        close(out)
    assert publish.withdraw(out, DAY, talk.doc_id) == []
    check(out, [other])
    close(out)
    check_closed(out, other)


@pytest.mark.parametrize("is_closed", [False, True])
def test_an_edition_tells_every_sentence_of_an_open_and_a_closed_day(out: Path, is_closed: bool) -> None:
    talk = Stream("talk", recurring)
    followed(out, talk)
    if is_closed:
        close(out)
    write_edition(out, DAY)
    page = edition_path(out, DAY).read_text()
    placed: list[Row] = [r for r in rows(out, "passages") if r["topic_id"]]
    assert all(r["text"] in page for r in placed)
