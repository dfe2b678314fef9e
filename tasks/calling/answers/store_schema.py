"""The tables of the answers' store, and how those of an earlier version are brought up."""

from pathlib import Path

from nightdesk.tasks.calling.answers import published_calls, retention_terms
from nightdesk.tasks.calling.answers.database import Database

_FIRST = (
    "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL, call_id TEXT NOT NULL) "
    "WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS calls (call_id TEXT PRIMARY KEY, run_id TEXT NOT NULL, part TEXT, "
    "record TEXT NOT NULL, published INTEGER NOT NULL DEFAULT 0)",
)
_THEN = (
    *published_calls.SCHEMA,
    "CREATE TABLE IF NOT EXISTS assignments (profile TEXT, run_date TEXT, content_hash TEXT, "
    "weights_version INTEGER NOT NULL, PRIMARY KEY (profile, run_date, content_hash)) WITHOUT ROWID",
    *retention_terms.SCHEMA,
)


def bring_up(db: Database, out: Path) -> None:
    """Make the tables, or bring those of an earlier version up; then note which parts have reached the disk."""
    for statement in _FIRST:
        db.execute(statement)
    if not _has_flag(db):
        db.execute("ALTER TABLE calls ADD COLUMN published INTEGER NOT NULL DEFAULT 0")
    for statement in _THEN:
        db.execute(statement)
    published_calls.note_standing(db, out)


def _has_flag(db: Database) -> bool:
    """Tell whether rows say that they are published; those of the first version do not."""
    return "published" in {name for _, name, *_ in db.rows("PRAGMA table_info(calls)")}
