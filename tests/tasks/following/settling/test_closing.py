"""Chunks of a document that grows: into whatever pieces it arrives, they are those of the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.config.profile import Chunks
from nightdesk.tasks.following.settling.closing import Closed, close_chunks
from nightdesk.tasks.roles.chunk_splitter import Chunk, split_document

SMALL = Chunks(sentences=12, overlap=3, characters=1000)
sizes = st.builds(
    lambda n, overlap, characters: Chunks(sentences=n, overlap=min(overlap, n // 2), characters=characters),
    st.integers(4, 12),
    st.integers(0, 6),
    st.integers(1000, 1500),
)
documents = st.lists(st.one_of(st.integers(1, 30), st.integers(100, 1600)), min_size=1, max_size=80)


def arrived(lengths: list[int], cuts: list[int], size: Chunks) -> tuple[list[Chunk], list[int]]:
    """Return the chunks of a document that arrives in pieces, and how many were closed after each piece."""
    closed, chunks, counts = Closed(), list[Chunk](), list[int]()
    for there in [*sorted(c for c in cuts if c < len(lengths)), len(lengths)]:
        window = lengths[closed.start : there]
        found = close_chunks("d", window, closed, size, is_over=there == len(lengths))
        chunks += [chunk for chunk, _ in found]
        closed = found[-1][1] if found else closed
        counts.append(len(chunks))
    return chunks, counts


@given(documents, st.lists(st.integers(0, 80), max_size=20), sizes)
def test_any_cutting_gives_the_chunks_of_the_whole_document(lengths: list[int], cuts: list[int], size: Chunks) -> None:
    chunks, _ = arrived(lengths, cuts, size)
    whole = split_document("d", ["x" * n for n in lengths], size)
    assert [(c.chunk_id, c.start, c.end) for c in chunks] == [(c.chunk_id, c.start, c.end) for c in whole]
    assert [c.own_end for c in chunks[:-2]] == [c.own_end for c in whole[:-2]]
    assert chunks == arrived(lengths, [], size)[0]


@given(documents, st.lists(st.integers(0, 80), max_size=20), sizes)
def test_every_sentence_is_owned_once_by_a_chunk_that_holds_it(
    lengths: list[int], cuts: list[int], size: Chunks
) -> None:
    chunks, _ = arrived(lengths, cuts, size)
    assert [p for c in chunks for p in range(c.own_start, c.own_end)] == list(range(len(lengths)))
    assert all(c.start <= c.own_start <= c.own_end <= c.end for c in chunks)


@pytest.mark.parametrize(("there", "closed"), [(14, 0), (15, 1), (23, 1), (24, 2)])
def test_a_chunk_closes_once_the_overlap_is_there_behind_it(there: int, closed: int) -> None:
    assert len(close_chunks("d", [10] * there, Closed(), SMALL, is_over=False)) == closed


def test_nothing_closes_twice_when_the_end_is_told_again() -> None:
    (*_, (_, closed)) = close_chunks("d", [10] * 20, Closed(), SMALL, is_over=True)
    assert closed.owned == 20
    assert close_chunks("d", [10] * (20 - closed.start), closed, SMALL, is_over=True) == []


def test_what_follows_after_the_end_becomes_a_chunk_of_its_own() -> None:
    (*_, (_, closed)) = close_chunks("d", [10] * 20, Closed(), SMALL, is_over=True)
    ((more, _),) = close_chunks("d", [10] * (22 - closed.start), closed, SMALL, is_over=True)
    assert (more.own_start, more.own_end, more.end) == (20, 22, 22)
