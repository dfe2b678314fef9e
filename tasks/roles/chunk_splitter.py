"""The chunk splitter: a document's sentences -> chunks that fit one call. A role served by code.

Neighbouring chunks overlap, so that no sentence is judged at a border without its context; a sentence is owned by the
chunk in which it is furthest from a border, and only its owner files it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from nightdesk.tasks.config.profile import Chunks


@dataclass(frozen=True, slots=True)
class Chunk:
    """Sentences [start, end) of a document, 0-based; it owns [own_start, own_end) of them."""

    chunk_id: str
    start: int
    end: int
    own_start: int
    own_end: int


def split_document(doc_id: str, texts: Sequence[str], size: Chunks) -> list[Chunk]:
    """Cut a document into chunks; what they own covers it exactly once, in order.

    A chunk ends at `size.sentences`, or earlier where the next sentence would take it past `size.characters`. The last
    one reaches back as far as it may: a short rest alone would have too little context.
    """
    spans = _spans([len(t) for t in texts], size)
    borders = [0, *((nxt[0] + this[1]) // 2 for this, nxt in pairwise(spans)), len(texts)]
    return [Chunk(f"{doc_id}/c{k:05d}", start, end, borders[k], borders[k + 1]) for k, (start, end) in enumerate(spans)]


def _spans(lengths: list[int], size: Chunks) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    start = 0
    while True:
        end = reach(lengths, start, size)
        if spans and end <= spans[-1][1]:  # a sentence too long to share a chunk comes next: no overlap before it
            start = spans[-1][1]
            end = reach(lengths, start, size)
        if end == len(lengths) and spans:
            start = reach_back(lengths, start, size)
        spans.append((start, end))
        if end == len(lengths):
            return spans
        start = next_start(start, end, size)


def next_start(start: int, end: int, size: Chunks) -> int:
    """Return where the chunk after [start, end) begins, unless a sentence too long to share a chunk comes next."""
    return max(start + 1, end - min(size.overlap, (end - start) // 2))


def reach(lengths: Sequence[int], start: int, size: Chunks) -> int:
    """Return where a chunk from `start` ends, by the characters of the sentences; with all of them if they fit."""
    end, characters = start, 0
    while end < len(lengths) and end - start < size.sentences:
        characters += lengths[end]
        if characters > size.characters and end > start:
            break
        end += 1
    return end


def reach_back(lengths: Sequence[int], start: int, size: Chunks) -> int:
    """Return how far to the left a last chunk from `start` can begin within the limits."""
    characters = sum(lengths[start:])
    while start > 0 and len(lengths) - start < size.sentences:
        characters += lengths[start - 1]
        if characters > size.characters:
            break
        start -= 1
    return start
