"""What SQLite or the disk refuses, as one line that names the file and the way out."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nightdesk.tasks.errors import PublishError

AGAIN = "then run the same command again: it goes on from there"
_PRIMARY = 0xFF  # SQLite's extended codes hold the primary code in the lowest byte
_WAYS_OUT = {
    sqlite3.SQLITE_FULL: f"the disk is full; what was answered until then is stored; make room on it, {AGAIN}",
    sqlite3.SQLITE_BUSY: "another process keeps it locked; end that process (`fuser {path}` names it), " + AGAIN,
    sqlite3.SQLITE_READONLY: "it cannot be written; make it and its folder writable, " + AGAIN,
    sqlite3.SQLITE_IOERR: "the disk failed to read or write it; look at the disk, at its quota and at the largest file "
    f"that may be written (`ulimit -f`), {AGAIN}",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; see that it is a file, that it and its folder may be written and "
    f"that enough files may be open (`ulimit -n`), {AGAIN}",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restore it, or move it away with {path}-wal and {path}-shm to start with "
    "an empty store: then answers that were paid for and not yet published are asked and paid for again; the "
    "published tables stand",
    sqlite3.SQLITE_ERROR: "its tables are not those of this version of nightdesk; use the version that wrote it, or "
    "move it away with {path}-wal and {path}-shm to start anew",
}
_WAYS_OUT[sqlite3.SQLITE_LOCKED] = _WAYS_OUT[sqlite3.SQLITE_BUSY]
_WAYS_OUT[sqlite3.SQLITE_NOTADB] = _WAYS_OUT[sqlite3.SQLITE_CORRUPT]
_ROOM = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room within the disk quota",
    errno.EFBIG: "allow larger files (`ulimit -f`)",
    errno.EMFILE: "allow more open files (`ulimit -n`)",
    errno.EIO: "look at the disk",
}


class StoreError(PublishError):
    """A database cannot be read or written. code: SQLite's primary result code, 0 if it gave none."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message, code)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[0])

    @property
    def is_damaged(self) -> bool:
        """Whether it will say the same until somebody has mended or moved the file."""
        return self.code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


@contextmanager
def naming_the_store(path: Path) -> Iterator[None]:
    """Turn what SQLite says of a database into one line with the way out.

    Raises:
        StoreError: SQLite cannot read or write it.
    """
    try:
        yield
    except sqlite3.Error as e:
        code = getattr(e, "sqlite_errorcode", 0) & _PRIMARY
        way_out = _WAYS_OUT.get(code, AGAIN.removeprefix("then ")).format(path=path)
        raise StoreError(f"{path}: {e}: {way_out}", code) from None


@contextmanager
def naming_the_file(path: Path, what: str = "cannot be written", then: str = AGAIN) -> Iterator[None]:
    """Turn what the disk refuses into one line: the file (else `path`), the cause, the way out, what to do then.

    Raises:
        PublishError: a file cannot be read or written.
    """
    try:
        yield
    except OSError as e:
        way_out = _ROOM.get(e.errno or 0, "make it and its folder writable")
        raise PublishError(f"{e.filename or path}: {what} ({e.strerror or e}); {way_out}, {then}") from None
