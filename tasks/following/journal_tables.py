"""The tables of the journal, and what leaves them with a document that is forgotten, or with a date that is over.

A module that keeps something of its own there has its SCHEMA here, and is called where that has to go.
"""

from datetime import date

from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.following.calls import choices, notes, spending
from nightdesk.tasks.following.publishing import held_rounds
from nightdesk.tasks.following.settling import stream_tables

_CLOSED_DAYS = 7  # for which it is known that a document was closed
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS cursors (source TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS documents (number INTEGER PRIMARY KEY, doc_id TEXT NOT NULL UNIQUE, "
    "stream TEXT NOT NULL, date TEXT NOT NULL, source TEXT NOT NULL, title TEXT, sentences INTEGER NOT NULL DEFAULT 0, "
    "settled INTEGER NOT NULL DEFAULT 0, published INTEGER NOT NULL DEFAULT 0, is_over INTEGER NOT NULL DEFAULT 0)",
    "CREATE TABLE IF NOT EXISTS sentences (document INTEGER NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL, "
    "text TEXT NOT NULL, start_s REAL, end_s REAL, speaker TEXT, PRIMARY KEY (document, position)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS closed (doc_id TEXT PRIMARY KEY, date TEXT NOT NULL) WITHOUT ROWID",
    *stream_tables.SCHEMA,
    *held_rounds.SCHEMA,
    *choices.SCHEMA,
    *spending.SCHEMA,
    *notes.SCHEMA,
)


def forget(db: Database, doc_id: str) -> int:
    """Remove a document; return how many of its sentences and rows there were. Called within a transaction.

    Of a stream that came from stdin, the unfinished line goes, too.

    Raises:
        StoreError: the journal cannot be written.
    """
    its = "(SELECT number FROM documents WHERE doc_id = ?)"
    count = db.execute(f"DELETE FROM sentences WHERE document = {its}", [doc_id])
    stream_tables.forget(db, doc_id)
    choices.forget(db, [doc_id])
    notes.forget(db, doc_id)
    db.execute(
        "DELETE FROM cursors WHERE source = 'stdin' AND EXISTS "
        "(SELECT 1 FROM documents WHERE doc_id = ? AND source = 'stdin')",
        [doc_id],
    )
    db.execute("DELETE FROM closed WHERE doc_id = ?", [doc_id])
    count += held_rounds.forget(db, doc_id)
    return count + db.execute("DELETE FROM documents WHERE doc_id = ?", [doc_id])


def close_date(db: Database, run_date: date) -> int:
    """Remove the documents of a date of which every sentence is published; return how many. Within a transaction.

    Raises:
        StoreError: the journal cannot be written.
    """
    day, done = run_date.isoformat(), "date = ? AND published = sentences"
    db.execute(f"DELETE FROM sentences WHERE document IN (SELECT number FROM documents WHERE {done})", [day])
    for table in (*stream_tables.TABLES, "choices"):
        db.execute(f"DELETE FROM {table} WHERE doc_id IN (SELECT doc_id FROM documents WHERE {done})", [day])
    db.execute(f"INSERT OR IGNORE INTO closed SELECT doc_id, date FROM documents WHERE {done} AND sentences > 0", [day])
    db.execute("DELETE FROM closed WHERE date < date(?, ?)", [day, f"-{_CLOSED_DAYS} days"])
    removed = db.execute(f"DELETE FROM documents WHERE {done}", [day])
    held_rounds.let_go(db, run_date)
    spending.let_go(db, run_date)
    return removed
