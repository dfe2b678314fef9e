"""Filing: what the roles said of a batch -> rows of passages, topics and documents. Every sentence is in one row."""

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Any

import pyarrow as pa

from nightdesk.tasks.config.profile import UNPLACED
from nightdesk.tasks.reorganizing.document_state import Batch, JoinedTopic, Lost, TopicLink, Work
from nightdesk.tasks.roles.topic_finder import numbered, numberless
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.derived_columns import extent

TAKEN_UP = 3  # nights that take up again what models failed on, or what dollars did not reach for
REPLACED = "characters that could not be read became U+FFFD"
_LEFT_OUT = "the answer left this sentence out"
_NOT_PLACED, _NOT_FILED = Lost(f"topic_locator: {_LEFT_OUT}"), Lost(f"content_organizer: {_LEFT_OUT}")

Rows = list[dict[str, Any]]
Columns = dict[str, list[Any]]


def file_batch(
    batch: Batch,
    stories: Mapping[str, Sequence[JoinedTopic]],
    links: Mapping[str, Sequence[TopicLink]],
    run_id: str,
    profile: str,
) -> dict[str, pa.Table]:
    """Make the tables of a batch.

    stories: doc_id -> its stories in order of appearance. links: doc_id -> the link of each of them.
    """
    passages: Columns = {name: [] for name in contract("passages").schema.names}
    topics: Rows = []
    documents: Rows = []
    for work in batch.works:
        its, linked = stories[work.document.doc_id], links[work.document.doc_id]
        titles = titles_of(work, its)
        lost = file_passages(work, its, titles, linked, passages)
        topics += _topics(work, its, titles, linked, run_id)
        documents.append(_document(work, lost, run_id, profile) | {"topics": len(its)})
    for bad in batch.unreadable:
        documents.append(
            {"doc_id": bad.doc_id, "source": bad.source, "sentences": 0, "status": "unreadable", "reason": bad.reason}
            | {"placed": 0, "unplaced": 0, "topics": 0, "failed": 0, "unpaid": 0, "taken_up": []}
            | {"profile": profile, "run_id": run_id}
        )
    passages["run_id"] = [run_id] * len(passages["doc_id"])
    return {
        "passages": contract("passages").build_columns(passages),
        "topics": contract("topics").build(topics),
        "documents": contract("documents").build(documents),
    }


def titles_of(work: Work, stories: Sequence[JoinedTopic], taken: Container[str] = ()) -> list[str]:
    """Return a title for each story of a document, no two alike: its lead's, else another member's, else numbered.

    Finders name the topics of one chunk at a time, and do not see what the topics of the others are called.
    taken: titles that other topics of the document have already.
    """
    titles: dict[str, None] = {}
    numbers: dict[str, Iterator[int]] = defaultdict(lambda: count(2))  # those of a title that were not tried yet
    for story in stories:
        named = [work.lead(story).title, *(work.found[chunk][topic].title for chunk, topic in story.members)]
        other = numbered(named[0], first=numbers[numberless(named[0])])
        titles[next(t for t in chain(named, other) if t not in titles and t not in taken)] = None
    return list(titles)


def file_passages(
    work: Work,
    stories: Sequence[JoinedTopic],
    titles: Sequence[str],
    links: Sequence[TopicLink],
    passages: Columns,
) -> list[Lost]:
    """Add the rows of the sentences that chunks own, column by column; return why some have no place, one for each."""
    d = work.document
    topic_ids: list[str | None] = [None] * len(d.texts)
    topics: list[str | None] = [None] * len(d.texts)
    for story, title, link in zip(stories, titles, links, strict=True):
        for position in story.positions:
            topic_ids[position], topics[position] = link.topic_id, title
    losses: list[Lost] = []
    for k, chunk in enumerate(work.chunks):
        filed = work.filed[k]
        passages["chunk_id"] += [chunk.chunk_id] * (chunk.own_end - chunk.own_start)
        for position in range(chunk.own_start, chunk.own_end):
            its, is_placed = filed.get(position), topic_ids[position] is not None
            passages["organizer_model"].append(its.model if its is not None else None)
            if its is not None and is_placed:
                passages["category"].append(its.category)
                passages["confidence"].append(its.confidence)
                passages["reason"].append(None)
                continue
            losses.append(work.not_organized.get(k, _NOT_FILED) if is_placed else work.not_located.get(k, _NOT_PLACED))
            passages["category"].append(UNPLACED)
            passages["confidence"].append(None)
            passages["reason"].append(losses[-1].reason)
    own = slice(work.chunks[0].own_start, work.chunks[-1].own_end)
    n = own.stop - own.start
    passages["doc_id"] += [d.doc_id] * n
    passages["position"] += range(work.before + own.start + 1, work.before + own.stop + 1)
    passages["sentence_id"] += d.ids[own]
    passages["text"] += d.texts[own]
    for column, values in (("start_s", d.starts), ("end_s", d.ends), ("speaker", d.speakers)):
        passages[column] += values[own] if values else [None] * n
    passages["topic_id"] += topic_ids[own]
    passages["topic"] += topics[own]
    return losses


def _topics(
    work: Work,
    stories: Sequence[JoinedTopic],
    titles: Sequence[str],
    links: Sequence[TopicLink],
    run_id: str,
) -> Rows:
    rows = []
    for story, title, link in zip(stories, titles, links, strict=True):
        lead = work.lead(story)
        rows.append(
            {
                "doc_id": work.document.doc_id,
                "topic_id": link.topic_id,
                "title": title,
                **extent([p + 1 for p in story.positions]),
                "merged_from": [f"{work.chunks[k].chunk_id}/t{t + 1}" for k, t in story.members],
                "aliases": list(link.aliases) or None,
                "story_id": link.story_id,
                "vector": link.vector,
                "vector_kind": link.vector_kind,
                "terms": link.terms,
                "finder_model": lead.model,
                "run_id": run_id,
            }
        )
    return rows


def _document(work: Work, lost: Sequence[Lost], run_id: str, profile: str) -> dict[str, Any]:
    d = work.document
    failed, unpaid = failed_and_unpaid(lost)
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
        "placed": len(d.texts) - len(lost),
        "unplaced": len(lost),
        "failed": failed,
        "unpaid": unpaid,
        "status": "published",
        "reason": "; ".join([*notes, *dict.fromkeys(work.notes)]) or None,
        "taken_up": list(work.taken_up),
        "profile": profile,
        "weights_version": work.weights_version,
        "run_id": run_id,
    }


def failed_and_unpaid(lost: Sequence[Lost]) -> tuple[int, int]:
    """Count the sentences that models failed on, and those that dollars did not reach for."""
    failed, unpaid = (sum(why.cause == cause for why in lost) for cause in ("models", "budget"))
    return failed, unpaid
