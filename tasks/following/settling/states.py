"""States of streams' documents in the journal: begun, loaded, and saved a round at a time."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.following.settling.closing import Closed
from nightdesk.tasks.following.settling.open_topics import SILENT, OpenTopic
from nightdesk.tasks.following.settling.shelf import Shelf
from nightdesk.tasks.following.settling.stream_state import StreamState

_PLAIN = ("source", "title", "weights_version", "language", "content_hash", "unplaced", "failed", "unpaid", "begun",
          "replaced", "notes", "unasked")  # fmt: skip


def begin(db: Database, doc_id: str, source: str, title: str | None, weights_version: int) -> StreamState:
    """Return the state of a document of which nothing is settled."""
    return StreamState(doc_id, source, title, weights_version, Shelf(db, doc_id))


def load(db: Database, doc_id: str) -> StreamState | None:
    """Return a document's state as it was saved last; None if it never was.

    Raises:
        StoreError: the journal cannot be read.
    """
    rows = db.rows("SELECT value FROM states WHERE doc_id = ?", [doc_id])
    if not rows:
        return None
    value: dict[str, Any] = json.loads(rows[0][0])
    state = StreamState(doc_id=doc_id, shelf=Shelf(db, doc_id), **{name: value[name] for name in _PLAIN})
    state.closed = Closed(*value["closed"])
    state.placed = {int(position): number for position, number in value["placed"].items()}
    state.topic_of = {int(number): topic for number, topic in value["topic_of"].items()}
    query = "SELECT topic_id, vector, last, CASE WHEN last > ? THEN value END FROM stream_topics "
    where = "WHERE doc_id = ? AND part_of IS NULL ORDER BY number"
    for topic_id, vector, _, its in db.rows(query + where, [state.settled - SILENT, doc_id]):
        state.vectors.put(topic_id, bytes(vector))
        if its is not None:
            state.topics[topic_id] = OpenTopic(**json.loads(its), vector=bytes(vector))
    return state


def save(db: Database, states: Iterable[StreamState]) -> None:
    """Write what has changed of some states, within the caller's transaction; once that stands, call their saved().

    Raises:
        StoreError: the journal cannot be written.
    """
    for state in states:
        value = {name: getattr(state, name) for name in _PLAIN} | {
            "closed": list(asdict(state.closed).values()),
            "placed": state.placed,
            "topic_of": state.topic_of,
        }
        db.execute("INSERT OR REPLACE INTO states VALUES (?, ?)", [state.doc_id, _json(value)])
        db.executemany(
            "INSERT INTO stream_names VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = excluded.count",
            [(state.doc_id, name, count) for name, count in state.shelf.counts.items()],
        )
        db.executemany(
            "INSERT INTO stream_topics VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?) ON CONFLICT DO UPDATE SET "
            "title = excluded.title, vector = excluded.vector, last = excluded.last, value = excluded.value",
            [_topic(state.doc_id, topic) for topic in state.changed.values()],
        )
        db.executemany(
            "UPDATE stream_topics SET part_of = ? WHERE doc_id = ? AND topic_id = ?",
            [(earlier, state.doc_id, later) for later, earlier in state.merged.items()],
        )


def _topic(doc_id: str, topic: OpenTopic) -> tuple[Any, ...]:
    value = asdict(topic)
    vector = value.pop("vector")
    return doc_id, topic.topic_id, topic.first, topic.story_id, topic.title, vector, topic.last, _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
