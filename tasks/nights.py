"""The nights of a schedule: which have been run, and which were missed.

OUT/nights/<profile>/<date>.json says of a scheduled night when it was due, which run did it, and whether it was done.
It is written when the night begins and again when it has been published: what began and was not done is done again.
A date without such a file that stands in `documents` was run by hand, and counts as done.
"""

import json
import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from cronsim import CronSim

from tasks import history

LOOK_BACK = 7  # days; a night that was missed longer ago stays missed


@dataclass(frozen=True, slots=True)
class Night:
    """A scheduled night. due: when it was to start, in the time zone of its schedule."""

    due: datetime

    @property
    def run_date(self) -> date:
        """The date that it is for."""
        return self.due.date()


def nights_between(cron: str, zone: str, after: datetime, before: datetime) -> list[Night]:
    """Return the last firing of each date that a schedule has after one moment and before another, oldest first."""
    last: dict[date, Night] = {}
    for due in CronSim(cron, after.astimezone(ZoneInfo(zone))):
        if due >= before:
            break
        last[due.date()] = Night(due)
    return list(last.values())


def missed(out: Path, profile: str, nights: Iterable[Night]) -> list[Night]:
    """Return those of some nights, oldest first, that are to be made good: not done, after one that OUT knows of.

    OUT knows of the nights that were marked. Where only runs by hand have published, it knows of those that were not
    long before: what was missed is what came after the latest of them.
    """
    nights = sorted(nights, key=lambda n: n.due)
    if not nights:
        return []
    marks = {date.fromisoformat(p.stem) for p in (out / "nights" / profile).glob("????-??-??.json")}
    near = nights[0].run_date - timedelta(days=1), nights[-1].run_date
    by_hand = {day for day in history.dates(out, "documents") if near[0] <= day <= near[1]} - marks
    first = min(marks) if marks else max(by_hand, default=date.max)
    done = by_hand | {day for day in marks if _done_due(out, profile, day)}
    return [n for n in nights if n.run_date >= first and n.run_date not in done]


def is_done(out: Path, profile: str, night: Night) -> bool:
    """Tell whether a night has been run: by the run that was due then, or by a later one of its date."""
    was_due = _done_due(out, profile, night.run_date)
    return was_due is not None and was_due >= night.due


def mark(out: Path, profile: str, night: Night, run_id: str, done: bool) -> None:
    """Write down that a night has begun, or that it is done."""
    path = _path(out, profile, night.run_date)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{uuid.uuid4().hex}")
    with temporary.open("w", encoding="utf-8") as f:
        json.dump({"due": night.due.isoformat(), "run_id": run_id, "done": done}, f)
        f.flush()
        os.fsync(f.fileno())
    temporary.replace(path)


def _path(out: Path, profile: str, day: date) -> Path:
    return out / "nights" / profile / f"{day.isoformat()}.json"


def _done_due(out: Path, profile: str, day: date) -> datetime | None:
    """Return when the night of a date was due, if it is done. No mark, or a broken one, tells of no such night."""
    try:
        mark = json.loads(_path(out, profile, day).read_text(encoding="utf-8"))
        return datetime.fromisoformat(mark["due"]) if mark["done"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
