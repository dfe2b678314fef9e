"""Between audit and publishing: what failed goes to quarantine, its sentences are unplaced, all is audited again.

Passages stay whole: a failing passage, or a passage of a failing topic, keeps its sentence and loses its place.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.tasks.config.profile import UNPLACED
from nightdesk.tasks.errors import AuditFailed
from nightdesk.tasks.tables.audit import AuditReport
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.derived_columns import extent, recount, unplaced

Rows = list[dict[str, Any]]
Tables = dict[str, pa.Table]
Audit = Callable[[str, pa.Table, Mapping[str, pa.Array], Mapping[str, Any]], AuditReport]
_ROUNDS = 3  # a topic's failure makes passages unplaced, which may empty another row's counts; then it must be clean


@dataclass(frozen=True, slots=True)
class Cleared:
    """Tables that passed, `quarantine` among them, and the reports of the first audit."""

    tables: Tables
    reports: tuple[AuditReport, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """What the tables are of their documents: all of them, or a slice, of which the rest stands already.

    context: (table, tables, categories) -> columns and values that its audit needs. derived: (topics, documents,
    passages) -> topics and documents as they follow from the passages, after some of these have lost their place.
    """

    context: Callable[[str, Tables, list[str]], tuple[dict[str, pa.Array], dict[str, Any]]]
    derived: Callable[[Rows, Rows, Rows], tuple[Rows, Rows]]


def clear(tables: Tables, categories: list[str], run_id: str, audit: Audit, scope: Scope | None = None) -> Cleared:
    """Audit passages, topics, documents, calls and judgements together. scope: left out if documents are whole.

    Raises:
        AuditFailed: a table expectation failed, or rows still fail after they were taken out.
    """
    scope = scope or Scope(whole_context, _derived)
    quarantine: Rows = []
    first: tuple[AuditReport, ...] = ()
    for _ in range(_ROUNDS):
        reports = [audit(name, table, *scope.context(name, tables, categories)) for name, table in tables.items()]
        first = first or tuple(reports)
        for r in reports:
            if r.whole or (r.table == "documents" and r.rows):
                failed = "; ".join(r.whole) or "; ".join(sorted(set(r.rows.values())))
                raise AuditFailed(f"table {r.table}: {failed}; the batch is withheld, nothing of it was published")
        failing = [r for r in reports if r.rows]
        if not failing:
            return Cleared({**tables, "quarantine": contract("quarantine").build(quarantine)}, first)
        for r in failing:
            quarantine += _quarantined(tables[r.table], r, run_id)
        tables = _taken_out(tables, {r.table: r.rows for r in failing}, scope)
    raise AuditFailed("rows still fail after they were taken out; the batch is withheld, nothing of it was published")


def whole_context(name: str, tables: Tables, categories: list[str]) -> tuple[dict[str, pa.Array], dict[str, Any]]:
    """Return the columns and values that the audit of a table needs from the other tables, if documents are whole."""
    passages, topics, documents = tables["passages"], tables["topics"], tables["documents"]
    if name == "passages":
        # As a column, because Great Expectations copies the values of a set hundreds of times.
        stands = pc.or_(
            pc.is_in(passages["topic_id"], topics["topic_id"].combine_chunks()), passages["topic_id"].is_null()
        )
        sentences = pc.sum(documents["sentences"], min_count=0).as_py()
        at = pc.index_in(passages["doc_id"], documents["doc_id"].combine_chunks())
        lengths = pc.fill_null(documents["sentences"].take(at), 0).combine_chunks()
        extra = {"document_sentences": lengths, "topic_stands": stands}
        return extra, {"categories": [*categories, UNPLACED], "sentences": sentences}
    if name == "topics":
        return {"span_sentences": in_spans(topics, passages)}, {}
    return {}, {}


def in_spans(topics: pa.Table, passages: pa.Table) -> pa.Array:
    """Count for each topic the sentences of it that stand in one of its spans."""
    spans = topics["spans"].combine_chunks()
    flat = spans.flatten()
    first, last = (np.asarray(flat.field(name), np.int64) for name in ("first", "last"))
    owner = np.asarray(pc.list_parent_indices(spans), np.int64)
    of = pc.index_in(passages["topic_id"], topics["topic_id"].combine_chunks())
    placed = pc.is_valid(of)
    topic = np.asarray(of.filter(placed), np.int64)
    position = np.asarray(passages["position"].filter(placed), np.int64)
    far = max(int(position.max(initial=0)), int(last.max(initial=0))) + 2
    key = np.sort(topic * far + position)
    # Sentences up to the end of a span, less those before it; what spans of a topic share counts once.
    order = np.lexsort((first, owner))
    owner = owner[order]
    begins, ends = owner * far + first[order], owner * far + last[order]
    begins[1:] = np.maximum(begins[1:], np.maximum.accumulate(ends)[:-1] + 1)
    inside = np.searchsorted(key, ends, "right") - np.searchsorted(key, begins, "left")
    return pa.array(np.bincount(owner, np.maximum(inside, 0), len(topics)).astype(np.int32), pa.int32())


def _quarantined(table: pa.Table, report: AuditReport, run_id: str) -> list[dict[str, Any]]:
    rows = []
    for index, expectation in sorted(report.rows.items()):
        row = table.slice(index, 1).to_pylist()[0]
        text = json.dumps(row, ensure_ascii=False, default=str, sort_keys=True)
        rows.append(
            {
                "table": report.table,
                "row": text,
                "expectation": expectation,
                "doc_id": row.get("doc_id"),
                "run_id": run_id,
            }
        )
    return rows


def _taken_out(tables: Tables, failing: Mapping[str, Mapping[int, str]], scope: Scope) -> Tables:
    """Take failing rows out of their tables; sentences lose their place instead, and the counts follow."""
    rows = {name: table.to_pylist() for name, table in tables.items() if name in ("passages", "topics", "documents")}
    result = dict(tables)
    for name in failing.keys() - {"passages", "topics"}:
        keep = pa.array([i not in failing[name] for i in range(len(tables[name]))])
        result[name] = tables[name].filter(keep)
    lost_topics = {rows["topics"][i]["topic_id"]: why for i, why in failing.get("topics", {}).items()}
    for i, passage in enumerate(rows["passages"]):
        why = failing.get("passages", {}).get(i) or lost_topics.get(passage["topic_id"])
        if why:
            passage.update(unplaced(f"failed the audit: {why}"))
    topics = [t for t in rows["topics"] if t["topic_id"] not in lost_topics]
    topics, documents = scope.derived(topics, rows["documents"], rows["passages"])
    result["passages"] = contract("passages").build(rows["passages"])
    result["topics"] = contract("topics").build(topics)
    result["documents"] = contract("documents").build(documents)
    return result


def _derived(topics: Rows, documents: Rows, passages: Rows) -> tuple[Rows, Rows]:
    by_topic: dict[str, list[int]] = {}
    for passage in passages:
        by_topic.setdefault(passage["topic_id"], []).append(passage["position"])
    topics = [{**t, **extent(by_topic[t["topic_id"]])} for t in topics if t["topic_id"] in by_topic]
    return topics, recount(documents, passages, topics)
