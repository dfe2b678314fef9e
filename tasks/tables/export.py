"""Exporting: a table's rows of one date as CSV or JSON lines, a part at a time."""

import base64
import contextlib
import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pyarrow as pa

from nightdesk.tasks.errors import InputError, PublishError
from nightdesk.tasks.tables import parts, publish, read

ExportFormat = Literal["csv", "jsonl"]
_ROWS = 4_096  # rows that are held at a time


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
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        with staged.open("wb") as f:
            write_rows(out, table, run_date, form, f)
        staged.replace(path)
    except OSError as e:
        raise InputError(f"--output {path}: cannot be written ({e.strerror}); name another file") from None
    finally:
        staged.unlink(missing_ok=True)


def write_rows(out: Path, table: str, run_date: date, form: ExportFormat, to: BinaryIO) -> None:
    """Write rows in the order of the parts, as UTF-8, run_date last.

    Lists are JSON in CSV; bytes are base64; times are ISO 8601 in UTC; null is empty in CSV.

    Raises:
        InputError: a part cannot be read.
    """
    source = read.of_date(out, table, run_date)
    text = io.TextIOWrapper(to, encoding="utf-8", newline="", write_through=False)
    try:
        write = _WRITERS[form](text, source.schema.names)
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


def _csv_writer(text: io.TextIOWrapper, columns: list[str]) -> Callable[[dict[str, Any]], object]:
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    return lambda row: writer.writerow({name: _cell(value) for name, value in row.items()})


def _jsonl_writer(text: io.TextIOWrapper, columns: list[str]) -> Callable[[dict[str, Any]], object]:
    return lambda row: text.write(json.dumps(row, ensure_ascii=False, default=_plain) + "\n")


_WRITERS = {"csv": _csv_writer, "jsonl": _jsonl_writer}


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    if isinstance(value, bool):
        return "true" if value else "false"
    return _plain(value) if isinstance(value, bytes | date) else value


def _plain(value: Any) -> str:
    """Write what JSON has no form for."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
