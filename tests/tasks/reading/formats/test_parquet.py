"""Tables with a column of texts: a document a row."""

import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nightdesk.tasks.errors import DocumentError, InputError
from nightdesk.tasks.reading.formats import parquet
from tests.tasks.reading.written import read, summary


def test_a_table_with_a_text_column_is_documents(tmp_path: Path) -> None:
    table = pa.table({"id": ["x", None, None], "text": ["One.", None, "Three."], "year": [1, 2, 3]})
    pq.write_table(table, tmp_path / "wire.parquet", row_group_size=2)
    found = read(tmp_path / "wire.parquet")
    assert summary(found)[0] == ("x", "One.")
    assert summary(found)[2] == ("wire#3", "Three.")
    assert "row 2: no sentence in it" in summary(found)[1][1]


@pytest.mark.parametrize(
    ("columns", "said"),
    [({"body": ["x"]}, "no column of texts called text, but body"), ({"text": [5]}, "no column of texts called text")],
)
def test_a_table_without_text_is_refused(tmp_path: Path, columns: dict[str, Any], said: str) -> None:
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=said):
        read(tmp_path / "a.parquet")


def test_a_table_that_is_cut_off_is_refused_in_one_line(tmp_path: Path) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": ["One."] * 100}), sink)
    for raw in (sink.getvalue()[:-20], b"PAR1 no", b""):
        with pytest.raises(InputError, match=r"a\.parquet: not Parquet that can be read") as e:
            read(tmp_path / "a.parquet", raw)
        assert "\n" not in str(e.value)


TEXTS = ["One.", "Two.", "One."]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(TEXTS).dictionary_encode(),
        pa.array(TEXTS, pa.large_string()),
        pa.array(TEXTS, pa.large_string()).dictionary_encode(),
        pa.array(TEXTS, pa.string_view()),
        pa.array([t.encode() for t in TEXTS]),
        pa.array([t.encode() for t in TEXTS], pa.large_binary()),
        pa.array([t.encode() for t in TEXTS], pa.binary_view()),
        pa.array(["Eins, schön.".encode("utf-16"), b"Two.", b"One."]),
    ],
    ids=lambda c: str(c.type)[:30],
)
@pytest.mark.parametrize("store_schema", [True, False])
def test_texts_are_read_however_they_are_stored(tmp_path: Path, column: Any, store_schema: bool) -> None:
    pq.write_table(pa.table({"text": column}), tmp_path / "a.parquet", store_schema=store_schema)
    first, *rest = summary(read(tmp_path / "a.parquet"))
    assert first[1] in ("One.", "Eins, schön.")
    assert rest == [("a#2", "Two."), ("a#3", "One.")]


@pytest.mark.parametrize(
    ("ids", "named"),
    [
        (pa.array([1.0, 2.5, None]), ["1", "2.5", "a#3"]),
        (pa.array([1, 2, 3], pa.uint64()), ["1", "2", "3"]),
        (pa.array([b"x", b"\xff", None]), ["x", "ff", "a#3"]),
        (pa.array([{"oid": "x"}, {"oid": "y"}, None]), ["a#1", "a#2", "a#3"]),
        (pa.array([["x"], [], None]), ["a#1", "a#2", "a#3"]),
        (pa.nulls(3), ["a#1", "a#2", "a#3"]),
        (pa.array([True, False, None]), ["a#1", "a#2", "a#3"]),
        (pa.array([Decimal("1.50"), Decimal("2.50"), None]), ["1.50", "2.50", "a#3"]),
        (pa.array([date(2026, 1, 1), None, None]), ["2026-01-01", "a#2", "a#3"]),
        (pa.array([2**62, 1_000, None], pa.timestamp("ms")), ["a#1", "1970-01-01 00:00:01", "a#3"]),
    ],
    ids=lambda c: str(getattr(c, "type", "")),
)
def test_no_id_refuses_a_text(tmp_path: Path, ids: Any, named: list[str]) -> None:
    table = pa.table({"id": ids, "text": ["One.", "Two.", "Three."], "title": ids, "source": ids})
    pq.write_table(table, tmp_path / "a.parquet")
    assert summary(read(tmp_path / "a.parquet")) == list(zip(named, ["One.", "Two.", "Three."], strict=True))


def test_only_the_columns_that_are_needed_are_read(tmp_path: Path) -> None:
    wide = {f"c{k}": ["x" * 100] * 10 for k in range(5)}
    pq.write_table(
        pa.table({"text": ["One."] * 10, **wide}), tmp_path / "a.parquet", compression="none", use_dictionary=False
    )
    raw = bytearray((tmp_path / "a.parquet").read_bytes())
    at = raw.index(b"x" * 100)
    raw[at : at + 500] = b"\xff" * 500  # what is broken there is not looked at
    assert len(read(tmp_path / "a.parquet", bytes(raw))) == 10


def test_two_columns_of_one_name_are_no_column(tmp_path: Path) -> None:
    row = pa.array(["One."])
    pq.write_table(pa.Table.from_arrays([row, row, row], ["text", "id", "id"]), tmp_path / "a.parquet")
    assert summary(read(tmp_path / "a.parquet")) == [("a#1", "One.")]
    pq.write_table(pa.Table.from_arrays([row, row], ["text", "text"]), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="no column of texts called text"):
        read(tmp_path / "a.parquet")


def test_a_table_without_a_row_says_so(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"a\.parquet: no row in it; leave it out or fill it"):
        read(tmp_path / "a.parquet")


def test_bytes_in_memory_are_bounded_as_well_as_rows() -> None:
    file = io.BytesIO()
    pq.write_table(pa.table({"text": [f"{k}" * 1_000_000 for k in range(10)] * 20}), file, use_dictionary=False)
    group = pq.ParquetFile(file).metadata.row_group(0)
    assert parquet._rows_at_once(group) <= 8


@pytest.mark.parametrize("column", ["text", "title"])
def test_one_value_that_stands_in_a_million_rows_is_not_read_as_often(tmp_path: Path, column: str) -> None:
    said = pa.DictionaryArray.from_arrays(pa.array([0] * 400_000, pa.int32()), pa.array(["It rained. " * 9_000]))
    columns = {"text": pa.DictionaryArray.from_arrays(said.indices, pa.array(["It rained."])), column: said}
    pq.write_table(pa.table(columns), tmp_path / "wire.parquet", compression="brotli", store_schema=False)
    assert (tmp_path / "wire.parquet").stat().st_size < 10_000
    rows = 0
    with (tmp_path / "wire.parquet").open("rb") as file, pytest.raises(DocumentError, match="100 times its size"):
        for _ in parquet.read(file):
            rows += 1
    assert 50 < rows < 110


def test_more_rows_than_a_file_of_its_size_can_have_are_refused_before_the_first(tmp_path: Path) -> None:
    indices = pa.array([0] * 3_000_000, pa.int32())
    table = pa.table({"text": pa.DictionaryArray.from_arrays(indices, pa.array(["a"]))})
    pq.write_table(table, tmp_path / "wire.parquet", store_schema=False)
    with pytest.raises(InputError, match="rows of more than 100 times its size; write them as"):
        read(tmp_path / "wire.parquet")


def test_a_text_that_many_rows_share_is_read_in_each(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["It rained. " * 50] * 2_000}), tmp_path / "wire.parquet")
    with (tmp_path / "wire.parquet").open("rb") as file:
        assert sum(row.body == "It rained. " * 50 for row in parquet.read(file)) == 2_000
