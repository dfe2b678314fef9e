"""Columns that grow part by part, and are never there twice.

They grow as bytearrays, because the system moves the pages of a large one to a place with more room and copies nothing;
parts that are kept until all are read and then joined would be there twice.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


class Growing:
    """Numbers of one kind, to which more are added."""

    def __init__(self, kind: type) -> None:
        self._kind, self._bytes = np.dtype(kind), bytearray()

    def add(self, values: NDArray[Any]) -> None:
        """Add numbers at the end."""
        self._bytes += np.ascontiguousarray(values, self._kind).data.cast("B") if len(values) else b""

    def values(self) -> NDArray[Any]:
        """Return all numbers; none can be added any more."""
        return np.frombuffer(self._bytes, self._kind)


class GrowingTexts:
    """Texts, to which more are added."""

    def __init__(self) -> None:
        self._bytes, self._ends = bytearray(), Growing(np.int64)
        self._ends.add(np.zeros(1, np.int64))

    def add(self, column: pa.ChunkedArray) -> None:
        """Add the texts of a column without nulls at the end."""
        for chunk in column.chunks:
            _, offsets, data = chunk.buffers()
            if not len(chunk) or data is None:
                self._ends.add(np.full(len(chunk), len(self._bytes), np.int64))
                continue
            bounds = np.frombuffer(offsets, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
            self._ends.add(bounds[1:].astype(np.int64) - bounds[0] + len(self._bytes))
            self._bytes += memoryview(data)[bounds[0] : bounds[-1]]

    def values(self) -> pa.LargeStringArray:
        """Return all texts; none can be added any more."""
        ends = self._ends.values()
        return pa.LargeStringArray.from_buffers(len(ends) - 1, pa.py_buffer(ends), pa.py_buffer(self._bytes))
