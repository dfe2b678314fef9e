"""What the command line prints: results to stdout, the rest to stderr; all of it printable, whatever text is in it."""

import json
import sys
from typing import Any

import typer

from nightdesk.tasks.safety.printable import json_line, message_line, printable


def say(line: object, err: bool = False) -> None:
    """Print one line, or the shortened beginning and end of a very long one."""
    typer.echo(message_line(line), err=err)  # noqa: TID251  (the one place)


def prepare_output() -> None:
    """Have a character that the terminal's encoding lacks shown as an escape, where it would be an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def show(result: dict[str, Any], as_json: bool) -> None:
    """Print a result: one JSON object, or a line a field."""
    if as_json:
        is_unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
        typer.echo(json_line(result) if is_unicode else json.dumps(result))  # noqa: TID251  (escaped as JSON does)
        return
    width = max(map(len, result))
    for name, value in result.items():
        shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        typer.echo(printable(f"{name:{width}}  {shown}"))  # noqa: TID251  (whole, however long)


def show_table(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """Print some columns of rows as a table."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(printable(title)), title_justify="left")
    for column in columns:
        table.add_column(column, justify="right" if rows and isinstance(rows[0][column], float) else "left")
    for row in rows:
        cells = (f"{row[c]:.4f}" if isinstance(row[c], float) else escape(printable(row[c])) for c in columns)
        table.add_row(*cells)
    Console(width=None if sys.stdout.isatty() else 160).print(table)
