"""What a server packed, unpacked in pieces of bounded size: a kilobyte may hold gigabytes."""

import zlib
from collections.abc import Iterator

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.fetching.errors import Failing

PIECE = 65_536  # bytes received at a time; unpacked, at most 16 times as many


def unpacked(parts: Iterator[bytes], packing: str) -> Iterator[bytes]:
    """Yield what a server sends, unpacked. packing: its Content-Encoding.

    Raises:
        DocumentError: it is packed in a way that was not asked for, or more than once, or is broken.
    """
    if packing in ("", "identity"):
        yield from parts
        return
    if packing not in ("gzip", "x-gzip", "deflate"):
        raise DocumentError(f"the server packs it as {packing[:40]!r}, which is not read; fetch it yourself")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    first = True
    try:
        for part in parts:
            if first and packing == "deflate" and not _has_zlib_header(part):
                unpacker = zlib.decompressobj(-zlib.MAX_WBITS)  # as many servers send it
            first = False
            while part and not unpacker.eof:
                yield unpacker.decompress(part, 16 * PIECE)
                part = unpacker.unconsumed_tail  # noqa: PLW2901
    except zlib.error:
        raise DocumentError(f"broken {packing}; try again later, or fetch it yourself") from None
    if not unpacker.eof and not first:
        raise Failing("not all there: the server stopped in the middle; try again later")


def _has_zlib_header(head: bytes) -> bool:
    return len(head) > 1 and head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
