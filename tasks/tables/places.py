"""Where the parts of tables lie below OUT: tables/<table>/run_date=YYYY-MM-DD/<part>.parquet."""

from datetime import date
from pathlib import Path

REPLACED = ("topics", "passages", "documents")  # in the order they are put in place: `documents` is the commit


def table_folder(table: str, run_date: date) -> Path:
    """Return the folder of a table's parts of one date, relative to OUT."""
    return Path("tables", table, f"run_date={run_date.isoformat()}")


def append_part(table: str, run_date: date, name: str) -> Path:
    """Return the path of an append-only part, relative to OUT."""
    return table_folder(table, run_date) / f"{name}.parquet"


def day_of(folder: Path) -> date | None:
    """Return the date of a folder of parts; None if it is none."""
    name, _, day = folder.name.partition("=")
    try:
        return date.fromisoformat(day) if name == "run_date" and len(day) == len("2026-03-01") else None
    except ValueError:
        return None
