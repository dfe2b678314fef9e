"""What is kept of the nights that were learned from: OUT/state/<profile>/sums.db, which outlives their calls.

Sums of dollars by night, tallies of answers for what-if, the weights of the versions that the picture shows, and which
attempts at runs are done with: learned from, or found to teach this profile nothing. What is asked of all nights is
asked of this file, so no learn reads old calls.

Each learn is one transaction here, and writes the version's file within it. Whoever is killed between the two has
written the file and nothing here; the next learn then finds a version that is not noted, and sums up what it names. If
the file is removed, the next learn makes it anew of the tables and the versions; what was pruned is missing then.
"""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from nightdesk.role_rl.state import tallies_in, tallies_out
from nightdesk.role_rl.sufficient_stats import Key, Tally
from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.calling.answers.storage_errors import StoreError
from nightdesk.tasks.learning.run_rows import Dollars
from nightdesk.tasks.safety.links import refuse_links
from nightdesk.tasks.tables.index import part_changes
from nightdesk.tasks.tables.index.database import made, move_aside
from nightdesk.tasks.tables.parts import Part
from nightdesk.tasks.tables.places import append_part

FILE = "sums.db"
DAMAGED = "sums.db.damaged"
MOST_VERSIONS = 400  # whose weights are kept for the picture
NOTHING = 0  # stands for the version of an attempt that taught nothing
WEIGHTS = ("version", "role", "language", "model", "lane", "weight", "value")
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS waiting (attempt TEXT, run_date TEXT, name TEXT, "
    "PRIMARY KEY (attempt, run_date, name)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS attempts (attempt TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS attempts_of_versions ON attempts (version)",
    "CREATE TABLE IF NOT EXISTS versions (version INTEGER PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS weights (version INTEGER, role TEXT, language TEXT, model TEXT, lane TEXT, "
    "weight REAL, value REAL, PRIMARY KEY (version, role, language, model, lane)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS nights (run_date TEXT PRIMARY KEY, serving REAL, judging REAL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS tallies (role TEXT, language TEXT, arm TEXT, tally TEXT NOT NULL, "
    "PRIMARY KEY (role, language, arm)) WITHOUT ROWID",
)
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_UNWRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
_LOST = "is made anew of the tables and the versions; dollars and what-if lack the nights that were pruned"
T = TypeVar("T")


class Sums:
    """The sums of one profile. Used from one thread."""

    def __init__(self, out: Path, db: Database) -> None:
        self._out, self._db = out, db

    def transact(self, work: Callable[[], T]) -> T:
        """Do all of `work` or nothing; no other process changes the sums meanwhile.

        Raises:
            StoreError: the file cannot be written.
        """
        return self._db.transact(work)

    def look(self) -> dict[str, list[Part]]:
        """Return the parts of `calls` that are not summed up yet, by attempt. Called within a transaction.

        Raises:
            StoreError: the file cannot be written.
        """
        self._take_changes()
        found: dict[str, list[Part]] = {}
        for attempt, day, name in self._db.rows("SELECT attempt, run_date, name FROM waiting ORDER BY run_date, name"):
            run_date = date.fromisoformat(day)
            place = self._out / append_part("calls", run_date, name)
            found.setdefault(attempt, []).append(Part(place, place, run_date))
        return found

    def _take_changes(self) -> None:
        changes = part_changes.changed_parts(self._db, self._out, "calls")
        gone = [(p.attempt, p.day.isoformat(), p.place.stem) for p in changes.gone]
        self._db.executemany("DELETE FROM waiting WHERE attempt = ? AND run_date = ? AND name = ?", gone)
        added = [(p.attempt, p.day.isoformat(), p.place.stem, p.attempt) for p in changes.added]
        self._db.executemany(
            "INSERT OR IGNORE INTO waiting (attempt, run_date, name) "
            "SELECT ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE attempt = ?)",
            added,
        )

    def newest_noted(self) -> int:
        """Return the highest version that is noted here; 0 if none is."""
        ((version,),) = self._db.rows("SELECT max(version) FROM versions")
        return int(version or 0)

    def taught_after(self, version: int) -> set[str]:
        """Return the attempts that only later versions than this have learned from."""
        return {a for (a,) in self._db.rows("SELECT attempt FROM attempts WHERE version > ?", (version,))}

    def note_version(self, version: int, weights: Iterable[Mapping[str, Any]]) -> None:
        """Keep the weights of a version for the picture. Called within a transaction."""
        self._db.execute("INSERT OR IGNORE INTO versions (version) VALUES (?)", (version,))
        self._db.executemany(
            f"INSERT OR REPLACE INTO weights ({', '.join(WEIGHTS)}) VALUES ({', '.join('?' * len(WEIGHTS))})",
            [(version, *(row[name] for name in WEIGHTS[1:])) for row in weights],
        )
        self._db.execute("DELETE FROM weights WHERE version <= ?", (self.newest_noted() - MOST_VERSIONS,))

    def note_attempts(self, attempts: Collection[str], version: int) -> None:
        """Note which version has learned from attempts (NOTHING: they teach nothing). Called within a transaction."""
        self._db.executemany(
            "INSERT OR REPLACE INTO attempts (attempt, version) VALUES (?, ?)", [(a, version) for a in attempts]
        )
        self._db.executemany("DELETE FROM waiting WHERE attempt = ?", [(a,) for a in attempts])

    def add(self, dollars: Mapping[date, Dollars], tallies: Mapping[Key, Tally]) -> None:
        """Add what attempts cost, and what they said of the arms. Called within a transaction."""
        self._db.executemany(
            "INSERT INTO nights (run_date, serving, judging) VALUES (?, ?, ?) ON CONFLICT (run_date) DO UPDATE SET "
            "serving = serving + excluded.serving, judging = judging + excluded.judging",
            [(day.isoformat(), spent.serving, spent.judging) for day, spent in dollars.items()],
        )
        known = self.tallies() if tallies else {}
        rows = [
            (*key, json.dumps(tallies_out({key: known.get(key, Tally()).plus(own)}))) for key, own in tallies.items()
        ]
        self._db.executemany("INSERT OR REPLACE INTO tallies (role, language, arm, tally) VALUES (?, ?, ?, ?)", rows)

    def tallies(self) -> dict[Key, Tally]:
        """Return what all nights said of the arms, as it was given and not discounted."""
        found: dict[Key, Tally] = {}
        for (text,) in self._db.rows("SELECT tally FROM tallies ORDER BY role, language, arm"):
            found |= tallies_in([{"context": t.get("language"), **t} for t in json.loads(text)])  # its earlier name
        return found

    def versions(self, since: int) -> list[int]:
        """Return the versions whose weights are kept, from one on, rising."""
        return [
            v for (v,) in self._db.rows("SELECT version FROM versions WHERE version >= ? ORDER BY version", (since,))
        ]

    def weights(self, versions: Iterable[int]) -> list[dict[str, Any]]:
        """Return the weights of some versions: rows with the columns WEIGHTS."""
        sql = f"SELECT {', '.join(WEIGHTS)} FROM weights WHERE version = ?"
        return [dict(zip(WEIGHTS, row, strict=True)) for v in versions for row in self._db.rows(sql, (v,))]

    def nights(self, most: int) -> tuple[int, list[tuple[float, float]]]:
        """Return how many nights were before the last, and dollars of serving and judging of these, oldest first."""
        ((count,),) = self._db.rows("SELECT count(*) FROM nights")
        rows = self._db.rows("SELECT serving, judging FROM nights ORDER BY run_date DESC LIMIT ?", (most,))
        return int(count) - len(rows), [(serving, judging) for serving, judging in reversed(rows)]


@contextmanager
def opened(out: Path, folder: Path) -> Iterator[Sums]:
    """Open the sums of a profile, whose states are in `folder`, for a block.

    One that is damaged is moved aside and made anew, by whoever opens it next if that turns out within the block. Where
    it cannot be written, what is there is read in a copy, which is gone after the block.

    Raises:
        PublishError: it is a link that leads out of OUT.
        StoreError: the disk refuses it.
    """
    refuse_links(out, folder / FILE)
    if (folder / FILE).is_dir():
        raise StoreError(f"{folder / FILE}: it is a folder; remove it, then run the same command again")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        db = _made_anew(folder / FILE)
    except (OSError, StoreError) as e:
        if isinstance(e, StoreError) and e.code not in _UNWRITABLE:
            raise
        with tempfile.TemporaryDirectory(prefix="nightdesk-sums-") as copy:
            if (folder / FILE).exists():
                shutil.copy(folder / FILE, Path(copy, FILE))
            yield from _closed_after(out, made(Path(copy, FILE), _SCHEMA))
        return
    try:
        yield from _closed_after(out, db)
    except StoreError as e:
        if e.code not in _BROKEN:
            raise
        move_aside(folder / FILE, _LOST)
        raise StoreError(f"{folder / FILE}: it is damaged; run the same command again", e.code) from None


def _closed_after(out: Path, db: Database) -> Iterator[Sums]:
    try:
        yield Sums(out, db)
    finally:
        db.close()


def _made_anew(path: Path) -> Database:
    try:
        return made(path, _SCHEMA)
    except StoreError as e:
        if e.code not in _BROKEN:
            raise
    move_aside(path, _LOST)
    return made(path, _SCHEMA)
