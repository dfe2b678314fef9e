"""Exporting: a table's rows of one date, a part at a time: CSV and JSON lines as they are, or CSV for a spreadsheet.

Files and pipes get the text as it stands in the tables, but for a spreadsheet, which would run some of it. A terminal
gets it printable, one line a row.
"""

import base64
import contextlib
import csv
import io
import json
import uuid
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pyarrow as pa

from nightdesk.tasks.errors import InputError, PublishError
from nightdesk.tasks.safety.printable import json_line, printable
from nightdesk.tasks.tables import parts, publish, read
from nightdesk.tasks.tables.spreadsheet import BOM, harmless

ExportFormat = Literal["csv", "excel", "jsonl"]
_ROWS = 4_096  # rows that are held at a time
_Shown = Callable[[str], str]
_Write = Callable[[dict[str, Any]], object]


def check_export(out: Path, table: str, run_date: date) -> None:
    """Raise InputError if there is no such table, or nothing was published for the date."""
    read.schema(table)
    with contextlib.suppress(PublishError):  # where OUT cannot be written, what was decided is read where it lies
        publish.recover(out)
    days = parts.dates(out, table)
    if run_date in days or run_date in parts.dates(out, "documents"):
        return  # a table that got no row that night is exported as such
    there = f"there are {days[0]} to {days[-1]}" if days else "nor for any other"
    raise InputError(f"--date {run_date}: no {table} were published for this date in {out}; {there}")


def export_to_file(out: Path, table: str, run_date: date, form: ExportFormat, path: Path) -> None:
    """Write rows to a file, which is there whole in the end or as it was before.

    Raises:
        InputError: it cannot be written.
    """
    staged = path.with_name(f".{path.name}.{uuid.uuid4().hex}")  # in /tmp, others may have put something there
    try:
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        if path.exists() and not path.is_file():  # a terminal or a pipe: it would be replaced by a file
            raise OSError(None, "it is no regular file; - is stdout")
        with staged.open("xb") as f:
            write_rows(out, table, run_date, form, f)
        staged.replace(path)
    except OSError as e:
        raise InputError(f"--output {path}: cannot be written ({e.strerror}); name another file") from None
    finally:
        staged.unlink(missing_ok=True)


def write_rows(
    out: Path, table: str, run_date: date, form: ExportFormat, to: BinaryIO, on_terminal: bool = False
) -> None:
    """Write rows in the order of the parts, as UTF-8, run_date last.

    Lists are JSON in CSV; bytes are base64; times are ISO 8601 in UTC; null is empty in CSV. excel: what a spreadsheet
    opens by a double click; its cells are harmless (spreadsheet.py). on_terminal: text is made printable.

    Raises:
        InputError: a part cannot be read.
    """
    source = read.of_date(out, table, run_date)
    text = io.TextIOWrapper(to, encoding="utf-8", newline="", write_through=False)
    try:
        write = _WRITERS[form](text, source.schema.names, printable if on_terminal else str)
        batches = source.to_batches(batch_size=_ROWS)
        while (batch := _next(batches, out, table)) is not None:
            for row in batch.to_pylist():
                write(row)
        text.flush()
    finally:
        text.detach()  # whoever opened it closes it


def _next(batches: Iterator[pa.RecordBatch], out: Path, table: str) -> pa.RecordBatch | None:
    with read.naming_what_is_broken(out, table):
        return next(batches, None)


class _Lines:
    """Ends rows with a line feed. The csv module quotes a carriage return in a cell only if it ends rows with one."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text

    def write(self, row: str) -> int:
        """Write one row, which ends with a carriage return and a line feed."""
        return self._text.write(f"{row[:-2]}\n")


def _csv_writer(text: io.TextIOWrapper, columns: list[str], shown: _Shown) -> _Write:
    writer = csv.DictWriter(_Lines(text), columns, lineterminator="\r\n")
    writer.writeheader()
    return lambda row: writer.writerow({name: _cell(value, shown) for name, value in row.items()})


def _excel_writer(text: io.TextIOWrapper, columns: list[str], shown: _Shown) -> _Write:
    if shown is str:
        text.write(BOM)
    # All cells are quoted: then only a spreadsheet that separates by semicolons can begin one where there is none.
    writer = csv.DictWriter(text, columns, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    return lambda row: writer.writerow(
        {name: _cell(value, lambda v: shown(harmless(v))) for name, value in row.items()}
    )


def _jsonl_writer(text: io.TextIOWrapper, columns: list[str], shown: _Shown) -> _Write:
    return lambda row: text.write(json_line(row, default=_plain) + "\n")


_WRITERS = {"csv": _csv_writer, "excel": _excel_writer, "jsonl": _jsonl_writer}


def _cell(value: Any, shown: _Shown) -> Any:
    if isinstance(value, list):
        return shown(json.dumps(value, ensure_ascii=False, default=_plain))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes | date):
        value = _plain(value)
    return shown(value) if isinstance(value, str) else value


def _plain(value: Any) -> str:
    """Write what JSON has no form for."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
