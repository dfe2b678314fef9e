"""What a topic is known again by in other documents and nights: a packed vector, and its terms."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.models.topic_marks import VECTOR_KIND

FIRST_KIND = "hashed-words-512"
"""The kind of vectors that rows have which name none: those of versions that had but one."""

SAME_TEXT = 0.25  # least cosine of a topic and one that begins with the same sentence, for both to tell the same
Codes = NDArray[np.int8]
"""Packed vectors, shape (topics, dimensions). Sums of products of up to 1,040 dimensions are whole numbers that float32
holds exactly, so that a pair is as near whatever it is compared beside."""


class Mark(NamedTuple):
    """vector: packed, of VECTOR_KIND. terms: packed (topic_terms.TERM); None: they were never looked for."""

    vector: bytes
    terms: bytes | None = None


def is_comparable(kind: str | None) -> bool:
    """Tell whether vectors of a kind may be compared with those that are made now; None: the row names no kind."""
    return (kind or FIRST_KIND) == VECTOR_KIND


def pack(vector: NDArray[np.float32]) -> bytes:
    """Write a unit vector as one signed byte a dimension."""
    peak = float(np.abs(vector).max()) or 1.0
    return np.round(vector / peak * 127).astype(np.int8).tobytes()


def marked(vectors: Iterable[NDArray[np.float32]], terms: Iterable[bytes]) -> list[Mark]:
    """Return what topics are known by, from their unit vectors and packed terms."""
    return [Mark(pack(vector), its) for vector, its in zip(vectors, terms, strict=True)]


def unpack(data: Sequence[bytes]) -> Codes:
    """Read packed vectors back, one row each; they are not of unit length."""
    if not data:
        return np.zeros((0, 1), np.int8)
    return np.frombuffer(b"".join(data), np.int8).reshape(len(data), -1)


def are_near(one: bytes, other: bytes) -> bool:
    """Tell whether two packed vectors are near enough to tell the same; those of two lengths never are."""
    if len(one) != len(other):
        return False
    a, b = (v.astype(np.float64) for v in unpack([one, other]))
    return bool(a @ b >= SAME_TEXT * np.linalg.norm(a) * np.linalg.norm(b) > 0)


def inverse_lengths(codes: Codes) -> NDArray[np.float32]:
    """Return one over the length of each packed vector; 0 for one of nothing."""
    lengths = np.sqrt(np.square(codes.astype(np.float32)).sum(axis=1))
    inverse: NDArray[np.float32] = np.divide(np.float32(1), lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return inverse
