"""passages_open: provisional rows beside passages, each sentence once; forgotten and exported like the others."""

import threading
from datetime import date
from pathlib import Path

import pyarrow.compute as pc
import pytest

from nightdesk.tasks import tables
from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.edition.pages import edition_path, write_edition
from nightdesk.tasks.errors import InputError, PublishError
from nightdesk.tasks.following.journal import Journal
from nightdesk.tasks.following.publishing.open_table import empty_open, open_part, replace_open
from nightdesk.tasks.forget.document import forget_document
from nightdesk.tasks.tables.export import check_export, export_to_file
from nightdesk.tasks.tables.migration import migrate
from nightdesk.tasks.tables.places import table_folder
from tests.tasks.following.publishing.settling import RUN, Row, Stream, held_in, open_rows, publish_all, rows, unaudited
from tests.tasks.made import CATEGORIES, DAY, document, publish_documents, work


def put(out: Path, *its: Row, profile: str = "news", day: date = DAY) -> int:
    return replace_open(out, day, profile, open_rows(its), unaudited, CATEGORIES)


def tail(stream: Stream, count: int) -> list[Row]:
    """Return provisional rows of the sentences behind the last one that is settled, all of one category."""
    ahead = Stream(stream.name, day=stream.day, at=stream.at).settle(count).passages
    return [{**row, "chunk_id": f"{stream.doc_id}/open", "category": "opinions"} for row in ahead]


def positions(out: Path, **wanted: object) -> list[int]:
    return sorted(tables.scan(out, "passages", open=True, **wanted)["position"].to_pylist())  # type: ignore[arg-type]


def test_open_rows_follow_settled_ones_and_each_sentence_comes_once(out: Path) -> None:
    talk = Stream("talk")
    with Journal(out, "news") as journal:
        assert put(out, *tail(talk, 5)) == 5
        assert positions(out) == [1, 2, 3, 4, 5]
        assert tables.scan(out, "passages").num_rows == 0
        held_in(journal, talk.settle(3))
        publish_all(out, journal)
    found = tables.scan(out, "passages", open=True)
    assert found.schema == tables.scan(out, "passages").schema
    assert {r["position"]: r["chunk_id"].endswith("/open") for r in found.to_pylist()} == {
        1: False, 2: False, 3: False, 4: True, 5: True,
    }  # fmt: skip
    put(out, *tail(talk, 2))
    assert positions(out) == [1, 2, 3, 4, 5]


def test_a_filter_looks_at_the_settled_row_of_a_sentence(out: Path) -> None:
    talk = Stream("talk")
    with Journal(out, "news") as journal:
        put(out, *tail(talk, 6))
        held_in(journal, talk.settle(4))  # category by position: 1 opinions, 2 assumptions, 3 future_plans, 4 facts
        publish_all(out, journal)
    assert positions(out, where=pc.field("category") == "opinions") == [1, 5, 6]
    assert positions(out, where=pc.field("category") == "facts") == [4]
    assert positions(out, where=pc.field("doc_id") == "nobody") == []
    only = tables.scan(out, "passages", start=DAY, end=DAY, columns=["text", "run_date"], open=True)
    assert only.schema.names == ["text", "run_date"]
    assert only.num_rows == 6
    assert tables.scan(out, "passages", start=date(2026, 3, 2), open=True).num_rows == 0
    assert tables.to_pandas(out, "passages", open=True)["position"].tolist() == [1, 2, 3, 4, 5, 6]


def test_other_tables_have_no_open_rows(out: Path) -> None:
    with pytest.raises(InputError, match="topics: no provisional rows"):
        tables.scan(out, "topics", open=True)


def test_a_reader_sees_every_sentence_once_while_the_stream_goes_on(out: Path) -> None:
    talk, over = Stream("talk"), threading.Event()
    put(out, *tail(talk, 4))

    def follow() -> None:
        with Journal(out, "news") as journal:
            while not over.is_set():
                held_in(journal, talk.settle(3))
                publish_all(out, journal)
                put(out, *tail(talk, 4))

    follower = threading.Thread(target=follow)
    follower.start()
    lengths = []
    try:
        for _ in range(40):
            found = positions(out, columns=["position"])
            assert found == list(range(1, len(found) + 1))
            lengths.append(len(found))
    finally:
        over.set()
        follower.join()
    assert lengths == sorted(lengths)
    assert lengths[-1] > lengths[0]


def test_profiles_and_dates_have_parts_of_their_own_and_are_emptied_alone(out: Path) -> None:
    later = date(2026, 3, 2)
    put(out, *tail(Stream("a"), 2))
    put(out, *tail(Stream("b"), 3), profile="commerce")
    put(out, *tail(Stream("a", day=later), 1), day=later)
    empty_open(out, DAY, "news")
    empty_open(out, DAY, "news")
    assert {r["doc_id"] for r in rows(out, "passages_open")} == {"b@2026-03-01"}
    empty_open(out, DAY, "commerce")
    assert not (out / table_folder("passages_open", DAY)).exists()
    assert len(rows(out, "passages_open", later)) == 1


def test_a_broken_part_is_named_left_out_and_replaced(out: Path, caplog: pytest.LogCaptureFixture) -> None:
    talk = Stream("talk")
    with Journal(out, "news") as journal:
        held_in(journal, talk.settle(3))
        publish_all(out, journal)
    put(out, *tail(talk, 2))
    (out / open_part(DAY, "news")).write_bytes(b"PAR1")
    assert positions(out) == [1, 2, 3]
    assert "passages_open" in caplog.text
    put(out, *tail(talk, 2))
    assert positions(out) == [1, 2, 3, 4, 5]


def test_a_link_out_of_the_folder_is_refused(out: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (out / "tables" / "passages_open").mkdir(parents=True)
    (out / table_folder("passages_open", DAY)).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PublishError, match="link"):
        put(out, *tail(Stream("talk"), 2))
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_document_is_forgotten_there_too(out: Path) -> None:
    talk, other = Stream("talk"), Stream("other")
    put(out, *tail(talk, 2), *tail(other, 2))
    (out / "_staging" / "open-2026-03-01").mkdir()
    (out / "_staging" / "open-2026-03-01" / "passages_open-news.parquet").write_bytes(b"left by a kill")
    assert forget_document(out, talk.doc_id)["left"] == []
    assert {r["doc_id"] for r in rows(out, "passages_open")} == {other.doc_id}
    is_forgotten = talk.doc_id.__eq__
    its = [*tail(talk, 3), *tail(other, 1)]
    assert replace_open(out, DAY, "news", open_rows(its), unaudited, CATEGORIES, is_forgotten) == 1
    assert [r["doc_id"] for r in rows(out, "passages_open")] == [other.doc_id]


def test_editions_exports_and_other_readers_leave_open_rows_alone(out: Path, tmp_path: Path) -> None:
    publish_documents(out, work(document("paper", 9)))
    put(out, *tail(Stream("talk"), 2))
    write_edition(out, DAY)
    assert "Sentence 1 of talk" not in edition_path(out, DAY).read_text()
    assert tables.scan(out, "passages").num_rows == 9
    check_export(out, "passages_open", DAY)
    export_to_file(out, "passages_open", DAY, "csv", tmp_path / "open.csv")
    assert (tmp_path / "open.csv").read_text().count("Sentence") == 2
    assert tables.connect(out).sql("select count(*) from passages_open").fetchall() == [(2,)]


def test_an_out_of_an_earlier_version_has_no_such_rows_and_is_migrated(out: Path) -> None:
    publish_documents(out, work(document("paper", 9)))
    Store(out, RUN).close()
    migrate(out)
    assert tables.scan(out, "passages_open").num_rows == 0
    assert positions(out) == list(range(1, 10))
