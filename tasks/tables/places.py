"""Where the parts of tables lie below OUT, and their names: tables/<table>/run_date=YYYY-MM-DD/<part>.parquet."""

import re
from datetime import date
from pathlib import Path

REPLACED = ("topics", "passages", "documents")  # in the order they are put in place: `documents` is the commit
_GROWING = re.compile(r"s[0-9]+")


def table_folder(table: str, run_date: date) -> Path:
    """Return the folder of a table's parts of one date, relative to OUT."""
    return Path("tables", table, f"run_date={run_date.isoformat()}")


def append_part(table: str, run_date: date, name: str) -> Path:
    """Return the path of an append-only part, relative to OUT."""
    return table_folder(table, run_date) / f"{name}.parquet"


def part_name(run_id: str, attempt: str, batch: int) -> str:
    """Return the name of a batch's append-only parts: <run>.<attempt>-<batch>.

    attempt: an id of the process that publishes. Prefect keeps a flow run's id when the run is retried, and may start
    it twice; without the attempt the second process would put its parts in the place of the first one's.
    """
    return f"{run_id}.{attempt}-{batch}"


def stream_part_name(run_id: str, attempt: str, number: int) -> str:
    """Return the name of a part of documents that still grow: <run>.<attempt>-s<number>.

    The rows of a document in it may be spread over all such parts of its date, until the date is closed.
    """
    return f"{run_id}.{attempt}-s{number}"


def is_of_streams(name: str) -> bool:
    """Tell by its name whether a part is of documents that still grow."""
    return _GROWING.fullmatch(name.rpartition("-")[2]) is not None


def attempt_of(name: str) -> str:
    """Return the attempt that a part's name begins with: <run>.<attempt>; of parts of an earlier version, the run."""
    return name.rpartition("-")[0]


def run_of(name: str) -> str:
    """Return the run that a part's name begins with."""
    return run_of_attempt(attempt_of(name))


def run_of_attempt(attempt: str) -> str:
    """Return the run that an attempt belongs to."""
    return attempt.partition(".")[0]


def day_of(folder: Path) -> date | None:
    """Return the date of a folder of parts; None if it is none."""
    return day_named(folder.name)


def day_named(folder: str) -> date | None:
    """Return the date of a folder of parts by its name; None if it is none."""
    if len(folder) != len("run_date=2026-03-01") or not folder.startswith("run_date="):
        return None
    try:
        return date.fromisoformat(folder[len("run_date=") :])
    except ValueError:
        return None
