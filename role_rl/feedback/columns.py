"""Columns of Arrow tables as numpy arrays, so that a million rows are summed without a Python object for each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import fsum
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]
_MIX = tuple(np.uint64(x) for x in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))  # of splitmix64


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of few different values: values[codes[i]] stands in row i, None where it is null."""

    codes: Ints
    values: list[Any]

    def where(self, *wanted: Any) -> Flags:
        """Tell in which rows one of these values stands."""
        return np.isin(self.codes, [k for k, value in enumerate(self.values) if value in wanted])

    def mapped(self, change: Callable[[Any], Any]) -> list[Any]:
        """Return what becomes of each of the values."""
        return [change(value) for value in self.values]


def coded(column: pa.ChunkedArray) -> Coded:
    """Return a column of few different values as codes."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    if not encoded.num_chunks:
        return Coded(np.zeros(0, np.int64), [None])
    encoded = encoded.unify_dictionaries()
    values = [*encoded.chunk(0).dictionary.to_pylist(), None]
    parts = [chunk.indices.fill_null(len(values) - 1).to_numpy(zero_copy_only=False) for chunk in encoded.chunks]
    return Coded(np.concatenate(parts).astype(np.int64), values)


def hashed(column: pa.ChunkedArray) -> Hashes:
    """Return 64 bits for each text of a column, which are the same for the same text; 0 where it is null.

    They stand for ids: eight bytes a row instead of the id. That two of a million ids share theirs is as good as
    impossible (3e-8), and would mix up two calls.
    """
    parts = [_hashed(chunk) for chunk in column.chunks]
    return np.concatenate([np.zeros(0, np.uint64), *parts])


def _hashed(chunk: pa.Array) -> Hashes:
    if pa.types.is_dictionary(chunk.type):
        of_values = np.append(_hashed(chunk.dictionary), np.uint64(0))
        codes: Ints = chunk.indices.fill_null(len(of_values) - 1).to_numpy(zero_copy_only=False)
        return of_values[codes]
    texts = chunk.fill_null("")
    found = np.zeros(len(texts), np.uint64)
    lengths = pc.binary_length(texts).to_numpy()
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        own = texts if len(rows) == len(texts) else texts.take(pa.array(rows))
        found[rows] = _mixed(own, length)
    if chunk.null_count:
        found[pc.is_null(chunk).to_numpy(zero_copy_only=False)] = 0
    return found


def _mixed(texts: pa.Array, length: int) -> Hashes:
    """Return the hashes of texts of one length in bytes: a word after the other is mixed in by a multiplication."""
    mixed = np.full(len(texts), _MIX[0] + np.uint64(length), np.uint64)
    if length:
        start = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset]
        data = np.frombuffer(texts.buffers()[2], np.uint8)[start : start + length * len(texts)]
        padded = np.zeros((len(texts), -(-length // 8) * 8), np.uint8)
        padded[:, :length] = data.reshape(len(texts), length)
        for word in padded.view(np.uint64).T:
            mixed = (mixed ^ word) * _MIX[1]
            mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX[2]
    return mixed ^ (mixed >> np.uint64(32)) | np.uint64(1)  # never 0, which stands for no text


def floats(column: pa.ChunkedArray, missing: float = np.nan) -> Floats:
    """Return a column of numbers; `missing` stands where it is null."""
    return np.asarray(pc.fill_null(column.cast(pa.float64()), missing).to_numpy(), np.float64)


def flags(column: pa.ChunkedArray) -> Flags:
    """Return a column of yes and no; null is no."""
    return np.asarray(pc.fill_null(column, False).to_numpy(), np.bool_)


def also_hashed(hashes: Hashes, *numbers: NDArray[np.int32]) -> Hashes:
    """Return hashes of the same things together with numbers that stand beside them."""
    for own in numbers:
        hashes = (hashes ^ own.astype(np.uint64)) * _MIX[1]
        hashes ^= hashes >> np.uint64(29)
    return hashes


def found_at(hashes: Hashes, among: Hashes) -> Ints:
    """Return for each hash at which place of `among` it stands; -1 where it does not, or is 0."""
    if not len(among):
        return np.full(len(hashes), -1, np.int64)
    order = np.argsort(among)
    places = order[np.minimum(np.searchsorted(among, hashes, sorter=order), len(among) - 1)]
    return np.where((among[places] == hashes) & (hashes != 0), places, -1)


def combined(*codes: tuple[Ints, int]) -> tuple[Ints, Ints]:
    """Number the combinations of codes: return each row's number, and for each number a row that has it.

    codes: of a column, with how many different ones there can be.
    """
    whole = np.zeros(len(codes[0][0]), np.int64)
    for own, different in codes:
        whole = whole * (different + 1) + own
    _, rows, numbers = np.unique(whole, return_index=True, return_inverse=True)
    return numbers.astype(np.int64), rows


def grouped(groups: Ints) -> Iterator[tuple[int, Ints]]:
    """Yield each group that has rows, with these rows."""
    if not len(groups):
        return
    order = np.argsort(groups, kind="stable")
    bounds = np.flatnonzero(np.diff(groups[order])) + 1
    for rows in np.split(order, bounds):
        yield int(groups[rows[0]]), rows


def exact_sum(values: Floats) -> float:
    """Return the sum, rounded once, so that the order of the values changes no digit."""
    return fsum(values.tolist())
