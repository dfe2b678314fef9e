"""Going on with what an earlier process has left in the journal: dates that were not ended, and tails of documents."""

from datetime import date
from itertools import chain
from pathlib import Path

from nightdesk.tasks.calling.answers.database import Database, look_into
from nightdesk.tasks.following.journal import Journal, StreamDocument, journal_path
from nightdesk.tasks.following.provisional.tail import LastTopic, Tails
from nightdesk.tasks.following.settling.stream_state import StreamState

_LAST_TOPICS = 8
_BEFORE = 5  # settled sentences that a tail goes on from


def open_dates(out: Path, profile: str, before: date) -> list[date]:
    """Return the dates before one that a follow has left open, the earliest first: each is to be finished first.

    For each: open_follow with that date and no sources, then finish().

    Raises:
        StoreError: the journal cannot be read.
    """
    path = journal_path(out, profile)
    if not path.exists():
        return []
    query = "SELECT DISTINCT date FROM documents WHERE date < ? ORDER BY date"

    def look(db: object) -> list[date]:
        tables = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'documents'").fetchall()  # type: ignore[attr-defined]
        rows = db.execute(query, [before.isoformat()]).fetchall() if tables else []  # type: ignore[attr-defined]
        return [date.fromisoformat(day) for (day,) in rows]

    return look_into(path, look)


def begin_tail(tails: Tails, journal: Journal, state: StreamState, document: StreamDocument) -> None:
    """Give a document's tail what it goes on from, and its sentences that are not settled."""
    settled = state.settled
    first = max(state.needed, settled - _BEFORE + 1)
    sentences = journal.sentences(document.doc_id, first)
    before = [
        (sentence.text, state.topic_of.get(state.placed.get(position - 1, -1)))
        for position, sentence in sentences
        if position <= settled
    ]
    heard = sorted(state.topics.values(), key=lambda topic: topic.last)[-_LAST_TOPICS:]
    topics = [LastTopic(topic.topic_id, topic.title, tuple(chain.from_iterable(topic.pieces))) for topic in heard]
    tails.begin(document.doc_id, settled, state.language, before, topics)
    tails.arrived(document.doc_id, settled + 1, [s for position, s in sentences if position > settled])


def settled_count(db: Database, doc_id: str, digest: str) -> int:
    """Return how many settled sentences of a document have a digest.

    Raises:
        StoreError: the journal cannot be read.
    """
    rows = db.rows("SELECT count FROM stream_names WHERE doc_id = ? AND digest = ?", [doc_id, digest])
    return int(rows[0][0]) if rows else 0
