"""The parts of the tables: the one way in which published rows are found and read back.

Parts that were decided to be published and are not in place yet (their run was killed between two moves, or is at it)
are read where they lie, so that no reader of ours sees half a batch. What is no part is named and left out.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from nightdesk.tasks.tables.broken_parts import BrokenPart, read_part
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.places import attempt_of, day_named, day_of, run_of, table_folder
from nightdesk.tasks.tables.publishing.manifest import Decided, decided

log = logging.getLogger("nightdesk")
_TRIES = 20  # readings that a publication spoilt before the last one is taken as it is
_NO_DATE = "is no folder of a date (run_date=YYYY-MM-DD), so it is left out; move it out of OUT/tables"
_told: set[tuple[str, float]] = set()  # what has been named: a run reads its tables many times
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part:
    """One part. path: where it lies now; place: where it belongs below OUT."""

    path: Path
    place: Path
    day: date

    @property
    def run_id(self) -> str:
        """The run that published it, where its table only grows."""
        return run_of(self.place.stem)

    @property
    def attempt(self) -> str:
        """The attempt of that run, likewise: the run's id, and more if the run can have had several."""
        return attempt_of(self.place.stem)


def dates(out: Path, table: str) -> list[date]:
    """Return the dates for which a table has parts, in order."""
    there = {day for day, _ in date_entries(out, table)}
    return sorted(there.union(p.day for p in _on_their_way(decided(out), table)))


def has(out: Path, table: str, day: date) -> bool:
    """Tell whether a table has parts for a date, without a look at other dates."""
    on_their_way = _on_their_way(decided(out), table)
    return (out / table_folder(table, day)).is_dir() or any(p.day == day for p in on_their_way)


def find(out: Path, table: str, days: Iterable[date] | None = None) -> list[Part]:
    """Return the parts of a table in the order of their dates: of some dates, which alone are looked at, or of all."""
    wanted = None if days is None else set(days)
    named = None if wanted is None else {day: out / table_folder(table, day) for day in wanted}
    folders = date_folders(out, table) if named is None else named
    there = {place: Part(place, place, day) for day, folder in folders.items() for place in folder.glob("*.parquet")}
    ahead = decided(out)
    for part in _on_their_way(ahead, table):
        if wanted is None or part.day in wanted:
            there[part.place] = part
    for place in ahead.leaving & there.keys():
        del there[place]
    return sorted(there.values(), key=lambda p: (p.day, p.place))


def read(out: Path, table: str, days: Iterable[date], columns: list[str] | None = None) -> pa.Table:
    """Read a table's rows of some dates. Parts that cannot be read are named and left out."""
    days = set(days)
    return steadily(lambda: find(out, table, days), lambda parts: read_parts(parts, table, columns))


def read_parts(parts: Iterable[Part], table: str, columns: list[str] | None = None) -> pa.Table:
    """Read some parts of a table as one, in the table's schema; those that cannot be read are named and left out."""
    c = contract(table)
    tables = [c.conform(c.schema.empty_table(), columns)]
    for part in parts:
        try:
            tables.append(c.conform(read_part(part.path, columns, table), columns))
        except (OSError, BrokenPart, pa.ArrowException) as e:
            if part.path.exists():  # else it was put in place, or merged into another, meanwhile: read again
                name_broken(part, e)
    return pa.concat_tables(tables).replace_schema_metadata(None)


def steadily(look: Callable[[], list[Part]], work: Callable[[list[Part]], T]) -> T:
    """Return what `work` makes of the parts that `look` finds, once none of them was replaced meanwhile."""
    for _ in range(_TRIES):
        parts = look()
        before = _stamps(parts)
        result = work(parts)
        if _stamps(look()) == before:
            break
    return result


def name_broken(part: Part, error: Exception) -> None:
    """Say that a part cannot be read and is left out, and what can be done: once a program for each state of a part."""
    why = getattr(error, "why", None) or " ".join(str(getattr(error, "strerror", None) or error).split()).rstrip(".")
    _name(
        part.path,
        f"cannot be read ({why}), so its rows are left out; restore it, or remove it and run {part.day} again",
    )


def _name(path: Path, what: str) -> None:
    key = (str(path), _changed(path))
    if key not in _told:
        _told.add(key)
        log.warning("%s: %s", path, what)


def date_folders(out: Path, table: str) -> dict[date, Path]:
    """Return the folders of dates, in order; what else lies there is named and left out."""
    parent = out / "tables" / table
    return {day: parent / name for day, name in sorted((day, entry.name) for day, entry in date_entries(out, table))}


def date_entries(out: Path, table: str) -> Iterator[tuple[date, os.DirEntry[str]]]:
    """Yield the dates of a table with their folders, in no order; what else lies there is named and left out.

    A start pays for this for every night before it, so nothing is made of a folder but its date, and it is read by the
    descriptor of its parent, which saves a fifth of each stat. An entry can be asked only until the next one comes.
    """
    parent = out / "tables" / table
    try:
        descriptor = os.open(parent, os.O_RDONLY)
    except OSError:
        return
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                day = day_named(entry.name)
                if day is not None and entry.is_dir():
                    yield day, entry
                elif entry.name.startswith("run_date=") or (entry.name.endswith(".parquet") and entry.name[0] != "."):
                    _name(parent / entry.name, _NO_DATE)
    finally:
        os.close(descriptor)


def _on_their_way(ahead: Decided, table: str) -> list[Part]:
    return [
        Part(staged, place, day)
        for place, staged in ahead.arriving.items()
        if place.parent.parent.name == table and (day := day_of(place.parent)) is not None
    ]


def _stamps(parts: list[Part]) -> list[tuple[Path, float, int]]:
    # By where they lie: one that was moved to its place while it was read is the same file, and may have been missed.
    return [(p.path, _changed(p.path), p.path.stat().st_ino if p.path.exists() else 0) for p in parts]


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
