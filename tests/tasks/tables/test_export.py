"""Exporting: the same rows as in the tables, and never half a file."""

import csv
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.safety.printable import printable
from nightdesk.tasks.tables import publish
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.export import check_export, export_to_file, write_rows
from tests.tasks.made import DAY, call, calls, document, files, published, tables, work

HARD = [
    'He said "no", twice;\nthen left.',
    "",
    "  spaces kept  ",
    "她说：“不行，”然后走了。",
    "=1+1",
    "\u202eright to left",
    "a\rb\r\nc\n",
    "\x1b[2J\x07 \u2028 \x85 \x7f",
]


@pytest.fixture
def full(out: Path) -> Path:
    made = tables(work(document("a", HARD)), work(document("b", 5)))
    publish.publish(out, DAY, "run-1-1", made | {"calls": calls(call("x", error="timed out"), call("y"))})
    return out


def exported(out: Path, table: str, form: str) -> str:
    to = io.BytesIO()
    write_rows(out, table, DAY, form, to)  # type: ignore[arg-type]
    return to.getvalue().decode("utf-8")


def test_csv_gives_back_every_text_as_it_was(full: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(full, "passages", "csv"), newline="")))
    assert [r["text"] for r in rows if r["doc_id"] == "a"] == HARD
    assert list(rows[0]) == [*contract("passages").schema.names, "run_date"]
    assert {r["run_date"] for r in rows} == {"2026-03-01"}
    assert {r["reason"] for r in rows} == {""}


def test_json_lines_give_back_every_row_as_it_was(full: Path) -> None:
    for table in ("passages", "documents"):
        rows = [json.loads(line) for line in exported(full, table, "jsonl").splitlines()]
        assert rows == [row | {"run_date": "2026-03-01"} for row in published(full, table)]


def test_lists_times_and_bytes_have_a_form(full: Path) -> None:
    (first, *_) = csv.DictReader(io.StringIO(exported(full, "topics", "csv"), newline=""))
    assert json.loads(first["spans"]) == [{"first": 1, "last": 3}]
    (x, y) = csv.DictReader(io.StringIO(exported(full, "calls", "csv"), newline=""))
    assert datetime.fromisoformat(x["started_at"]) == datetime(2026, 3, 1, 2, tzinfo=UTC)
    assert json.loads(x["eligible"]) == ["static", "lexical"]
    assert (x["error"], y["error"], x["served"], x["from_cache"]) == ("timed out", "", "true", "false")
    assert json.loads(exported(full, "topics", "jsonl").splitlines()[0])["vector"] == first["vector"] == "f39/f39/f38="


def test_a_table_without_rows_that_night_is_its_header(full: Path) -> None:
    check_export(full, "quarantine", DAY)
    assert exported(full, "quarantine", "csv") == "table,row,expectation,doc_id,run_id,run_date\n"
    assert exported(full, "quarantine", "jsonl") == ""


def test_a_file_is_whole_or_as_it_was(full: Path, tmp_path: Path) -> None:
    target = tmp_path / "passages.csv"
    target.write_text("what was here before")
    next((full / "tables" / "passages").rglob("*.parquet")).write_bytes(b"PAR1 cut off")
    with pytest.raises(InputError, match=r"passages cannot be read: .*run-1-1.parquet"):
        export_to_file(full, "passages", DAY, "csv", target)
    assert target.read_text() == "what was here before"
    export_to_file(full, "topics", DAY, "csv", target)
    assert target.read_text(encoding="utf-8") == exported(full, "topics", "csv")
    assert files(tmp_path) - {f"out/{f}" for f in files(full)} == {"passages.csv"}


def test_where_nothing_can_be_written_is_named(full: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "nowhere" / "a.csv", tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(InputError, match=f"--output {place}: cannot be written"):
            export_to_file(full, "topics", DAY, "csv", place)


def test_for_a_spreadsheet_no_cell_begins_as_a_formula_and_excel_knows_the_encoding(out: Path) -> None:
    hard = [*HARD, "@SUM(1)", " \t+1", "-2+3", "＝1+1", "a;=1", "two\n=1"]
    publish.publish(out, DAY, "run-1-1", tables(work(document("=cmd|' /C calc'!A0", hard)), work(document("-a", 2))))
    raw = io.BytesIO()
    write_rows(out, "passages", DAY, "excel", raw)
    assert raw.getvalue().startswith(b'\xef\xbb\xbf"doc_id",')
    rows = list(csv.DictReader(io.StringIO(raw.getvalue().decode("utf-8-sig"), newline="")))
    assert {r["doc_id"] for r in rows} == {"'=cmd|' /C calc'!A0", "'-a"}
    assert all(r["topic_id"].startswith("'") for r in rows)
    said = [r["text"] for r in rows]
    assert {"'=1+1", "'@SUM(1)", "' \t'+1", "'-2+3", "'＝1+1", "a;'=1", "two\n'=1"} <= set(said)
    assert not any(c in "".join(said) for c in "\x1b\x07\x85\x7f")
    assert "她说：“不行，”然后走了。" in said
    assert [r["run_date"] for r in rows] == ["2026-03-01"] * len(rows)


def test_numbers_stay_numbers_for_a_spreadsheet(out: Path) -> None:
    publish.publish(out, DAY, "run-1-1", tables(work(document("a", 2))) | {"calls": calls(call("x", cost_usd=-0.5))})
    (row,) = csv.DictReader(io.StringIO(exported(out, "calls", "excel").removeprefix("\ufeff"), newline=""))
    assert row["cost_usd"] == "-0.5"


@pytest.mark.parametrize("form", ["csv", "excel", "jsonl"])
def test_a_terminal_gets_a_printable_line_a_row(full: Path, form: str) -> None:
    to = io.BytesIO()
    write_rows(full, "passages", DAY, form, to, on_terminal=True)  # type: ignore[arg-type]
    lines = to.getvalue().decode().replace("\r\n", "\n").split("\n")[:-1]
    assert len(lines) == len(HARD) + 5 + (form != "jsonl")
    assert all(line == printable(line) for line in lines)
    assert any("\\x1b[2J" in line or "\\u001b[2J" in line for line in lines) or form == "excel"
