"""The parts of the tables: the one way in which published rows are found and read back.

Parts that were decided to be published and are not in place yet (their run was killed between two moves, or is at it)
are read where they lie, so that no reader of ours sees half a batch. What is no part is named and left out.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from nightdesk.tasks.tables.broken_parts import BrokenPart, read_part
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.places import attempt_of, day_of, run_of
from nightdesk.tasks.tables.publishing.manifest import Decided, decided

log = logging.getLogger("nightdesk")
_TRIES = 20  # readings that a publication spoilt before the last one is taken as it is
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
    return sorted({*date_folders(out, table), *(p.day for p in _on_their_way(decided(out), table))})


def find(out: Path, table: str, days: Iterable[date] | None = None) -> list[Part]:
    """Return the parts of a table in the order of their dates: of some dates, or of all."""
    folders = date_folders(out, table)
    wanted = None if days is None else set(days)
    there = {
        place: Part(place, place, day)
        for day, folder in folders.items()
        if wanted is None or day in wanted
        for place in folder.glob("*.parquet")
    }
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
    """Return the folders of dates; what else lies there is named and left out."""
    found = {}
    for folder in sorted((out / "tables" / table).glob("[!.]*")):
        day = day_of(folder)
        if day is not None and folder.is_dir():
            found[day] = folder
        elif folder.name.startswith("run_date=") or folder.suffix == ".parquet":
            _name(folder, "is no folder of a date (run_date=YYYY-MM-DD), so it is left out; move it out of OUT/tables")
    return found


def _on_their_way(ahead: Decided, table: str) -> list[Part]:
    return [
        Part(staged, place, day)
        for place, staged in ahead.arriving.items()
        if place.parent.parent.name == table and (day := day_of(place.parent)) is not None
    ]


def _stamps(parts: list[Part]) -> list[tuple[Path, float, int]]:
    return [(p.place, _changed(p.path), p.path.stat().st_ino if p.path.exists() else 0) for p in parts]


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
