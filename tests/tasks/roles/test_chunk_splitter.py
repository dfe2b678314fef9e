"""Chunks: they fit a call, and what they own is the document."""

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from nightdesk.tasks.config.profile import Chunks
from nightdesk.tasks.roles.chunk_splitter import Chunk, split_document


@st.composite
def sizes(draw: st.DrawFn) -> Chunks:
    sentences = draw(st.integers(4, 40))
    return Chunks(sentences=sentences, overlap=draw(st.integers(0, sentences // 2)), characters=1000)


# Mostly short sentences; now and then some of which few fit a chunk, or not even one.
LENGTHS = st.lists(st.one_of(st.integers(0, 60), st.integers(0, 1200)), max_size=150)


def split(lengths: list[int], size: Chunks) -> list[Chunk]:
    return split_document("d", ["x" * n for n in lengths], size)


@given(LENGTHS, sizes())
@example([], Chunks())
@example([5000], Chunks(characters=1000))
def test_what_chunks_own_covers_the_document_once_in_order(lengths: list[int], size: Chunks) -> None:
    chunks = split(lengths, size)
    assert [p for c in chunks for p in range(c.own_start, c.own_end)] == list(range(len(lengths)))
    assert all(c.start <= c.own_start and c.own_end <= c.end for c in chunks)
    assert len({c.chunk_id for c in chunks}) == len(chunks)


@given(LENGTHS, sizes())
def test_a_chunk_keeps_to_its_limits_unless_one_sentence_alone_is_longer(lengths: list[int], size: Chunks) -> None:
    for c in split(lengths, size):
        assert c.end - c.start <= size.sentences
        assert sum(lengths[c.start : c.end]) <= size.characters or c.end - c.start == 1


@given(LENGTHS, sizes())
def test_a_sentence_is_owned_where_it_is_furthest_from_a_border(lengths: list[int], size: Chunks) -> None:
    chunks, n = split(lengths, size), len(lengths)

    def distance(c: Chunk, p: int) -> int:
        """How far a sentence is from where the chunk was cut; the document's own ends are no cuts."""
        return min(p - c.start if c.start else n, c.end - 1 - p if c.end < n else n)

    for c in chunks:
        for p in range(c.own_start, c.own_end):
            assert distance(c, p) == max(distance(other, p) for other in chunks if other.start <= p < other.end)


@given(st.integers(1, 400), sizes())
def test_neighbours_share_the_overlap_and_the_last_chunk_is_as_long_as_it_may_be(n: int, size: Chunks) -> None:
    chunks = split([1] * n, size)
    assert all(left.end - right.start >= size.overlap for left, right in pairwise(chunks))
    assert chunks[-1].end - chunks[-1].start == min(n, size.sentences)


def test_a_document_that_fits_is_one_chunk() -> None:
    assert split([10] * 120, Chunks()) == [Chunk("d/c00000", 0, 120, 0, 120)]


def test_no_chunk_lies_inside_its_neighbour() -> None:
    chunks = split_document("d", ["x" * 100] * 40 + ["x" * 23_950] + ["x" * 100] * 40, Chunks())
    assert all(a.end < b.end for a, b in pairwise(chunks))
