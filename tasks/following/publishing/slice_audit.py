"""The audit of a round: the contracts of passages, topics and documents, asked of a slice of documents.

What stands of a topic and a document in earlier parts is known from the journal, so nothing of it is read. What fails
goes to quarantine, and its sentences are filed unplaced (tables/quarantine.py). Where that is not enough for a
document, all its sentences of the round are filed unplaced, so that a stream goes on.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.tasks.config.profile import UNPLACED
from nightdesk.tasks.errors import AuditFailed
from nightdesk.tasks.following.publishing.held_rounds import Filed, HeldDocument, Refused
from nightdesk.tasks.following.publishing.spans import columns_of, cut_before, joined, without
from nightdesk.tasks.tables.audit import AuditReport
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.derived_columns import extent, unplaced
from nightdesk.tasks.tables.quarantine import Audit, Cleared, Rows, Scope, Tables, clear, in_spans, whole_context


@dataclass(frozen=True, slots=True)
class ClearedRound:
    """Tables of a round that passed, `quarantine` among them; the reports of the first audit; what became of each."""

    tables: Tables
    reports: Sequence[AuditReport]
    filed: Sequence[Filed]


def cleared(documents: Sequence[HeldDocument], categories: Sequence[str], run_id: str, audit: Audit) -> ClearedRound:
    """Audit what a round has of its documents.

    Raises:
        AuditFailed: sentences are missing or doubled, or a document fails although all of it is unplaced.
        PublishError: the process that audits is gone.
    """
    for held in documents:
        _check_whole(held)
    try:
        all_of_it = [_clear(documents, categories, run_id, audit)]
    except AuditFailed:  # of one document, say: it must not keep the others
        all_of_it = [_clear_alone(held, categories, run_id, audit) for held in documents]
    names = ("topics", "passages", "documents", "quarantine")
    tables = {name: pa.concat_tables([its.tables[name] for its in all_of_it]) for name in names}
    reports = [report for its in all_of_it for report in its.reports]
    return ClearedRound(tables, reports, _filed(documents, tables))


def _check_whole(held: HeldDocument) -> None:
    its = held.settled
    if [p["position"] for p in its.passages] != list(range(its.first, its.last + 1)):
        raise AuditFailed(f"{its.doc_id}: its sentences {its.first} to {its.last} are not each there once, in order")


def _clear(documents: Sequence[HeldDocument], categories: Sequence[str], run_id: str, audit: Audit) -> Cleared:
    by_id = {held.settled.doc_id: held for held in documents}
    rows: dict[str, Rows] = {"passages": [], "topics": [], "documents": []}
    for held in documents:
        rows["passages"] += [{**p, "run_id": run_id} for p in held.settled.passages]
        rows["topics"] += [{**t, "run_id": run_id} for t in _topics(held)]
        rows["documents"].append({**_document(held), "run_id": run_id})
    before = {topic: n for held in documents for topic, n in held.before.items()}

    def context(name: str, tables: Tables, names: list[str]) -> tuple[dict[str, pa.Array], dict[str, Any]]:
        extra, values = whole_context(name, tables, names)
        if name == "passages":
            values["sentences"] = sum(held.settled.last - held.settled.first + 1 for held in documents)
        if name == "topics":
            earlier = pa.array([before.get(t, 0) for t in tables["topics"]["topic_id"].to_pylist()], pa.int32())
            extra["span_sentences"] = pc.add(in_spans(tables["topics"], tables["passages"]), earlier)
        return extra, values

    def derived(topics: Rows, docs: Rows, passages: Rows) -> tuple[Rows, Rows]:
        its_topics: dict[str, Rows] = {doc_id: [] for doc_id in by_id}
        for topic in topics:
            its_topics[topic["doc_id"]].append(topic)
        its_passages: dict[str, Rows] = {doc_id: [] for doc_id in by_id}
        for passage in passages:
            its_passages[passage["doc_id"]].append(passage)
        left = {d: _shrunk(by_id[d], its_topics[d], its_passages[d]) for d in by_id}
        counted = [_recounted(by_id[d["doc_id"]], d, left[d["doc_id"]], its_passages[d["doc_id"]]) for d in docs]
        return [topic for d in by_id for topic in left[d]], counted

    tables = {name: contract(name).build(of) for name, of in rows.items()}
    return clear(tables, list(categories), run_id, audit, Scope(context, derived))


def _clear_alone(held: HeldDocument, categories: Sequence[str], run_id: str, audit: Audit) -> Cleared:
    try:
        return _clear([held], categories, run_id, audit)
    except AuditFailed as e:
        its, why = held.settled, unplaced(f"failed the audit: {e}")
        document = {**its.document, "topics": its.document["topics"] - _new(held, its.topics)}
        lost = sum(p["category"] != UNPLACED for p in its.passages)
        document |= {"placed": document["placed"] - lost, "unplaced": document["unplaced"] + lost}
        passages = [{**p, **why} for p in its.passages]
        emptied = replace(its, passages=passages, topics=[], document=document)
        return _clear([replace(held, settled=emptied)], categories, run_id, audit)


def _topics(held: HeldDocument) -> Rows:
    """Return the topics of a document without the sentences that earlier audits have made unplaced."""
    gone: dict[str, list[int]] = {}
    for position, refused in held.refused.items():
        gone.setdefault(refused.topic_id, []).append(position)
    rows = []
    for topic in held.settled.topics:
        row = dict(topic)
        row["aliases"] = _aliases(row, held.settled.merged)
        if row["topic_id"] in gone:
            spans = without(row["spans"], gone[row["topic_id"]])
            if not spans:
                continue
            row |= columns_of(spans)
        rows.append(row)
    return rows


def _aliases(topic: Mapping[str, Any], merged: Mapping[str, str]) -> list[str] | None:
    """Return the aliases of a topic; what is merged into it is one, because the end of the day goes by that."""
    aliases = dict.fromkeys(topic["aliases"] or ())
    aliases |= dict.fromkeys(later for later, earlier in merged.items() if earlier == topic["topic_id"])
    return list(aliases) or None


def _document(held: HeldDocument) -> dict[str, Any]:
    """Return a document's row without what earlier audits have taken out."""
    lost = sum(refused.was_placed for refused in held.refused.values())
    row = dict(held.settled.document)
    row |= {"placed": row["placed"] - lost, "unplaced": row["unplaced"] + lost, "topics": row["topics"] - held.never}
    return row


def _shrunk(held: HeldDocument, topics: Rows, passages: Rows) -> Rows:
    """Return the topics of a document as they follow from its passages, and from what stands of them."""
    positions: dict[str, list[int]] = {}
    for passage in passages:
        positions.setdefault(passage["topic_id"], []).append(passage["position"])
    left = []
    for topic in topics:
        now = positions.get(topic["topic_id"])
        spans = joined(cut_before(topic["spans"], held.settled.first), extent(now)["spans"] if now else [])
        if spans:
            left.append({**topic, **columns_of(spans)})
    return left


def _recounted(held: HeldDocument, document: dict[str, Any], topics: Rows, passages: Rows) -> dict[str, Any]:
    """Return a document's row as it follows from its passages and topics of the round, and from what stands."""
    was, before = _document(held), Counter(p["category"] == UNPLACED for p in held.settled.passages)
    lost = before[False] - sum(p["category"] != UNPLACED for p in passages)
    gone = _new(held, held.settled.topics) - _new(held, topics)
    counts = {"placed": was["placed"] - lost, "unplaced": was["unplaced"] + lost, "topics": was["topics"] - gone}
    return {**document, **counts}


def _new(held: HeldDocument, topics: Sequence[Mapping[str, Any]]) -> int:
    return sum(t["topic_id"] not in held.standing for t in topics)


def _filed(documents: Sequence[HeldDocument], tables: Tables) -> list[Filed]:
    """Return what became of each document, by comparing what was held with what passed."""
    columns = ("doc_id", "position", "topic_id", "category")
    now = {
        (doc_id, position): (topic_id, category)
        for doc_id, position, topic_id, category in zip(
            *(tables["passages"][c].to_pylist() for c in columns), strict=True
        )
    }
    passed = set(tables["topics"]["topic_id"].to_pylist())
    filed = []
    for held in documents:
        its = held.settled
        topics = {t["topic_id"]: 0 for t in its.topics if t["topic_id"] in passed}
        refused: dict[int, Refused] = {}
        for p in its.passages:
            topic_id, category = now[its.doc_id, p["position"]]
            if topic_id is not None:
                topics[topic_id] += 1
            lost = Refused(p["topic_id"] or "", category != p["category"])
            if topic_id != p["topic_id"] or lost.was_placed:
                refused[p["position"]] = lost
        failed = [t["topic_id"] for t in its.topics if t["topic_id"] not in passed]
        filed.append(Filed(its.doc_id, its.last, topics, failed, refused))
    return filed
