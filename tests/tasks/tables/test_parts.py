"""What is published, read back part by part: its dates, its rows in the table's schema, and who has read a document."""

import json
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.tables import parts, publish
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.index.known_documents import KnownDocuments
from nightdesk.tasks.tables.publishing import manifest
from tests.tasks.made import DAY, document, publish_documents, work
from tests.tasks.made import parts as files_of

NEXT_DAY, LAST_DAY = DAY + timedelta(days=1), DAY + timedelta(days=2)


def test_dates_stand_in_order_and_a_table_that_is_not_there_has_none(out: Path) -> None:
    for day in (LAST_DAY, DAY):
        publish_documents(out, work(document("a", 2)), part=f"run-{day.day}-1", day=day)
    assert parts.dates(out, "documents") == [DAY, LAST_DAY]
    assert parts.dates(out, "calls") == []


def test_rows_of_some_dates_are_one_table_whatever_an_older_part_lacks(out: Path) -> None:
    for length, day in enumerate((DAY, NEXT_DAY, LAST_DAY), 1):
        publish_documents(out, work(document("a", length)), part=f"run-{length}-1", day=day)
    (old,) = files_of(out, "passages", DAY)
    pq.write_table(pq.ParquetFile(old).read().drop_columns(["confidence"]), old)
    rows = parts.read(out, "passages", [DAY, LAST_DAY])
    assert rows.schema.names == contract("passages").schema.names
    assert rows["position"].to_pylist() == [1, 1, 2, 3]
    assert rows["confidence"].is_null().to_pylist() == [True, False, False, False]
    assert parts.read(out, "passages", [DAY, NEXT_DAY], ["text", "doc_id"]).num_rows == 3
    assert parts.read(out, "passages", []).schema.names == contract("passages").schema.names


@given(st.sets(st.integers(0, 400), max_size=8))
def test_the_folders_of_dates_give_the_dates_back(tmp_path_factory: object, days: set[int]) -> None:
    out = tmp_path_factory.mktemp("out")  # type: ignore[attr-defined]
    wanted = sorted(DAY + timedelta(days=d) for d in days)
    for day in wanted:
        (out / publish.table_folder("documents", day)).mkdir(parents=True)
    assert parts.dates(out, "documents") == wanted


def test_what_is_no_date_or_no_part_is_named_once_and_left_out(out: Path, caplog: pytest.LogCaptureFixture) -> None:
    for day in (DAY, NEXT_DAY):
        publish_documents(out, work(document("a", 2)), part=f"run-{day.day}-1", day=day)
    folder = out / "tables" / "documents"
    for name in ("run_date=foo", "run_date=2026-3-1", "run_date=20260301"):
        (folder / name).mkdir()
    (folder / "run_date=2026-04-01").write_text("a file")
    (folder / ".DS_Store").write_text("")
    (broken,) = files_of(out, "documents", DAY)
    broken.write_bytes(b"PAR1")
    for _ in range(2):
        assert parts.dates(out, "documents") == [DAY, NEXT_DAY]
        assert parts.read(out, "documents", [DAY, NEXT_DAY])["doc_id"].to_pylist() == ["a"]
        with KnownDocuments(out) as known:
            assert {d.doc_id for d in known.of_ids(["a"])} == {"a"}
    assert caplog.text.count("is no folder of a date") == 4
    assert caplog.text.count(f"{broken}: cannot be read") == 1


def test_what_is_replaced_while_it_is_read_is_read_again(out: Path) -> None:
    publish_documents(out, work(document("a", 2)))
    read: list[int] = []

    def work_on(found: list[parts.Part]) -> int:
        read.append(parts.read_parts(found, "passages").num_rows)
        if len(read) == 1:
            publish_documents(out, work(document("a", 5)), part="run-2-1")
        return read[-1]

    assert parts.steadily(lambda: parts.find(out, "passages"), work_on) == 5
    assert read == [2, 5]


def test_a_part_that_is_put_in_place_while_it_is_read_is_not_missed(out: Path) -> None:
    publish_documents(out, work(document("a", 2)))
    staging = out / "_staging" / "run-2-1"
    moved: list[bool] = []

    def work_on(found: list[parts.Part]) -> int:
        if not moved:  # what another process does just now
            moved.append(True)
            publish.recover(out)
        return len(parts.read_parts(found, "passages"))

    with patch.object(manifest, "_carry_out"):
        publish_documents(out, work(document("b", 3)), part="run-2-1")
    assert (staging / "manifest.json").exists()
    assert parts.steadily(lambda: parts.find(out, "passages"), work_on) == 5


def test_a_date_is_there_as_soon_as_it_was_decided_to_publish_it(out: Path) -> None:
    publish_documents(out, work(document("a", 2)), day=DAY)
    assert parts.has(out, "documents", DAY)
    assert not parts.has(out, "documents", NEXT_DAY)
    assert not parts.has(out, "calls", DAY)
    (place,) = files_of(out, "documents", DAY)
    staging = out / "_staging" / "killed-1"
    staging.mkdir()
    (staging / "documents-a").write_bytes(place.read_bytes())
    final = publish.table_folder("documents", NEXT_DAY) / "killed-1.parquet"
    plan = {"run_date": NEXT_DAY.isoformat(), "moves": [["documents-a", final.as_posix()]]}
    (staging / "manifest.json").write_text(json.dumps(plan))
    assert parts.has(out, "documents", NEXT_DAY)
    assert parts.read(out, "documents", [NEXT_DAY])["doc_id"].to_pylist() == ["a"]


@given(st.sets(st.integers(0, 400), max_size=8), st.sets(st.integers(0, 400), max_size=8))
def test_the_parts_of_some_dates_are_those_of_all_that_are_of_these(
    tmp_path_factory: pytest.TempPathFactory, there: set[int], asked: set[int]
) -> None:
    out = tmp_path_factory.mktemp("out")
    for day in (DAY + timedelta(days=d) for d in there):
        folder = out / publish.table_folder("calls", day)
        folder.mkdir(parents=True)
        (folder / "r.a-1.parquet").touch()
    days = {DAY + timedelta(days=d) for d in asked}
    assert parts.find(out, "calls", days) == [part for part in parts.find(out, "calls") if part.day in days]
