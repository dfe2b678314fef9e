"""What the command line prints to stdout."""

import json
import sys
from typing import Any

import typer


def show(result: dict[str, Any], as_json: bool) -> None:
    """Print a result: one JSON object, or a line a field."""
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
        return
    width = max(map(len, result))
    for name, value in result.items():
        shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        typer.echo(f"{name:{width}}  {shown}")


def show_table(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """Print some columns of rows as a table."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(title), title_justify="left")
    for column in columns:
        table.add_column(column, justify="right" if rows and isinstance(rows[0][column], float) else "left")
    for row in rows:
        table.add_row(*(f"{row[c]:.4f}" if isinstance(row[c], float) else escape(str(row[c])) for c in columns))
    Console(width=None if sys.stdout.isatty() else 160).print(table)
