"""The rows of documents of streams as they stand once their day is over.

Merged topics are one, titles agree, and a document's hash is that of its sentences, as a night makes it: while the day
is open, it is chained from sentence to sentence, because the document is never read as a whole then.
"""

import logging
from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.tasks.reading.documents import content_hash
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.derived_columns import extent, recount, unplaced
from nightdesk.tasks.tables.quarantine import Rows, Tables

_LOST = "{} sentences or topics of it were lost with a part of the tables that could not be read"
log = logging.getLogger("nightdesk")


def closed(tables: Tables) -> tuple[Tables, int]:
    """Return all rows of some documents as they stand in the end, and how many topics were merged into earlier ones.

    A topic is merged into another one of its document if it is an alias of that.
    """
    topics = tables["topics"].to_pylist()
    into = _merged(topics)
    if into:
        tables = {**tables, "passages": _moved(tables["passages"], into)}
        topics = _joined(topics, into, tables["passages"])
        gone = Counter(doc_id for doc_id, _ in into)
        rows = tables["documents"].to_pylist()
        rows = [{**row, "topics": row["topics"] - gone[row["doc_id"]]} for row in rows]
        tables |= {"topics": contract("topics").build(topics), "documents": contract("documents").build(rows)}
    tables = {**tables, "passages": _titled(tables["passages"], topics)}
    return _hashed(_as_far_as_whole(tables)), len(into)


def _merged(topics: Rows) -> dict[tuple[str, str], str]:
    """Return (doc_id, topic_id) of topics that are a part of another one -> the id of that, which is none of these."""
    standing = {(t["doc_id"], t["topic_id"]) for t in topics}
    direct = {
        (t["doc_id"], alias): t["topic_id"]
        for t in topics
        for alias in t["aliases"] or ()
        if alias != t["topic_id"] and (t["doc_id"], alias) in standing
    }
    ends = ((key, _end(direct, key)) for key in direct)
    return {key: end for key, end in ends if end is not None}


def _end(direct: dict[tuple[str, str], str], key: tuple[str, str]) -> str | None:
    """Follow aliases to the topic that is none; None if they lead in a circle, so that no topic is the earlier one."""
    doc_id, topic_id = key
    seen = {topic_id}
    while (topic_id := direct[doc_id, topic_id]) not in seen:
        if (doc_id, topic_id) not in direct:
            return topic_id
        seen.add(topic_id)
    return None


def _moved(passages: pa.Table, into: dict[tuple[str, str], str]) -> pa.Table:
    """Give the passages of merged topics the id of the topic that these are a part of."""
    now = {topic_id: its for (_, topic_id), its in into.items()}  # ids of topics begin with those of their documents
    at = pc.index_in(passages["topic_id"], pa.array(list(now), pa.string()))
    moved = pa.array(list(now.values()), pa.string()).take(at.combine_chunks())
    return _with(passages, "topic_id", pc.coalesce(moved, passages["topic_id"].combine_chunks()))


def _joined(topics: Rows, into: dict[tuple[str, str], str], passages: pa.Table) -> Rows:
    """Return the topics that stay, each with what the topics that were merged into it bring along."""
    parts_of: dict[tuple[str, str], Rows] = {}
    for topic in topics:
        its = into.get((topic["doc_id"], topic["topic_id"]))
        if its is not None:
            parts_of.setdefault((topic["doc_id"], its), []).append(topic)
    left = []
    for topic in topics:
        key = topic["doc_id"], topic["topic_id"]
        if key in into:
            continue
        if its_parts := parts_of.get(key):
            names = [name for t in its_parts for name in (t["topic_id"], *(t["aliases"] or ()))]
            positions = passages.filter(pc.equal(passages["topic_id"], topic["topic_id"]))["position"].to_pylist()
            topic |= {
                "merged_from": [*topic["merged_from"], *(m for t in its_parts for m in t["merged_from"])],
                "aliases": [a for a in dict.fromkeys([*(topic["aliases"] or ()), *names]) if a != topic["topic_id"]],
                **extent(positions),
            }
        left.append(topic)
    return left


def _titled(passages: pa.Table, topics: Rows) -> pa.Table:
    """Give every passage the title that its topic has now; a title changes where topics are merged."""
    at = pc.index_in(passages["topic_id"], pa.array([t["topic_id"] for t in topics], pa.string())).combine_chunks()
    titles = pa.array([t["title"] for t in topics], pa.string()).take(at)
    return _with(passages, "topic", titles)


def _as_far_as_whole(tables: Tables) -> Tables:
    """Make the counts of documents right of which a part was set aside because it could not be read."""
    passages, topics, documents = (tables[name] for name in ("passages", "topics", "documents"))
    sentences = {v["values"]: v["counts"] for v in pc.value_counts(passages["doc_id"]).to_pylist()}
    stands = pc.is_in(passages["topic_id"], topics["topic_id"].combine_chunks())
    lost = passages.filter(pc.and_(pc.invert(stands), passages["topic_id"].is_valid()))
    without_topic = Counter(lost["doc_id"].to_pylist())
    rows = documents.to_pylist()
    torn = {
        row["doc_id"]: row["sentences"] - sentences.get(row["doc_id"], 0) + without_topic[row["doc_id"]] for row in rows
    }
    torn = {doc_id: n for doc_id, n in torn.items() if n}
    if not torn:
        return tables
    return _mended(passages.to_pylist(), topics.to_pylist(), rows, torn)


def _mended(passages: Rows, topics: Rows, documents: Rows, torn: dict[str, int]) -> Tables:
    standing = {t["topic_id"] for t in topics}
    positions: dict[str, list[int]] = {}
    for p in passages:
        if p["topic_id"] is not None and p["topic_id"] not in standing:
            p.update(unplaced("its topic was lost with a part of the tables that could not be read"))
        positions.setdefault(p["topic_id"], []).append(p["position"])
    topics = [
        {**t, **extent(positions[t["topic_id"]])} if t["doc_id"] in torn else t
        for t in topics
        if t["doc_id"] not in torn or t["topic_id"] in positions
    ]
    counted = {d["doc_id"]: d for d in recount([d for d in documents if d["doc_id"] in torn], passages, topics)}
    for doc_id, row in counted.items():
        log.warning("%s: %s", doc_id, _LOST.format(torn[doc_id]))
        row["sentences"] = row["placed"] + row["unplaced"]
        row["reason"] = "; ".join(filter(None, [row["reason"], _LOST.format(torn[doc_id])]))
    documents = [counted.get(d["doc_id"], d) for d in documents]
    return {
        "passages": contract("passages").build(passages),
        "topics": contract("topics").build(topics),
        "documents": contract("documents").build(documents),
    }


def _hashed(tables: Tables) -> Tables:
    """Give documents the hash of their ids and sentences; one that has lost some of these keeps what it has."""
    passages, documents = tables["passages"], tables["documents"]
    hashes = []
    for row in documents.select(["doc_id", "sentences", "content_hash"]).to_pylist():
        its = passages.filter(pc.equal(passages["doc_id"], row["doc_id"])).sort_by("position")
        is_whole = its["position"].to_pylist() == list(range(1, row["sentences"] + 1))
        columns = (its[name].to_pylist() for name in ("sentence_id", "text"))
        hashes.append(content_hash(*columns) if is_whole else row["content_hash"])
    return {**tables, "documents": _with(documents, "content_hash", pa.array(hashes, pa.string()))}


def _with(table: pa.Table, column: str, values: Any) -> pa.Table:
    return table.set_column(table.schema.get_field_index(column), table.schema.field(column), values)
