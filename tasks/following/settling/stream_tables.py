"""What the journal keeps of streams' documents as far as they are settled: states, topics, names of sentences.

No text but samples of topics, at most 30 sentences of each.
"""

from nightdesk.tasks.calling.answers.database import Database

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS states (doc_id TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS stream_topics (doc_id TEXT NOT NULL, topic_id TEXT NOT NULL, number INTEGER NOT NULL, "
    "story_id TEXT NOT NULL, title TEXT NOT NULL, vector BLOB NOT NULL, last INTEGER NOT NULL, part_of TEXT, "
    "value TEXT NOT NULL, PRIMARY KEY (doc_id, topic_id)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS topic_titles ON stream_topics (doc_id, title)",
    "CREATE TABLE IF NOT EXISTS stream_names (doc_id TEXT NOT NULL, digest TEXT NOT NULL, count INTEGER NOT NULL, "
    "PRIMARY KEY (doc_id, digest)) WITHOUT ROWID",
)
TABLES = ("states", "stream_topics", "stream_names")  # each with a column doc_id


def forget(db: Database, doc_id: str) -> None:
    """Remove what is known of a document.

    Raises:
        StoreError: the journal cannot be written.
    """
    for table in TABLES:
        db.execute(f"DELETE FROM {table} WHERE doc_id = ?", [doc_id])
