"""Closing: the chunks of a document that still grows, each as soon as nothing that follows can change it.

A chunk closes once `overlap` more sentences are there, or nothing will follow. Into whatever pieces a document arrives,
its chunks are those of split_document. What they own is the same, too, but for the border before the last chunk: that
lies where it would lie if more had followed, because the chunk before may have been settled before the end was known.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from nightdesk.tasks.config.profile import Chunks
from nightdesk.tasks.roles.chunk_splitter import Chunk, next_start, reach, reach_back


@dataclass(frozen=True, slots=True)
class Closed:
    """How far a document is closed: so many chunks, the last of them [start, end); they own `owned` sentences.

    What stands before `start` is needed no more.
    """

    chunks: int = 0
    start: int = 0
    end: int = 0
    owned: int = 0


def close_chunks(
    doc_id: str, lengths: Sequence[int], closed: Closed, size: Chunks, is_over: bool
) -> list[tuple[Chunk, Closed]]:
    """Return the chunks that close after those that are closed, each with how far the document is closed then.

    lengths: the characters of its sentences from position closed.start (0-based) on. is_over: nothing will follow.
    """
    found: list[tuple[Chunk, Closed]] = []
    base, there = closed.start, closed.start + len(lengths)
    while closed.end < there:
        start, end = _span(lengths, base, closed, size)
        if end == there:
            if not is_over:
                break
            start, own_end = (reach_back(lengths, start - base, size) + base if closed.chunks else start), end
        elif end + size.overlap > there and not is_over:
            break
        else:
            after, _ = _span(lengths, base, Closed(closed.chunks + 1, start, end), size)
            own_end = (after + end) // 2
        chunk = Chunk(f"{doc_id}/c{closed.chunks:05d}", start, end, closed.owned, own_end)
        closed = Closed(closed.chunks + 1, start, end, own_end)
        found.append((chunk, closed))
    return found


def _span(lengths: Sequence[int], base: int, closed: Closed, size: Chunks) -> tuple[int, int]:
    """Return the sentences [start, end) of the next chunk, as if what is there were all and it were not the last."""
    start = next_start(closed.start, closed.end, size) if closed.chunks else 0
    end = reach(lengths, start - base, size) + base
    if closed.chunks and end <= closed.end:  # a sentence too long to share a chunk comes next: no overlap before it
        start = closed.end
        end = reach(lengths, start - base, size) + base
    return start, end
