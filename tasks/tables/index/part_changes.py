"""Which parts of a table came and went since the index was last brought up to date.

For each table the index remembers the folders of its dates and the parts in them. A look takes one stat for each
folder (some 3 us a date) and lists only the folders that changed, because adding, replacing or removing a part changes
its folder. A part that somebody overwrites in place leaves its folder as it was, so it is noticed only by a look at
dates that are named, which lists all of their folders.

Parts that were pruned stay known: that they are gone is no news. `keeper` names who remembers, so that two keepers of
the same table each see every change.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.tables import parts
from nightdesk.tasks.tables.places import table_folder

_FOLDERS_AT_ONCE = 64  # of one transaction, so that other processes get at the index between two
_SETTLED_NS = 2_000_000_000  # a folder that changed less than this ago may change again without a new time stamp
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS date_folders (keeper TEXT, run_date TEXT, stamp TEXT, "
    "PRIMARY KEY (keeper, run_date)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS known_parts (number INTEGER PRIMARY KEY AUTOINCREMENT, keeper TEXT, run_date TEXT, "
    "name TEXT, stamp TEXT, is_pruned INTEGER DEFAULT 0, UNIQUE (keeper, run_date, name))",
)


@dataclass(frozen=True, slots=True)
class KnownPart(parts.Part):
    """A part that the index knows. number: of it in the index, never used for another state of it."""

    number: int = 0


@dataclass(slots=True)
class Changes:
    """Parts that came and went. A part that was replaced is in both, with two numbers."""

    added: list[KnownPart] = field(default_factory=list)
    gone: list[KnownPart] = field(default_factory=list)


def prepare(db: Database) -> None:
    """Make the index's own tables where they are missing.

    Raises:
        StoreError: the index cannot be written.
    """
    for statement in _SCHEMA:
        db.execute(statement)


def keep_up(
    db: Database,
    out: Path,
    table: str,
    apply: Callable[[Changes], None],
    days: Iterable[date] | None = None,
    keeper: str = "",
) -> None:
    """Have `apply` take in what changed in a table: some dates at a time, each time in one transaction.

    days: the only dates to look at, each of them closely; None: all.

    Raises:
        StoreError: the index cannot be written.
    """
    changed = sorted(_changed_folders(db, out, table, days, keeper))
    for k in range(0, len(changed), _FOLDERS_AT_ONCE):
        some = changed[k : k + _FOLDERS_AT_ONCE]
        db.transact(lambda: apply(changed_parts(db, out, table, some, keeper)))  # noqa: B023  (it is called at once)


def changed_parts(db: Database, out: Path, table: str, days: Iterable[date] | None = None, keeper: str = "") -> Changes:
    """Return which parts of a table came and went, and remember them. Called within a transaction.

    Raises:
        StoreError: the index cannot be written.
    """
    changes = Changes()
    for day, stamp in _changed_folders(db, out, table, days, keeper).items():
        _compare(db, out / table_folder(table, day), (keeper or table, day.isoformat()), changes)
        if stamp is None:
            db.execute("DELETE FROM date_folders WHERE keeper = ? AND run_date = ?", (keeper or table, day.isoformat()))
        else:
            row = keeper or table, day.isoformat(), stamp
            db.execute("INSERT OR REPLACE INTO date_folders (keeper, run_date, stamp) VALUES (?, ?, ?)", row)
    return changes


def unread(db: Database, number: int) -> None:
    """Take back that a part came, because it could not be read: the next look finds it again. number: of the part.

    Raises:
        StoreError: the index cannot be written.
    """
    its_folder = "(SELECT keeper, run_date FROM known_parts WHERE number = ?)"
    db.execute(f"UPDATE date_folders SET stamp = '' WHERE (keeper, run_date) = {its_folder}", (number,))
    db.execute("DELETE FROM known_parts WHERE number = ?", (number,))


def mark_pruned(db: Database, table: str, run_date: date, keeper: str = "") -> None:
    """Keep what is known of the parts of a date although they are about to be removed for good.

    What was not looked at yet stays unknown, so look first. Nothing happens to parts that come later.

    Raises:
        StoreError: the index cannot be written.
    """
    where = "WHERE keeper = ? AND run_date = ?"
    db.execute(f"UPDATE known_parts SET is_pruned = 1 {where}", (keeper or table, run_date.isoformat()))


def _changed_folders(
    db: Database, out: Path, table: str, days: Iterable[date] | None, keeper: str
) -> dict[date, str | None]:
    """Return the folders that may have changed, with what to remember of each; None: the folder is gone."""
    settled_ns = time.time_ns() - _SETTLED_NS
    if days is not None:
        return {day: _folder_stamp(out / table_folder(table, day), settled_ns) for day in days}
    known = dict(db.rows("SELECT run_date, stamp FROM date_folders WHERE keeper = ?", (keeper or table,)))
    changed: dict[date, str | None] = {}
    for day, entry in parts.date_entries(out, table):
        stamp = _folder_stamp(entry, settled_ns)
        if known.pop(day.isoformat(), None) != stamp or not stamp:
            changed[day] = stamp
    return changed | {date.fromisoformat(day): None for day in known}


def _compare(db: Database, folder: Path, key: tuple[str, str], changes: Changes) -> None:
    """Bring what is remembered of one folder's parts up to date."""
    sql = "SELECT name, number, stamp, is_pruned FROM known_parts WHERE keeper = ? AND run_date = ?"
    known = {name: (number, stamp, is_pruned) for name, number, stamp, is_pruned in db.rows(sql, key)}
    there = _parts_in(folder)
    day = date.fromisoformat(key[1])
    for name, (number, stamp, is_pruned) in known.items():
        if there.get(name) != stamp and not (is_pruned and name not in there):
            changes.gone.append(KnownPart(folder / name, folder / name, day, number))
            db.execute("DELETE FROM known_parts WHERE number = ?", (number,))
    for name, stamp in sorted(there.items()):
        if name not in known or known[name][1] != stamp:
            number = _new_number(db, (*key, name, stamp))
            changes.added.append(KnownPart(folder / name, folder / name, day, number))


def _new_number(db: Database, row: Sequence[Any]) -> int:
    db.execute("INSERT INTO known_parts (keeper, run_date, name, stamp) VALUES (?, ?, ?, ?)", row)
    return int(db.rows("SELECT last_insert_rowid()")[0][0])


def _folder_stamp(folder: Path | os.DirEntry[str], settled_ns: int) -> str | None:
    """Return what changes with a folder; "" if it changed after `settled_ns`, so that it may change again unnoticed."""
    try:
        its = folder.stat()
    except OSError:
        return None
    if its.st_mtime_ns > settled_ns or its.st_ctime_ns > settled_ns:
        return ""
    return f"{its.st_ino}-{its.st_mtime_ns}-{its.st_ctime_ns}"


def _parts_in(folder: Path) -> dict[str, str]:
    """Return the parts that lie in a folder, with what changes when one is replaced."""
    found = {}
    for path in folder.glob("*.parquet"):
        try:
            its = path.stat()
        except OSError:
            continue  # it was removed meanwhile, which the next look finds
        found[path.name] = f"{its.st_ino}-{its.st_mtime_ns}-{its.st_size}"
    return found
