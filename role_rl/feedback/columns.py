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
Flags = NDArray[np.bool_]
_AT_ONCE = 65_536  # strings that are Python objects at one time


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
    codes, dictionary = coded_ids(column)
    return Coded(codes, [*dictionary.to_pylist(), None])


def coded_ids(column: pa.ChunkedArray) -> tuple[Ints, pa.Array]:
    """Return a column as codes, and its different values as Arrow holds them; a null has the code after the last."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    if not encoded.num_chunks:
        return np.zeros(0, np.int64), pa.array([], pa.string())
    encoded = encoded.unify_dictionaries()
    dictionary = encoded.chunk(0).dictionary
    parts = [chunk.indices.fill_null(len(dictionary)).to_numpy(zero_copy_only=False) for chunk in encoded.chunks]
    return np.concatenate(parts).astype(np.int64), dictionary


def floats(column: pa.ChunkedArray, missing: float = np.nan) -> Floats:
    """Return a column of numbers; `missing` stands where it is null."""
    return np.asarray(pc.fill_null(column.cast(pa.float64()), missing).to_numpy(), np.float64)


def flags(column: pa.ChunkedArray) -> Flags:
    """Return a column of yes and no; null is no."""
    return np.asarray(pc.fill_null(column, False).to_numpy(), np.bool_)


def found_at(column: pa.ChunkedArray | pa.Array, among: pa.Array) -> Ints:
    """Return for each row at which place of `among` its value stands; -1 where it is not there or null."""
    places = pc.index_in(column, value_set=among, skip_nulls=True)
    return np.asarray(pc.fill_null(places, -1).to_numpy(zero_copy_only=False), np.int64)


def texts(values: pa.Array) -> Iterator[str | None]:
    """Yield strings, of which only some are Python objects at one time."""
    for start in range(0, len(values), _AT_ONCE):
        yield from values.slice(start, _AT_ONCE).to_pylist()


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
