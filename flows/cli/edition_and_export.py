"""edition, export: what was published, to read or to take elsewhere."""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from nightdesk.flows.cli.options import AsJson, Out, RunDate, check_is_out, date_of
from nightdesk.flows.cli.terminal import show


def edition(out: Out = Path("out"), run_date: RunDate = "", as_json: AsJson = False) -> None:
    """Make the page of a night again, and the index over the nights."""
    day = date_of(run_date)
    check_is_out(out)
    from nightdesk.tasks.edition.pages import write_edition

    show({"run_date": day.isoformat(), "edition": str(write_edition(out, day))}, as_json)


def export(
    table: Annotated[
        str, typer.Option(help="passages, topics, documents, passages_open, calls, judgements, quarantine or weights.")
    ],
    out: Out = Path("out"),
    run_date: RunDate = "",
    form: Annotated[
        Literal["csv", "excel", "jsonl"],
        typer.Option("--format", help="csv as it is; excel: CSV that a spreadsheet opens safely; or JSON lines."),
    ] = "csv",
    output: Annotated[Path, typer.Option(help="File to write; - is stdout.")] = Path("-"),
) -> None:
    """Write a table's rows of a date as CSV or JSON lines. In CSV, lists are JSON.

    Files and pipes get text as it is; with --format excel nothing in it is a formula. Terminals get it printable.
    """
    day = date_of(run_date)
    check_is_out(out)
    from nightdesk.tasks.tables.export import check_export, export_to_file, write_rows

    check_export(out, table, day)
    if output != Path("-"):
        return export_to_file(out, table, day, form, output)
    try:
        write_rows(out, table, day, form, sys.stdout.buffer, on_terminal=sys.stdout.isatty())
    except BrokenPipeError:  # who read has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
