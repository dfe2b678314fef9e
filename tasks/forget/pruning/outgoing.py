"""What pruning would remove: looked at beforehand, and again date by date once nobody is at work there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from nightdesk.tasks.calling.answers.removal import OldCalls, look_for_old
from nightdesk.tasks.edition.pages import edition_path
from nightdesk.tasks.forget.pruning.cutoffs import Before
from nightdesk.tasks.forget.pruning.seen_by_learner import SeenByLearner
from nightdesk.tasks.tables import parts
from nightdesk.tasks.tables.broken_parts import BrokenPart, read_part
from nightdesk.tasks.tables.contracts import TABLES
from nightdesk.tasks.tables.places import REPLACED, table_folder

# In the order in which they go: a document that does not stand in `documents` does not count.
_OF_DOCUMENTS = tuple(reversed(REPLACED))
_OF_CALLS = ("quarantine", "judgements", "calls")
_ORDER = (*_OF_DOCUMENTS, *_OF_CALLS, *(t for t in TABLES if t not in (*_OF_DOCUMENTS, *_OF_CALLS)))


@dataclass(slots=True)
class OutgoingDate:
    """What would go of one date. is_whole: its documents, too. kept: why something stays, a line each.

    bytes, edition_bytes: what its parts and its edition take.
    """

    day: date
    is_whole: bool = False
    parts: list[Path] = field(default_factory=list)
    edition: Path | None = None
    bytes: int = 0
    edition_bytes: int = 0
    kept: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Outgoing:
    """What would go, or has gone."""

    before: Before
    answers: OldCalls = field(default_factory=OldCalls)
    dates: list[OutgoingDate] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each kind of thing that is asked for: how many of what dates, and their bytes."""
        whole, calls = [it for it in self.dates if it.is_whole], [it for it in self.dates if not it.is_whole]
        pages = [it for it in self.dates if it.edition]
        found = {
            "answers": (self.answers.calls, "calls", self.answers.bytes, []),
            "calls": (sum(len(it.parts) for it in calls), "parts", sum(it.bytes for it in calls), calls),
            "editions": (len(pages), "editions", sum(it.edition_bytes for it in pages), pages),
            "dates": (sum(len(it.parts) for it in whole), "parts", sum(it.bytes for it in whole), whole),
        }
        return [
            {"what": what, "before": day.isoformat(), "number": number, "of": unit, "bytes": size, "dates": _span(its)}
            for what, day in self.before.items()
            for number, unit, size, its in (found[what],)
        ]

    @property
    def line(self) -> str:
        """Say what there is; "" if it is nothing."""
        rows = [row for row in self.rows if row["number"]]
        said = [f"{r['number']:,} {r['of']} of {r['what']} before {r['before']}" for r in rows]
        return f"{', '.join(said)} ({sum(r['bytes'] for r in rows) / 1e6:.1f} MB)" if said else ""


def look(out: Path, before: Before, seen: SeenByLearner) -> Outgoing:
    """Return what pruning would remove. Nothing is written.

    Raises:
        StoreError: the answers' store cannot be read.
    """
    found = Outgoing(before)
    if "answers" in before:
        found.answers = look_for_old(out, before["answers"])
    found.dates = [it for day in sorted(_days(out, before)) if _has_any(it := look_at(out, day, before, seen))]
    found.kept = [line for it in found.dates for line in it.kept]
    return found


def look_at(out: Path, day: date, before: Before, seen: SeenByLearner) -> OutgoingDate:
    """Return what would go of one date."""
    it = OutgoingDate(day, is_whole=_is_before(day, before, "dates"))
    if it.is_whole and (broken := _broken(out, day)) is not None:
        it.is_whole = False  # its documents could not be kept in mind, so they would be run again as new ones
        it.kept.append(f"{broken}: cannot be read, so {day} stays; restore or remove it, then prune again")
        return it
    tables = [t for t in _ORDER if it.is_whole or (t in _OF_CALLS and _is_before(day, before, "calls"))]
    unseen: set[str] = set()
    for part in parts.find(out, "calls", [day]) if "calls" in tables else ():
        if why := seen.why_not(part):
            unseen.add(part.place.name)
            it.kept.append(f"{part.place}: stays, because {why}")
    it.parts = [
        path
        for table in tables
        for path in sorted((out / table_folder(table, day)).glob("*.parquet"))
        if table not in ("calls", "judgements") or path.name not in unseen
    ]
    if (it.is_whole or _is_before(day, before, "editions")) and (folder := edition_path(out, day).parent).is_dir():
        it.edition = folder
    it.bytes = sum(map(_size, it.parts))
    it.edition_bytes = sum(map(_size, it.edition.rglob("*"))) if it.edition else 0
    return it


def _days(out: Path, before: Before) -> set[date]:
    """Return the dates of which something may go."""
    days = {day for table in TABLES for day in parts.date_folders(out, table)}
    pages = {day for day in _editions(out) if any(_is_before(day, before, what) for what in ("editions", "dates"))}
    return {day for day in days if any(_is_before(day, before, what) for what in ("calls", "dates"))} | pages


def _editions(out: Path) -> Iterator[date]:
    for folder in (out / "editions").glob("????-??-??/"):
        try:
            yield date.fromisoformat(folder.name)
        except ValueError:
            continue  # a folder that somebody else put there


def _is_before(day: date, before: Before, what: str) -> bool:
    return what in before and day < before[what]


def _has_any(it: OutgoingDate) -> bool:
    return bool(it.parts or it.edition or it.kept)


def _broken(out: Path, day: date) -> Path | None:
    for path in sorted((out / table_folder("documents", day)).glob("*.parquet")):
        try:
            read_part(path, ["doc_id"], "documents")
        except FileNotFoundError:
            continue
        except (OSError, BrokenPart, pa.ArrowException):
            return path
    return None


def _span(its: Sequence[OutgoingDate]) -> str:
    """Return the dates as a range."""
    days = sorted(it.day.isoformat() for it in its if it.parts or it.edition)
    return "" if not days else days[0] if len(days) == 1 else f"{days[0]}..{days[-1]} ({len(days)})"


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
