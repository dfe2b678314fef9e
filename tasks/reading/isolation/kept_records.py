"""The records of feeds and other files of many, kept from the check of a run until it reads them: parsed only once."""

import hashlib
import time
from collections.abc import Callable, Iterator

from nightdesk.tasks.reading.formats.content import SourceRecord
from nightdesk.tasks.reading.isolation import processes
from nightdesk.tasks.reading.isolation.jobs import Bytes

Records = Callable[[Bytes, float], Iterator[SourceRecord]]
"""(a file of many, seconds of CPU that it may take) -> its records; raises DocumentError."""

MOST = 8_000_000  # characters of all records together; the records of later files are parsed again
_BESIDE = 500  # characters that a record takes beside its text
# Nanoseconds for which a file is left alone before its records are kept: some file systems tell times by two seconds,
# and a file that is written twice in them would look unchanged.
_AT_REST_NS = 2_000_000_000
_Key = tuple[object, ...]


class KeptRecords:
    """Records of files that have not changed since; each file's are given out once, and then forgotten."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._size = 0
        self._kept: dict[_Key, tuple[int, list[SourceRecord]]] = {}

    def keeping(self, what: Bytes, cpu_s: float) -> Iterator[SourceRecord]:
        """Yield the records of a file of many, and keep them if all of it can be read and there is room.

        Raises:
            DocumentError: it cannot be read, from some record on.
        """
        key = _key(what)
        some: list[SourceRecord] | None = [] if key is not None and key not in self._kept else None
        size = 0
        for record in processes.records(what, cpu_s):
            if some is not None:
                size += _BESIDE + len(record.body)
                some.append(record)
                if self._size + size > self._most:
                    some = None
            yield record
        if some is not None and key is not None and key == _key(what):
            self._kept[key] = size, some
            self._size += size

    def taking(self, what: Bytes, cpu_s: float) -> Iterator[SourceRecord]:
        """Yield the records of a file of many: those that were kept, or, if it has changed since, what it holds now.

        Raises:
            DocumentError: it cannot be read, from some record on.
        """
        key = _key(what) if self._kept else None
        size, records = self._kept.pop(key, (0, None)) if key is not None else (0, None)
        self._size -= size
        yield from processes.records(what, cpu_s) if records is None else records


def _key(what: Bytes) -> _Key | None:
    """Return what tells a file, and its bytes, from all others; None if that cannot be told."""
    how = (what.format_, what.charset, what.most, what.packed)
    if isinstance(what.where, bytes):
        return *how, hashlib.blake2b(what.where, digest_size=16).digest()
    try:
        now = what.where.stat()
    except OSError:
        return None
    if time.time_ns() - now.st_mtime_ns < _AT_REST_NS:
        return None
    return *how, str(what.where), now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns
