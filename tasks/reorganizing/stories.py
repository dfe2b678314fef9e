"""Stories: topics of different documents and nights that go on with each other share a story_id.

One pass over topic vectors only: each new topic takes the story of its nearest neighbour among the topics of the last
nights and of this night's other documents, if that is near enough; else it begins a story of its own.
"""

import hashlib
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nightdesk.tasks.tables.parts import dates, read

NIGHTS = 7  # how far back a story is followed
NEAREST = 0.25  # least cosine of two topics of one story: to join two wrongly is worse than to miss one
_BLOCK = 1024  # topics that are compared with others at once
_PAIRS = 4_000_000  # pairs of them, 20 bytes each


@dataclass(frozen=True, slots=True)
class KnownStories:
    """Topics whose story is known: vectors (topics, dimensions) of unit rows, and the story of each."""

    vectors: NDArray[np.float32]
    story_ids: Sequence[str]


def pack(vector: NDArray[np.float32]) -> bytes:
    """Write a unit vector as one signed byte a dimension."""
    peak = float(np.abs(vector).max()) or 1.0
    return np.round(vector / peak * 127).astype(np.int8).tobytes()


def unpack(data: Sequence[bytes]) -> NDArray[np.float32]:
    """Read packed vectors back as unit rows (topics, dimensions)."""
    if not data:
        return np.zeros((0, 1), dtype=np.float32)
    vectors = np.frombuffer(b"".join(data), dtype=np.int8).reshape(len(data), -1).astype(np.float32)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    norms[norms == 0] = 1
    vectors /= norms
    return vectors


def relate(
    topic_ids: Sequence[str], doc_ids: Sequence[str], vectors: NDArray[np.float32], known: KnownStories, run_date: str
) -> list[str]:
    """Return the story of each new topic, in order.

    vectors: (topics, dimensions) of unit rows. Topics of one document are never joined here: that they are different
    stories is what the relationship checker said.
    """
    stories: list[str] = []
    if len(known.story_ids):
        best, score = _nearest(vectors, known.vectors)
    else:
        best, score = np.zeros(len(topic_ids), np.int64), np.full(len(topic_ids), -1.0, np.float32)
    before, near = _nearest_before(vectors, doc_ids)
    taken: dict[str, set[str]] = {}  # doc_id -> stories it already has
    for i, (topic, doc) in enumerate(zip(topic_ids, doc_ids, strict=True)):
        mine = taken.setdefault(doc, set())
        story = known.story_ids[best[i]] if score[i] >= NEAREST else None
        if near[i] >= max(NEAREST, score[i]):
            story = stories[before[i]]
        if story is None or story in mine:
            story = hashlib.blake2b(f"{run_date}\0{topic}".encode(), digest_size=8).hexdigest()
        mine.add(story)
        stories.append(story)
    return stories


def _nearest(new: NDArray[np.float32], known: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    best = np.zeros(len(new), np.int64)
    score = np.zeros(len(new), np.float32)
    for start in range(0, len(new), _BLOCK):  # memory stays flat
        similar = new[start : start + _BLOCK] @ known.T
        best[start : start + _BLOCK] = similar.argmax(axis=1)
        score[start : start + _BLOCK] = similar.max(axis=1)
    return best, score


def _nearest_before(
    vectors: NDArray[np.float32], doc_ids: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return for each topic the nearest of those that stand before it and are another document's, and how near it is.

    A topic with none before it has -1.0. Topics of a document that stand together are not compared at all, so that the
    time does not grow with the square of one document's topics.
    """
    n = len(doc_ids)
    best, score = np.zeros(n, np.int64), np.full(n, -1.0, np.float32)
    numbers: dict[str, int] = {}
    document = np.array([numbers.setdefault(d, len(numbers)) for d in doc_ids], np.int64)
    begins = np.arange(n)  # of the topics of its document that stand together with it
    begins[1:][document[1:] == document[:-1]] = 0
    begins = np.maximum.accumulate(begins)
    start = 0
    while start < n:
        end = min(n, start + min(_BLOCK, max(1, _PAIRS // n)))
        if others := int(begins[end - 1]):
            similar = vectors[start:end] @ vectors[:others].T
            similar[np.arange(others) >= begins[start:end, None]] = -1.0
            similar[document[:others] == document[start:end, None]] = -1.0
            best[start:end], score[start:end] = similar.argmax(axis=1), similar.max(axis=1)
        start = end
    return best, score


def known_topics(out: Path, run_date: date, besides: Set[str]) -> KnownStories:
    """Return the topics of the last nights, and of this date's documents other than `besides`."""
    first = run_date - timedelta(days=NIGHTS)
    near = [d for d in dates(out, "topics") if first <= d < run_date]
    columns = ["doc_id", "topic_id", "story_id", "vector"]
    today = read(out, "topics", [run_date], columns)
    keep = pa.array([i not in besides for i in today["doc_id"].to_pylist()], pa.bool_())
    rows = pa.concat_tables([read(out, "topics", near, columns), today.filter(keep)])
    return KnownStories(unpack(rows["vector"].to_pylist()), rows["story_id"].to_pylist())
