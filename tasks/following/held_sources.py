"""Which sources follows hold, so that a night leaves them out: the table `held` of the journals, read without writing.

A source is held while the follow that was told to read it is under way, and after that as long as its journal has
documents that are not closed, because the same command goes on with these.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from nightdesk.tasks.calling.answers.database import LOCK_TIMEOUT_S, Database
from nightdesk.tasks.calling.answers.storage_errors import naming_the_store
from nightdesk.tasks.following.journal import FOLDER
from nightdesk.tasks.reading.documents import shown
from nightdesk.tasks.reading.fetching.addresses import is_url, public
from nightdesk.tasks.reading.found_documents import STDIN

_SCHEMA = "CREATE TABLE IF NOT EXISTS held (argument TEXT PRIMARY KEY) WITHOUT ROWID"
_NO_TABLE = "no such table"


@dataclass(frozen=True, slots=True)
class Holder:
    """A follow that holds sources. is_under_way: its process runs. open_dates: of its documents that are not closed."""

    profile: str
    is_under_way: bool
    open_dates: tuple[date, ...]

    @property
    def why(self) -> str:
        """Say why it holds them, and what ends that."""
        whose = f"a follow of the profile {self.profile}"
        if self.is_under_way:
            return f"{whose} reads it"
        days = ", ".join(d.isoformat() for d in self.open_dates)
        return f"{whose} has ended before its documents of {days} were closed; the same `nightdesk follow` closes them"


@dataclass(slots=True)
class Held:
    """What is held. sources: real path or address -> by whom. documents: ids of those that are not closed.

    met: those of the sources that were asked about. ended: follows that have ended and left documents open.
    """

    sources: dict[str, Holder] = field(default_factory=dict)
    documents: frozenset[str] = frozenset()
    met: set[str] = field(default_factory=set)
    ended: list[Holder] = field(default_factory=list)

    def has(self, where: Path | str) -> bool:
        """Tell whether a file, folder or address is held, or lies in a folder that is."""
        found = next((name for name in _names(where) if name in self.sources), None)
        if found is not None:
            self.met.add(found)
        return found is not None

    def lines(self) -> Iterator[str]:
        """Yield a line for each source that was met, and for each follow that left documents open and was not."""
        for name in sorted(self.met):
            where = public(name) if is_url(name) else shown(name)
            yield f"{where} is left out, since {self.sources[name].why}"
        told = [self.sources[name] for name in self.met]
        yield from (holder.why for holder in self.ended if holder not in told)


def hold(db: Database, arguments: Iterable[str]) -> None:
    """Note the sources of a follow that begins; those before it stay noted while documents of them are not closed."""

    def note() -> None:
        if not db.rows("SELECT 1 FROM documents LIMIT 1"):
            db.execute("DELETE FROM held")
        names = [(next(_names(argument)),) for argument in arguments if argument != STDIN]
        db.executemany("INSERT OR IGNORE INTO held VALUES (?)", names)

    db.execute(_SCHEMA)
    db.transact(note)


def held(out: Path) -> Held:
    """Return what follows hold of an OUT, whatever their profiles.

    Raises:
        StoreError: a journal cannot be read.
    """
    found: dict[str, Holder] = {}
    documents: set[str] = set()
    ended: list[Holder] = []
    for path in sorted((out / FOLDER).glob("*.db")):
        arguments, unclosed = _kept(path)
        documents |= {doc_id for doc_id, _ in unclosed}
        days = tuple(sorted({date.fromisoformat(day) for _, day in unclosed}))
        holder = Holder(path.stem, _is_locked(path.with_suffix(".lock")), days)
        if holder.is_under_way or days:
            found |= dict.fromkeys(arguments, holder)
        if days and not holder.is_under_way:
            ended.append(holder)
    return Held(found, frozenset(documents), ended=ended)


def _kept(path: Path) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the sources that a journal notes, and its documents with their dates.

    Unlike `look_into` it heeds what another process has written just now, which stands in the log beside the file.
    """
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with naming_the_store(path), closing(sqlite3.connect(uri, uri=True, timeout=LOCK_TIMEOUT_S)) as db:
        unclosed = _rows(db, "SELECT doc_id, date FROM documents")
        return [str(argument) for (argument,) in _rows(db, "SELECT argument FROM held")], unclosed


def _rows(db: sqlite3.Connection, query: str) -> list[tuple[Any, ...]]:
    try:
        return db.execute(query).fetchall()
    except sqlite3.OperationalError as e:
        if _NO_TABLE not in str(e):
            raise
        return []  # its follow is just beginning


def _is_locked(lock: Path) -> bool:
    if not lock.exists():
        return False
    try:
        with FileLock(lock, timeout=0, is_singleton=False):
            return False
    except Timeout:
        return True


def _names(where: Path | str) -> Iterator[str]:
    """Yield by what names something may be held: an address its own, a file its real path and the folders above."""
    if isinstance(where, str) and is_url(where):
        yield where
        return
    real = Path(os.path.realpath(where))
    for path in (real, *real.parents):
        yield os.fsencode(path).decode("utf-8", "backslashreplace")  # SQLite holds no name that is no UTF-8
