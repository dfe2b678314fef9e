"""The nights of a schedule: which there were, which are done, and what a run that was due at some moment is to do.

OUT/nights/<profile>/<date>.json is the mark of a date: when its latest night was due, which run did it, and whether it
is done. It is written when the night begins and again when it has been published: what began and was not done is done
again. `before` keeps what earlier nights of the same date had done, because a schedule may fire twice on one date.
A date without a mark that stands in `documents` was run by hand, and counts as done.
"""

import contextlib
import json
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.tables import parts

LOOK_BACK = 7  # days; a night that was missed longer ago stays missed


@dataclass(frozen=True, slots=True)
class ScheduledNight:
    """A scheduled night. due: when it was to start, in the time zone of its schedule."""

    due: datetime

    @property
    def run_date(self) -> date:
        """The date that it is for."""
        return self.due.date()

    @property
    def at(self) -> float:
        """The same moment in seconds; it orders nights, which wall times do not while clocks go back."""
        return self.due.timestamp()


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of a date. due: of its latest night; done: until when its nights are done; runs: who did those."""

    due: datetime | None = None
    done: datetime | None = None
    runs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Marks:
    """What OUT knows of a profile's nights. by_hand: dates without a mark for which documents were published.

    changed: when the schedule was last changed: the nights that it would have had before that were due at other hours.
    """

    of: Mapping[date, Mark] = field(default_factory=dict)
    by_hand: frozenset[date] = frozenset()
    changed: datetime | None = None

    def is_done(self, night: ScheduledNight) -> bool:
        """Tell whether a night has been run: by the run that was due then, or by a later one of its date.

        Before the schedule was changed, by any of its date: else a later hour would make all nights before it missed.
        """
        done = self.of.get(night.run_date, Mark()).done
        is_before_change = self.changed is not None and night.at < self.changed.timestamp()
        return done is not None and (done.timestamp() >= night.at or is_before_change)


@dataclass(frozen=True, slots=True)
class NightsToRun:
    """What a run is to do: first the missed nights, oldest first, each as of the moment it was due; then its own.

    by: its own night takes only what was there by then; None: whatever is there now.
    over: why it has no night of its own to do; "" if it has.
    """

    missed: list[ScheduledNight]
    own: ScheduledNight
    by: datetime | None
    over: str


def nights_of(
    firings: Iterable[datetime], wall_times: Iterable[datetime] = (), zone: str = "UTC"
) -> list[ScheduledNight]:
    """Return the night of each date, oldest first: the last firing on it, in the firing's own time zone.

    A date whose only wall times fell into the hour that clocks skip has no firing on it. It gets a night all the same,
    due when the clocks had gone forward.

    wall_times: when the schedule would fire if the clocks of `zone` never changed, without a time zone.
    """
    last: dict[date, ScheduledNight] = {}
    for night in sorted((ScheduledNight(due) for due in firings), key=lambda n: n.at):
        last[night.run_date] = night
    fired = set(last)
    for wall in sorted(wall_times):
        past_gap = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone))
        is_skipped = past_gap.replace(tzinfo=None) != wall
        if is_skipped and past_gap.date() == wall.date() and wall.date() not in fired:
            last[wall.date()] = ScheduledNight(past_gap)
    return sorted(last.values(), key=lambda n: n.at)


def missed(nights: Iterable[ScheduledNight], marks: Marks, since: date | None = None) -> list[ScheduledNight]:
    """Return those of some nights that are to be made good, oldest first: not done, after one that is known of.

    OUT knows of the nights that were marked. Where only runs by hand have published, it knows of those that were not
    long before: what was missed is what came after the latest of them.

    since: a date from which the schedule is known otherwise.
    """
    nights = sorted(nights, key=lambda n: n.at)
    if not nights:
        return []
    near = nights[0].run_date - timedelta(days=1), nights[-1].run_date
    by_hand = {day for day in marks.by_hand if near[0] <= day <= near[1]}
    known = min(marks.of) if marks.of else max(by_hand, default=date.max)
    first = min(known, since or date.max)
    return [n for n in nights if n.run_date >= first and n.run_date not in by_hand and not marks.is_done(n)]


def decide(
    due: datetime, now: datetime, passed: Sequence[ScheduledNight], marks: Marks, since: date | None = None
) -> NightsToRun:
    """Return what a run that was due at some moment does when it starts, on time or late.

    A late run and a missed night are one thing, so whichever run comes first does a night, and the others find it done:
    - A run for a date of more than a week ago does nothing.
    - A run first makes good what was missed on the dates before its own, a week at most.
    - Its own night is the last one of its date that has passed, because nights of one date share their files' date.
    - If a later night has passed already, it leaves what came since it was due to that one.

    due: in the time zone of the schedule. passed: the nights of the last week until now, one a date.
    since: the date of the oldest run of this schedule that still waits.
    """
    of_date = [n for n in passed if n.run_date == due.date()]
    own = max([ScheduledNight(due), *of_date], key=lambda n: n.at)
    oldest = now.astimezone(due.tzinfo).date() - timedelta(days=LOOK_BACK)
    if own.run_date < oldest:
        why = f"Too late: the night of {own.run_date} was due more than {LOOK_BACK} days ago; it stays missed"
        return NightsToRun([], own, None, why)
    before = [n for n in passed if oldest <= n.run_date < own.run_date]
    lately = own.run_date - timedelta(days=1)  # a day, because time zones differ; those before were due before it
    begun = [ScheduledNight(mark.due) for mark in (marks.of[d] for d in marks.of if d >= lately) if mark.due]
    is_late = any(n.at > own.at for n in [*passed, *begun])
    why = f"Done before: the night of {own.run_date} has been run already" if marks.is_done(own) else ""
    return NightsToRun(missed(before, marks, since), own, own.due if is_late else None, why)


def read_marks(out: Path, profile: str, changed: datetime | None = None) -> Marks:
    """Read what OUT knows of a profile's nights. A broken mark tells of a night that is not done.

    changed: when the schedule was last changed, if that is known.
    """
    found = _MarksOnDisk(out / "nights" / profile)
    return Marks(found, frozenset(parts.dates(out, "documents")) - found.keys(), changed)


class _MarksOnDisk(Mapping[date, Mark]):
    """The marks in a folder. Their names are listed, and each is read when it is asked for, since nights are many."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._dates = folder, set[date]()
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            names = [entry.name.removesuffix(".json") for entry in entries if entry.name.endswith(".json")]
            for name in names:
                with contextlib.suppress(ValueError):  # no date, so no mark of ours
                    if (day := date.fromisoformat(name)).isoformat() == name:
                        self._dates.add(day)

    def __getitem__(self, day: date) -> Mark:
        if day not in self._dates:
            raise KeyError(day)
        return _read(_mark_file(self._folder, day))

    def __contains__(self, day: object) -> bool:
        return day in self._dates

    def __iter__(self) -> Iterator[date]:
        return iter(self._dates)

    def __len__(self) -> int:
        return len(self._dates)


def mark(out: Path, profile: str, night: ScheduledNight, run_id: str, done: bool) -> None:
    """Write down that a night has begun, or that it is done.

    Raises:
        PublishError: the disk refuses it.
    """
    path = _mark_file(out / "nights" / profile, night.run_date)
    known = _read(path)
    is_earlier = known.done is not None and known.done.timestamp() < night.at  # the same night begun anew is not done
    before = {"due": known.done.isoformat(), "runs": sorted(known.runs)} if known.done and is_earlier else None
    temporary = path.with_suffix(f".{uuid.uuid4().hex}")
    with naming_the_file(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("x", encoding="utf-8") as f:
            json.dump({"due": night.due.isoformat(), "run_id": run_id, "done": done, "before": before}, f)
            f.flush()
            os.fsync(f.fileno())
        temporary.replace(path)


def _mark_file(folder: Path, day: date) -> Path:
    return folder / f"{day.isoformat()}.json"


def _read(path: Path) -> Mark:
    """Read a mark; Mark() if there is none or it is broken."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        due = datetime.fromisoformat(told["due"])
        before = told.get("before") or {"due": None, "runs": []}
        done = [datetime.fromisoformat(d) for d in (before["due"], due.isoformat() if told["done"] else None) if d]
        runs = frozenset([*before["runs"], *([told["run_id"]] if told["done"] else [])])
        return Mark(due, max(done, key=datetime.timestamp, default=None), runs)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Mark()
