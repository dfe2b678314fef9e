"""Rows of a tail: what its sentences are filed under, as they belong into passages_open, and what is called anew."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.reading.sentences import Spoken
from nightdesk.tasks.tables.contracts import contract

Renamed = Mapping[str, tuple[str, str]]  # topic_id -> (topic_id, title)


class FiledAs(NamedTuple):
    """What a sentence is filed under. reason: why it is unplaced."""

    topic_id: str | None
    topic: str | None
    category: str
    confidence: float | None = None
    reason: str | None = None


class Written(NamedTuple):
    """What stands in every row: the run, and the model that has filed it."""

    run_id: str
    model: str


def no_rows() -> pa.Table:
    """Return a table of no rows."""
    return contract("passages").schema.empty_table()


def rows_of(doc_id: str, start: int, said: Sequence[Spoken], filed: Sequence[FiledAs], by: Written) -> pa.Table:
    """Return the rows of sentences, of which the first stands at position `start`."""
    count = len(said)
    columns: dict[str, list[Any]] = {
        "doc_id": [doc_id] * count,
        "position": list(range(start, start + count)),
        "sentence_id": [s.id for s in said],
        "text": [s.text for s in said],
        "start_s": [s.start for s in said],
        "end_s": [s.end for s in said],
        "speaker": [s.speaker for s in said],
        "chunk_id": [f"{doc_id}/open"] * count,
        "topic_id": [f.topic_id for f in filed],
        "topic": [f.topic for f in filed],
        "category": [f.category for f in filed],
        "reason": [f.reason for f in filed],
        "confidence": [f.confidence for f in filed],
        "organizer_model": [by.model if f.reason is None else None for f in filed],
        "run_id": [by.run_id] * count,
    }
    return pa.Table.from_pydict(columns, schema=contract("passages").schema)


def rename_rows(rows: pa.Table, names: Renamed) -> pa.Table:
    """Return rows in which topics are called by other ids and titles."""
    for old in set(rows["topic_id"].unique().to_pylist()) & names.keys():
        here = pc.fill_null(pc.equal(rows["topic_id"], old), False)
        for column, value in zip(("topic_id", "topic"), names[old], strict=True):
            at = rows.schema.get_field_index(column)
            rows = rows.set_column(at, rows.schema.field(column), pc.if_else(here, value, rows[column]))
    return rows


def rename(filed: FiledAs, names: Renamed) -> FiledAs:
    """Return what a sentence is filed under, its topic called by another id and title if it has one."""
    if filed.topic_id is None or filed.topic_id not in names:
        return filed
    its, title = names[filed.topic_id]
    return filed._replace(topic_id=its, topic=title)


def renamed_by(settled: Settled, provisional: Mapping[int, str | None]) -> dict[str, tuple[str, str]]:
    """Return what topics of a tail are called now. provisional: position -> topic, of sentences that are settled now.

    A provisional topic goes on as the settled one that has most of its settled sentences.
    """
    titles: dict[str, str] = {row["topic_id"]: row["title"] for row in settled.topics}
    titles |= {row["topic_id"]: row["topic"] for row in settled.passages if row["topic_id"] is not None}
    went: dict[str, Counter[str]] = {}
    for row in settled.passages:
        topic = provisional.get(row["position"])
        if topic is not None and row["topic_id"] is not None:
            went.setdefault(topic, Counter())[row["topic_id"]] += 1
    names = {topic: (topic, title) for topic, title in titles.items()}
    for topic, where in went.items():
        its = where.most_common(1)[0][0]
        names[topic] = (its, titles[its])
    for later, earlier in settled.merged.items():
        if earlier in titles:
            names |= {t: (earlier, titles[earlier]) for t in (later, *(t for t, n in names.items() if n[0] == later))}
    return names
