"""The database of the answers' store: SQLite in WAL mode, private to its owner, each of its errors in one line.

A spare file of some MB lies beside it. When the disk is full, it is given up once, so that the answers that are still
on their way are stored before the run ends.
"""

import contextlib
import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from nightdesk.tasks.calling.answers.storage_errors import StoreError, naming_the_store
from nightdesk.tasks.config.private_files import check_ours, make_private

LOCK_TIMEOUT_S = 30.0  # how long another process may keep the database locked
SPARE_BYTES = 4 * 1024 * 1024  # room for some hundred answers
MOST_LOG_BYTES = 4 * 1024 * 1024  # to which the log beside the database is cut once its content is in the database
_PARTS = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a database, with its mode
T = TypeVar("T")
log = logging.getLogger("nightdesk")


class Database:
    """One connection, used from one thread. spare: the file that is given up when the disk is full; None: none."""

    def __init__(self, path: Path, spare: Path | None = None) -> None:
        self.path = path
        self.full: StoreError | None = None  # set once the disk was full: the spare room is for what is on its way
        self._spare = spare
        with contextlib.suppress(OSError):  # where this fails, SQLite says what is wrong with the file
            check_ours(*(path.with_name(f"{path.name}{part}") for part in _PARTS))
            make_private(path)
        with naming_the_store(path):
            self._db = sqlite3.connect(path, timeout=LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            # Before anything else is written: so that what is deleted can be given back to the disk in small steps.
            self.execute("PRAGMA auto_vacuum = INCREMENTAL")
            self.execute("PRAGMA journal_mode = WAL")
            self.execute(f"PRAGMA journal_size_limit = {MOST_LOG_BYTES}")
            self.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing
            self.execute("PRAGMA secure_delete = ON")  # what is forgotten is overwritten, not only unlinked
        except StoreError:
            self._db.close()
            raise
        if spare is not None:
            _keep_spare(spare)

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(sqlite3.Error):  # what it could not tidy up is tidied up when it is opened again
            self._db.close()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows that a query finds.

        Raises:
            StoreError: the database cannot be read.
        """
        with naming_the_store(self.path):
            return self._db.execute(sql, values).fetchall()

    def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Carry a statement out; return how many rows it changed.

        Raises:
            StoreError: the database cannot be written.
        """
        with naming_the_store(self.path):
            return self._db.execute(sql, values).rowcount

    def executemany(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        """Carry a statement out for each of some rows.

        Raises:
            StoreError: the database cannot be written.
        """
        with naming_the_store(self.path):
            self._db.executemany(sql, values)

    def step(self, sql: str) -> None:
        """Carry out one statement that works page by page, as PRAGMA incremental_vacuum does, to its end.

        Raises:
            StoreError: the database cannot be written.
        """
        with naming_the_store(self.path):
            self._db.executescript(sql)  # execute would end it after its first page

    def transact(self, work: Callable[[], T]) -> T:
        """Carry out statements together or not at all; return what `work` returns. It may be called twice.

        Within another transaction it is a part of that one.

        Raises:
            StoreError: the database cannot be written.
        """
        if self._db.in_transaction:
            return work()
        try:
            return self._transacted(work)
        except StoreError as e:
            if not self._give_up_spare(e):
                raise
        return self._transacted(work)

    def _transacted(self, work: Callable[[], T]) -> T:
        self.execute("BEGIN IMMEDIATE")
        try:
            result = work()
            self.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                if self._db.in_transaction:  # SQLite rolls back by itself where it cannot go on
                    self._db.execute("ROLLBACK")
            raise
        return result

    def _give_up_spare(self, error: StoreError) -> bool:
        if error.code != sqlite3.SQLITE_FULL or self._spare is None or not self._spare.exists():
            return False
        self._spare.unlink(missing_ok=True)
        self.full = error
        log.warning(
            "%s: the disk is full; answers that are on their way are stored in spare room, then it ends", self.path
        )
        return True


def look_into(path: Path, look: Callable[[sqlite3.Connection], T]) -> T:
    """Return what `look` finds in a database. Nothing is written, not even beside the file.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        return _looked_into(path, look, "&immutable=1")  # without it SQLite makes files beside the database
    except sqlite3.Error:
        with naming_the_store(path):  # another process writes it just now, or all of it is in the log still
            return _looked_into(path, look)


def _looked_into(path: Path, look: Callable[[sqlite3.Connection], T], how: str = "") -> T:
    uri = f"{path.resolve().as_uri()}?mode=ro{how}"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=LOCK_TIMEOUT_S)) as db:
        return look(db)


def _keep_spare(path: Path) -> None:
    """Lay the spare file out; where there is no room for it, do without."""
    try:
        with path.open("xb") as f:
            os.posix_fallocate(f.fileno(), 0, SPARE_BYTES)
    except FileExistsError:
        return
    except OSError:
        path.unlink(missing_ok=True)
