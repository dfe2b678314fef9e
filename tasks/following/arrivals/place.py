"""Where a growing file is read to, and what tells that a file is still the one that was read.

A file is known by its first bytes and by those before the place to which it was read, not by its inode alone: recorders
write a file anew with the same beginning, logs are rotated, and inodes are used again. Only hashes are kept, no text.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from typing import Any, Self

LENGTHS = tuple(2**k for k in range(11))  # bytes of the beginning that are hashed, as far as they were read
_BACK = 1_024  # bytes before a place that are hashed
_MOST_MARKS = 12


@dataclass(slots=True)
class Place:
    """offset: bytes that are done with. heads: length -> hash of the beginning.

    marks: (offset, hash of what is before it). state: what the reader remembers.
    """

    device: int = 0
    inode: int = 0
    offset: int = 0
    heads: dict[str, str] = field(default_factory=dict)
    marks: list[tuple[int, str]] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, value: str | None) -> Self:
        """Return the place that a cursor names."""
        return cls() if value is None else cls(**json.loads(value))

    def written(self) -> str:
        """Return the place as a cursor."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @property
    def is_new(self) -> bool:
        """Tell whether nothing was read yet."""
        return not self.offset

    def move(self, number: int, offset: int) -> None:
        """Note that an open file is read to an offset."""
        its = os.fstat(number)
        self.device, self.inode, self.offset = its.st_dev, its.st_ino, offset
        for length in LENGTHS:
            if length <= offset and str(length) not in self.heads:
                self.heads[str(length)] = _hash(os.pread(number, length, 0))
        self.marks = [m for m in self.marks if m[0] < offset]
        self.marks.append((offset, _before(number, offset)))
        if len(self.marks) > _MOST_MARKS:  # the older ones ever further apart
            gaps = [self.marks[k + 1][0] - self.marks[k - 1][0] for k in range(1, len(self.marks) - 1)]
            weights = [gap / (1 + offset - self.marks[k][0]) for k, gap in enumerate(gaps, 1)]
            del self.marks[1 + weights.index(min(weights))]

    def is_in(self, number: int, inode: bool = False) -> bool:
        """Tell whether an open file is the one that was read, as far as it was read. inode: its inode is, too."""
        its = os.fstat(number)
        if inode and (its.st_dev, its.st_ino) != (self.device, self.inode):
            return False
        return its.st_size >= self.offset and self._begins_alike(number, its.st_size) and self._stands(number)

    def shared(self, number: int) -> int | None:
        """Return up to which offset an open file is what was read; 0 if it is another; None if it is too short to tell.

        A file that is being written anew with the same beginning is too short for a moment.
        """
        size = os.fstat(number).st_size
        if not self._begins_alike(number, size):
            return 0
        if size < self.offset:
            return None
        fitting = [at for at, said in self.marks if _before(number, at) == said]
        return max(fitting, default=0)

    def back_to(self, offset: int) -> None:
        """Go on at an earlier offset, up to which the file is the same."""
        self.offset = offset
        self.marks = [m for m in self.marks if m[0] <= offset]
        if not offset:
            self.heads = {}
            self.state = {"count": self.state.get("count", 0)}

    def _begins_alike(self, number: int, size: int) -> bool:
        known = [n for n in LENGTHS if n <= size and str(n) in self.heads]
        return not known or _hash(os.pread(number, known[-1], 0)) == self.heads[str(known[-1])]

    def _stands(self, number: int) -> bool:
        return not self.marks or _before(number, self.offset) == self.marks[-1][1]


def _before(number: int, offset: int) -> str:
    begin = max(0, offset - _BACK)
    return _hash(os.pread(number, offset - begin, begin))


def _hash(raw: bytes) -> str:
    return hashlib.blake2b(raw, digest_size=8).hexdigest()
