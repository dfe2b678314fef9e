"""The file of the index: OUT/index.db, private to its owner because it holds ids of documents."""

import contextlib
import logging
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.calling.answers.storage_errors import StoreError
from nightdesk.tasks.safety.links import refuse_links
from nightdesk.tasks.tables.index import part_changes

INDEX = "index.db"
DAMAGED = "index.db.damaged"
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)  # the last: tables that are not ours
_UNWRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
_LOST = "is made anew of the tables; what stood on dates that were pruned counts as never read"
log = logging.getLogger("nightdesk")


@contextmanager
def opened(out: Path, *statements: str) -> Iterator[Database]:
    """Open the index of OUT for a block. statements: make the tables of whoever opens it, where they are missing.

    Where nothing was published yet, or OUT cannot be written, an index is made for the block alone. One that turns out
    to be damaged is moved aside, so that whoever opens it next has it made anew.

    Raises:
        PublishError: it is a link that leads out of OUT.
        StoreError: the disk refuses it.
    """
    refuse_links(out, out / INDEX)
    db = _open(out / INDEX, statements) if (out / "tables").is_dir() else None
    if db is None:
        with tempfile.TemporaryDirectory(prefix="nightdesk-index-") as folder:
            db = made(Path(folder) / INDEX, statements)
            try:
                yield db
            finally:
                db.close()
        return
    try:
        yield db
    except StoreError as e:
        if not is_damaged(e):
            raise
        move_aside(out / INDEX)
        raise StoreError(f"{out / INDEX}: it is damaged; run the same command again", e.code) from None
    finally:
        db.close()


def is_damaged(error: StoreError) -> bool:
    """Tell whether an error says that the file is no index of ours, or no longer one."""
    return error.code in _BROKEN


def _open(path: Path, statements: tuple[str, ...]) -> Database | None:
    try:
        return made(path, statements)
    except StoreError as e:
        if e.code in _UNWRITABLE:
            return None
        if not is_damaged(e):
            raise
    move_aside(path)
    return made(path, statements)


def move_aside(path: Path, then: str = _LOST) -> None:
    """Move a damaged database to <name>.damaged beside it, and say so. then: what comes of that, for the log."""
    aside = path.with_name(f"{path.name}.damaged")
    log.warning("%s: it is damaged, so it was moved to %s and %s", path, aside.name, then)
    for part in ("-wal", "-shm"):
        path.with_name(path.name + part).unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):  # another process has just done so
        path.replace(aside)


def made(path: Path, statements: tuple[str, ...]) -> Database:
    """Open a database that follows parts, and make its tables where they are missing.

    Raises:
        StoreError: it is damaged, or the disk refuses it.
    """
    db = Database(path)
    try:
        part_changes.prepare(db)
        for statement in statements:
            db.execute(statement)
    except StoreError:
        db.close()
        raise
    return db
