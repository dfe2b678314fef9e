"""What the answers' store keeps of a call once its record stands in the table `calls`: what a later use needs.

A published row has in `part` the date that its part is of (YYYY-MM-DD), by which it is pruned, and in `record` no more
than the answer's key, the document, and of an answer that cannot be used what was wrong with it. That is an eighth of
the record. Rows that an earlier version published are whole, with the part's path, until they are shortened.
"""

from datetime import date
from pathlib import Path
from typing import Any

from nightdesk.tasks.calling.answers.database import Database

SCHEMA = (
    # Each index holds its own rows alone, so that what is asked at a start does not grow with what is published.
    "CREATE INDEX IF NOT EXISTS calls_unpublished ON calls (part, run_id) WHERE NOT published",
    "CREATE INDEX IF NOT EXISTS calls_by_date ON calls (part) WHERE published",
    "DROP INDEX IF EXISTS calls_by_part",
)
FOLDER = "tables/calls/run_date="  # with which the path of a part begins
ABSENT: dict[str, Any] = {"error": None, "reply": None}  # what a short record does not say
_OLD = f"published AND part >= '{FOLDER}' AND part < '{FOLDER}:'"  # ':' comes after the digits
_KEPT = "'answer_key', json_extract(record, '$.answer_key'), 'doc_id', json_extract(record, '$.doc_id')"
_WRONG = "'error', json_extract(record, '$.error'), 'reply', json_extract(record, '$.reply')"
_SHORT = (
    f"CASE WHEN json_extract(record, '$.valid') THEN json_object('valid', json('true'), {_KEPT}) "
    f"ELSE json_object('valid', json('false'), {_KEPT}, {_WRONG}) END"
)
_SHORTEN = f"UPDATE calls SET published = 1, run_id = '', part = ?, record = {_SHORT}"


def note(db: Database, part: str) -> None:
    """Note that a part is in place, and shorten its records. part: its path relative to OUT."""
    db.execute(f"{_SHORTEN} WHERE part = ? AND NOT published", (_date_of(part), part))


def note_standing(db: Database, out: Path) -> None:
    """Note the parts that stand and were not noted: by an earlier version, or by a run that was killed before it."""
    for (part,) in db.rows("SELECT DISTINCT part FROM calls WHERE NOT published AND part IS NOT NULL"):
        if (out / part).exists():
            note(db, part)


def shorten(db: Database, most: int) -> int:
    """Shorten the published records of an earlier version, at most so many; return how many were."""
    rows = db.rows(f"SELECT rowid, part FROM calls WHERE {_OLD} LIMIT ?", (most,))
    db.executemany(f"{_SHORTEN} WHERE rowid = ?", [(_date_of(part), rowid) for rowid, part in rows])
    return len(rows)


def older_than(before: date) -> list[tuple[str, tuple[str, ...]]]:
    """Return the conditions, with their values, of published rows of dates before one: short and whole ones."""
    day = before.isoformat()
    return [
        ("published AND part < ?", (day,)),  # a path comes after every date
        ("published AND part >= ? AND part < ?", (FOLDER, f"{FOLDER}{day}")),
    ]


def _date_of(part: str) -> str:
    """Return the date that a part's path names; the path itself if it names none."""
    name = part.removeprefix(FOLDER).partition("/")[0]
    try:
        return date.fromisoformat(name).isoformat()
    except ValueError:
        return part
