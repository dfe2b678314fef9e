"""What SQLite and the disk refuse: one line, the file, the way out; only what is damaged may be moved away."""

import errno
import os
import pickle
import sqlite3
from pathlib import Path

import pytest

from nightdesk.tasks.calling.answers.storage_errors import StoreError, naming_the_file, naming_the_store
from nightdesk.tasks.errors import PublishError

STORE = Path("out/answers.db")
CODES = {
    sqlite3.SQLITE_FULL: "make room",
    sqlite3.SQLITE_BUSY: "`fuser out/answers.db` names it",
    sqlite3.SQLITE_LOCKED: "another process keeps it locked",
    sqlite3.SQLITE_BUSY_SNAPSHOT: "another process keeps it locked",
    sqlite3.SQLITE_READONLY: "make it and its folder writable",
    sqlite3.SQLITE_READONLY_DIRECTORY: "make it and its folder writable",
    sqlite3.SQLITE_IOERR_WRITE: "ulimit -f",
    sqlite3.SQLITE_CANTOPEN: "ulimit -n",
    sqlite3.SQLITE_CORRUPT: "move it away",
    sqlite3.SQLITE_NOTADB: "move it away",
    sqlite3.SQLITE_ERROR: "move it away",
    sqlite3.SQLITE_SCHEMA: "run the same command again",
}


@pytest.mark.parametrize(("code", "way_out"), CODES.items())
def test_each_of_sqlites_codes_has_its_way_out(code: int, way_out: str) -> None:
    raised = sqlite3.OperationalError("what it says")
    raised.sqlite_errorcode = code
    with pytest.raises(StoreError, match=r"^out/answers\.db: what it says: ") as e, naming_the_store(STORE):
        raise raised
    assert way_out in str(e.value)
    assert ("move" in str(e.value)) == (way_out == "move it away")
    assert "\n" not in str(e.value)
    again = pickle.loads(pickle.dumps(e.value))
    assert (str(again), again.code) == (str(e.value), code & 0xFF)


@pytest.mark.parametrize(
    ("code", "way_out"),
    [(errno.ENOSPC, "make room"), (errno.EFBIG, "ulimit -f"), (errno.EPERM, "writable"), (errno.EROFS, "writable")],
)
def test_what_the_disk_refuses_names_the_file(code: int, way_out: str) -> None:
    with pytest.raises(PublishError, match=r"^a/part: cannot be written") as e, naming_the_file(Path("a/part")):
        raise OSError(code, os.strerror(code))
    assert way_out in str(e.value) and "run the same command again" in str(e.value)
    with pytest.raises(PublishError, match=r"^the/file: "), naming_the_file(Path("a/part")):
        raise OSError(code, os.strerror(code), "the/file")
