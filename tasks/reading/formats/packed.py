"""`.gz`: any form, packed. It is unpacked as it is read, and never to much more than it honestly can hold."""

import gzip
import io
import zlib
from typing import BinaryIO

from nightdesk.tasks.errors import DocumentError

_MAGIC = b"\x1f\x8b"
_MOST_TIMES, _MOST_AT_LEAST = 100, 100_000_000  # text packs to a tenth, a bomb to a thousandth; bytes
A_ROW = 20  # characters that a row counts for beside its text: rows that repeat one value take no bytes at all


def is_packed(head: bytes) -> bool:
    """Tell whether bytes are packed."""
    return head.startswith(_MAGIC)


def beginning(head: bytes, most: int) -> bytes:
    """Return the first bytes of what a packed file holds, of whose own first bytes it is made; b"" if it is broken."""
    try:
        return zlib.decompressobj(wbits=31).decompress(head, most)
    except zlib.error:
        return b""


def most_of(size: int, at_least: int = _MOST_AT_LEAST) -> int:
    """Return how many characters a file of so many bytes may hold, once it is unpacked."""
    return max(at_least, _MOST_TIMES * size)


def unpacked(file: BinaryIO, size: int) -> BinaryIO:
    """Return a file of what a packed file holds. size: bytes of the packed file."""
    return io.BufferedReader(_Bounded(file, most_of(size)), 65_536)


class _Bounded(io.RawIOBase):
    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = gzip.GzipFile(fileobj=file)
        self._most = most

    def readable(self) -> bool:
        return True

    def readinto(self, into: "memoryview") -> int:  # type: ignore[override]
        try:
            n = self._file.readinto(into)
        except (gzip.BadGzipFile, zlib.error):
            raise DocumentError("broken .gz; pack it again, or name it unpacked") from None
        except EOFError:
            raise DocumentError("a .gz that breaks off before its end; fetch or pack it again") from None
        self._most -= n
        if self._most < 0:
            raise DocumentError(f"a .gz of more than {_MOST_TIMES} times its size; name it unpacked")
        return n
