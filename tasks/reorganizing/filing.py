"""Filing: what the roles said of a batch -> rows of passages, topics and documents. Every sentence is in one row."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Any

import pyarrow as pa

from nightdesk.tasks.reorganizing.document_state import Batch, JoinedTopic, Lost, Work
from nightdesk.tasks.roles.relationship_checker import Topic
from nightdesk.tasks.roles.topic_finder import LONGEST_TITLE
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.derived_columns import extent, recount, unplaced

TAKEN_UP = 3  # nights that take up again what models failed on, or what dollars did not reach for
REPLACED = "characters that could not be read became U+FFFD"
_LEFT_OUT = "the answer left this sentence out"

Rows = list[dict[str, Any]]


def topic_id(work: Work, number: int) -> str:
    """Return the id of the number-th story of a document (from 1)."""
    return f"{work.document.doc_id}/t{number:04d}"


def file_batch(
    batch: Batch,
    stories: Mapping[str, Sequence[JoinedTopic]],
    links: Mapping[str, tuple[str, bytes]],
    run_id: str,
    profile: str,
) -> dict[str, pa.Table]:
    """Make the tables of a batch.

    stories: doc_id -> its stories in order of appearance. links: topic_id -> (story_id, vector).
    """
    passages: Rows = []
    topics: Rows = []
    documents: Rows = []
    for work in batch.works:
        its = stories[work.document.doc_id]
        passages += _passages(work, its, run_id)
        topics += _topics(work, its, links, run_id)
        documents.append(_document(work, run_id, profile))
    for bad in batch.unreadable:
        documents.append(
            {"doc_id": bad.doc_id, "source": bad.source, "sentences": 0, "status": "unreadable", "reason": bad.reason}
            | {"failed": 0, "unpaid": 0, "taken_up": [], "profile": profile, "run_id": run_id}
        )
    rows = {"passages": passages, "topics": topics, "documents": recount(documents, passages, topics)}
    return {name: contract(name).build(table) for name, table in rows.items()}


def titles_of(work: Work, stories: Sequence[JoinedTopic]) -> list[str]:
    """Return a title for each story of a document, no two alike: its lead's, else another member's, else numbered.

    Finders name the topics of one chunk at a time, and do not see what the topics of the others are called.
    """
    titles: dict[str, None] = {}
    numbers: dict[str, Iterator[int]] = defaultdict(lambda: count(2))  # those of a title that were not tried yet
    for story in stories:
        named = [work.lead(story).title, *(work.found[chunk][topic].title for chunk, topic in story.members)]
        short = named[0][: LONGEST_TITLE - 8].rstrip()
        numbered = (f"{short} ({k})" for k in numbers[short])
        titles[next(t for t in chain(named, numbered) if t not in titles)] = None
    return list(titles)


def _passages(work: Work, stories: Sequence[JoinedTopic], run_id: str) -> Rows:
    number: dict[Topic, int] = {s.root: k for k, s in enumerate(stories, 1)}
    titles = titles_of(work, stories)
    rows = []
    for position, k in work.owned():
        row: dict[str, Any] = {
            "doc_id": work.document.doc_id,
            "position": position + 1,
            "sentence_id": work.document.ids[position],
            "text": work.document.texts[position],
            **work.document.said(position),
            "chunk_id": work.chunks[k].chunk_id,
            "run_id": run_id,
        }
        filed, lost = work.filed[k].get(position), _lost(work, position, k)
        if lost is not None:
            row |= unplaced(lost.reason)
        if position in work.placed[k]:
            n = number[work.joined[k, work.placed[k][position]]]
            row |= {"topic_id": topic_id(work, n), "topic": titles[n - 1]}
            if filed is not None:
                row |= {"category": filed.category, "confidence": filed.confidence}
        row["organizer_model"] = filed.model if filed else None
        rows.append(row)
    return rows


def _topics(work: Work, stories: Sequence[JoinedTopic], links: Mapping[str, tuple[str, bytes]], run_id: str) -> Rows:
    rows = []
    titles = titles_of(work, stories)
    for number, story in enumerate(stories, 1):
        lead = work.lead(story)
        story_id, vector = links[topic_id(work, number)]
        rows.append(
            {
                "doc_id": work.document.doc_id,
                "topic_id": topic_id(work, number),
                "title": titles[number - 1],
                **extent([p + 1 for p in story.positions]),
                "merged_from": [f"{work.chunks[k].chunk_id}/t{t + 1}" for k, t in story.members],
                "story_id": story_id,
                "vector": vector,
                "finder_model": lead.model,
                "run_id": run_id,
            }
        )
    return rows


def _lost(work: Work, position: int, chunk: int) -> Lost | None:
    """Return why a sentence has no place; None if it has one."""
    if position not in work.placed[chunk]:
        return work.not_located.get(chunk, Lost(f"topic_locator: {_LEFT_OUT}"))
    if position not in work.filed[chunk]:
        return work.not_organized.get(chunk, Lost(f"content_organizer: {_LEFT_OUT}"))
    return None


def _document(work: Work, run_id: str, profile: str) -> dict[str, Any]:
    d = work.document
    lost = [why for position, k in work.owned() if (why := _lost(work, position, k)) is not None]
    failed, unpaid = (sum(why.cause == cause for why in lost) for cause in ("models", "budget"))
    notes = [f"{d.replaced} {REPLACED}"] if d.replaced else []
    if (failed or unpaid) and len(work.taken_up) >= TAKEN_UP:
        first = next(why.reason for why in lost if why.cause in ("models", "budget"))
        notes.append(
            f"given up, since {failed + unpaid} sentences still have no place after it was taken up again on "
            f"{', '.join(work.taken_up)}: {first}"
        )
    return {
        "doc_id": d.doc_id,
        "source": d.source,
        "title": d.title,
        "content_hash": d.content_hash,
        "language": d.language,
        "sentences": len(d.texts),
        "failed": failed,
        "unpaid": unpaid,
        "status": "published",
        "reason": "; ".join([*notes, *dict.fromkeys(work.notes)]) or None,
        "taken_up": list(work.taken_up),
        "profile": profile,
        "weights_version": work.weights_version,
        "run_id": run_id,
    }
