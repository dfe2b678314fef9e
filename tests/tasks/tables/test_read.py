"""Reading the tables: every date at once, run_date as a date, and the declared columns where there is no table."""

from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from nightdesk.tasks import tables
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.tables import parts as history
from nightdesk.tasks.tables import publish, read
from nightdesk.tasks.tables.contracts import TABLES, contract
from tests.tasks.killing import kill_a_publication
from tests.tasks.made import DAY, document, parts, publish_documents, work
from tests.tasks.made import tables as made_tables

NEXT_DAY, LAST_DAY = date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture
def nights(out: Path) -> Path:
    """Three nights, of a document with 1, 2 and 3 sentences."""
    for length, day in enumerate((DAY, NEXT_DAY, LAST_DAY), 1):
        publish_documents(out, work(document("a", length)), part=f"run-{length}-1", day=day)
    return out


def test_every_date_is_read_and_stands_in_its_column(nights: Path) -> None:
    rows = tables.scan(nights, "documents")
    assert rows.schema.field("run_date").type == pa.date32()
    assert sorted(zip(rows["run_date"].to_pylist(), rows["sentences"].to_pylist(), strict=True)) == [
        (DAY, 1),
        (NEXT_DAY, 2),
        (LAST_DAY, 3),
    ]


@pytest.mark.parametrize(
    ("start", "end", "sentences"),
    [(None, None, 6), (NEXT_DAY, None, 5), (None, NEXT_DAY, 3), (NEXT_DAY, NEXT_DAY, 2), (LAST_DAY, DAY, 0)],
)
def test_both_ends_of_a_time_are_included(nights: Path, start: date, end: date, sentences: int) -> None:
    assert tables.scan(nights, "passages", start, end).num_rows == sentences


def test_a_filter_and_columns_are_taken_together_with_dates(nights: Path) -> None:
    where = pc.field("category") == "facts"
    rows = tables.scan(nights, "passages", start=NEXT_DAY, columns=["text"], where=where)
    assert rows.schema.names == ["text"]
    assert rows["text"].to_pylist() == ["Sentence 1 of a."] * 2


def test_what_the_dates_do_not_want_is_not_opened(nights: Path, caplog: pytest.LogCaptureFixture) -> None:
    for part in parts(nights, "passages", DAY):
        part.write_bytes(b"not parquet")
    assert tables.scan(nights, "passages", start=NEXT_DAY).num_rows == 5
    assert caplog.text == ""


@pytest.mark.parametrize("damage", ["no Parquet", "truncated", "pages"])
def test_a_part_that_cannot_be_read_is_named_and_left_out(
    nights: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    (part,) = parts(nights, "passages", NEXT_DAY)
    whole = part.read_bytes()
    part.write_bytes(
        {"no Parquet": b"x", "truncated": whole[:-100], "pages": whole[:4] + bytes(400) + whole[404:]}[damage]
    )
    rows = tables.scan(nights, "passages")
    assert {r["run_date"] for r in rows.to_pylist()} == {DAY, LAST_DAY}
    assert f"{part}: cannot be read (" in caplog.text
    assert "restore it, or remove it and run 2026-03-02 again" in caplog.text
    if damage != "pages":  # duckdb reads pages when it is asked
        assert tables.connect(nights).sql("select count(*) from passages").fetchall() == [(4,)]


def test_what_is_no_part_is_left_out_and_named(nights: Path, caplog: pytest.LogCaptureFixture) -> None:
    passages = nights / "tables" / "passages"
    (passages / "run_date=foo").mkdir()
    (passages / "run_date=foo" / "part-0.parquet").write_bytes(b"")
    (passages / ".DS_Store").write_bytes(b"x")
    (passages / f"run_date={DAY}" / "part-9.parquet").mkdir()
    pq.write_table(pa.table({"x": [1]}), passages / f"run_date={DAY}" / "mine.parquet")
    assert tables.scan(nights, "passages").num_rows == 6
    for what in ("run_date=foo: is no folder of a date", "part-9.parquet: cannot be read", "it lacks doc_id, position"):
        assert what in caplog.text
    assert ".DS_Store" not in caplog.text


@pytest.mark.parametrize("step", range(2, 10))
@pytest.mark.parametrize("may_write", [True, False])
def test_a_publication_that_was_killed_between_two_moves_is_seen_whole(
    out: Path, step: int, may_write: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_a_publication(out, step)
    if not may_write:
        monkeypatch.setattr(read, "_settle", lambda out: None)
    documents = tables.scan(out, "documents").to_pylist()
    assert {d["doc_id"]: d["sentences"] for d in documents} == {"a": 4, "b": 9, "g": 3}
    passages = [p["doc_id"] for p in tables.scan(out, "passages").to_pylist()]
    assert Counter(passages) == {"a": 4, "b": 9, "g": 3}
    assert history.read(out, "calls", history.dates(out, "calls"))["call_id"].to_pylist() == ["paid"]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_is_not_there_has_its_columns_and_no_row(tmp_path: Path, table: str) -> None:
    rows = tables.scan(tmp_path / "nowhere", table, start=DAY)
    assert rows.num_rows == 0
    assert rows.schema.names == [*contract(table).schema.names, "run_date"]
    assert tables.connect(tmp_path).sql(f"select * from {table}").fetchall() == []
    assert list(tables.to_pandas(tmp_path, table)) == rows.schema.names


def test_a_column_that_an_older_part_lacks_is_null_there(nights: Path) -> None:
    (part,) = parts(nights, "passages", DAY)
    pq.write_table(pq.ParquetFile(part).read().drop_columns(["confidence"]), part)
    rows = tables.scan(nights, "passages", columns=["run_date", "confidence"]).to_pylist()
    assert {r["run_date"] for r in rows if r["confidence"] is None} == {DAY}


def test_pandas_and_duckdb_have_dates_too(nights: Path) -> None:
    frame = tables.to_pandas(nights, "documents", start=NEXT_DAY)
    assert (frame["run_date"] >= pd.Timestamp(NEXT_DAY)).tolist() == [True, True]
    found = tables.connect(nights).sql(
        "select max(run_date), sum(sentences) from documents where run_date > '2026-03-01'"
    )
    assert found.fetchall() == [(LAST_DAY, 5)]


def test_topic_aliases_lead_to_what_a_topic_is_a_part_of_now(tmp_path: Path) -> None:
    def publish_topics(day: date, **aliases: list[str] | None) -> None:
        made = made_tables(work(document("d", 3 * len(aliases))), run_id=f"run-{day}")
        names = pa.array([f"d/{name}" for name in aliases])
        topics = made["topics"].set_column(1, made["topics"].schema.field("topic_id"), names)
        at = topics.schema.get_field_index("aliases")
        given = pa.array([a and [f"d/{name}" for name in a] for a in aliases.values()], pa.list_(pa.string()))
        made["topics"] = topics.set_column(at, topics.schema.field(at), given)
        publish.publish(tmp_path, day, f"run-{day}-1", made)

    publish_topics(DAY, a=["b"], c=["e", "f"])
    assert followed(tmp_path) == {"d/b": "d/a", "d/e": "d/c", "d/f": "d/c"}
    publish_topics(NEXT_DAY, a=["b", "c", "e"], f=None)
    assert followed(tmp_path) == {"d/b": "d/a", "d/c": "d/a", "d/e": "d/a"}


def followed(out: Path) -> dict[str, str]:
    return dict(tables.connect(out).sql("select topic_id, now from topic_aliases").fetchall())


def test_what_is_not_there_is_named(nights: Path) -> None:
    with pytest.raises(InputError, match="poems: no such table; there are passages, topics"):
        tables.scan(nights, "poems")
    with pytest.raises(InputError, match="topics: no column 'verse'; there are doc_id, topic_id"):
        tables.scan(nights, "topics", columns=["verse"])
