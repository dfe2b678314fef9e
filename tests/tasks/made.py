"""Documents, their work and their tables, made by the product's own functions from a few words."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nightdesk.tasks.config.profile import Chunks
from nightdesk.tasks.reading.documents import Document, make_document
from nightdesk.tasks.reorganizing.document_state import Batch, Filed, FoundTopic, TopicLink, Unreadable, Work
from nightdesk.tasks.reorganizing.filing import file_batch
from nightdesk.tasks.reorganizing.ids.kept import name_topics
from nightdesk.tasks.reorganizing.stories import pack
from nightdesk.tasks.roles.chunk_splitter import split_document
from nightdesk.tasks.roles.relationship_checker import stitch
from nightdesk.tasks.tables import publish
from nightdesk.tasks.tables.contracts import contract

DAY = date(2026, 3, 1)
CATEGORIES = ("facts", "opinions", "assumptions", "future_plans")
DEFAULT_CHUNKS = Chunks()

Row = dict[str, Any]


def document(doc_id: str, texts: Sequence[str] | int) -> Document:
    """Make a document of some sentences, or of so many."""
    if isinstance(texts, int):
        texts = [f"Sentence {k} of {doc_id}." for k in range(1, texts + 1)]
    return make_document(doc_id, f"/in/{doc_id}.txt", [(str(k), t) for k, t in enumerate(texts, 1)])


def work(doc: Document, topic_length: int = 3, size: Chunks = DEFAULT_CHUNKS) -> Work:
    """Take a document through the roles: a topic every so many sentences, categories by turns."""
    w = Work(doc, weights_version=0, chunks=split_document(doc.doc_id, doc.texts, size))
    for chunk in w.chunks:
        topics = sorted({p // topic_length for p in range(chunk.start, chunk.end)})
        w.found.append(tuple(FoundTopic(f"Topic {t} of {doc.doc_id}", (1,), "static") for t in topics))
        w.placed.append({p: topics.index(p // topic_length) for p in range(chunk.start, chunk.end)})
        w.filed.append({p: Filed(CATEGORIES[p % 4], 0.9, "static") for p in range(chunk.start, chunk.end)})
    w.joined = stitch(w.placed)
    return w


def tables(*works: Work, run_id: str = "run-1", unreadable: Sequence[Unreadable] = ()) -> dict[str, pa.Table]:
    """File what was worked on: passages, topics and documents."""
    vector = pack(np.ones(8, np.float32))
    stories = {w.document.doc_id: w.stories() for w in works}
    links = {}
    for w in works:
        d = w.document
        named = name_topics(d.doc_id, d.texts, [s.positions for s in stories[d.doc_id]])
        links[d.doc_id] = [TopicLink(t.topic_id, f"story-of-{t.topic_id}", vector) for t in named]
    return file_batch(Batch(1, list(works), list(unreadable)), stories, links, run_id, "news")


def call(call_id: str, doc_id: str = "doc", **changes: Any) -> Row:
    """Make a row of `calls`."""
    row = {
        "run_id": "run-1", "call_id": call_id, "parent_call_id": None, "decision_id": f"decision-{call_id}",
        "profile": "news", "doc_id": doc_id, "unit": f"{doc_id}/c00000", "role": "topic_finder", "language": "en",
        "model": "static", "family": "wordllama", "lane": "sync", "purpose": "serve", "served": True,
        "weights_version": 0, "eligible": ["static", "lexical"], "propensity": 0.97, "judge_propensity": 0.1,
        "answer_key": f"key-{call_id}", "from_cache": False, "valid": True, "accuracy": None, "judges": 0,
        "input_tokens": 0, "cached_tokens": 0, "output_tokens": 0, "usage_estimated": False, "cost_usd": 0.0,
        "latency_s": 0.01, "attempts": 1, "error": None, "started_at": datetime(2026, 3, 1, 2, tzinfo=UTC),
    }  # fmt: skip
    return row | changes


def calls(*rows: Row) -> pa.Table:
    """Make a table of calls."""
    return contract("calls").build(rows)


def publish_documents(out: Path, *works: Work, part: str = "run-1-1", day: date = DAY) -> None:
    """Publish works as a run would that had audited them."""
    run_id = part.rpartition("-")[0]
    publish.publish(out, day, part, tables(*works, run_id=run_id))


def parts(out: Path, table: str, day: date = DAY) -> list[Path]:
    """Return the parts of a table of one date."""
    return sorted((out / publish.table_folder(table, day)).glob("*.parquet"))


def published(out: Path, table: str, day: date = DAY) -> list[Row]:
    """Read the rows of a table of one date as a user would."""
    return [row for part in parts(out, table, day) for row in pq.ParquetFile(part).read().to_pylist()]


def files(folder: Path) -> set[str]:
    """Return every file below a folder, relative to it."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
