"""When a follow's day ends, and by what clock."""

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from prefect import runtime

from nightdesk.flows.shared.following.parameters import FollowParameters
from nightdesk.tasks.following import times

NOW: ContextVar[Callable[[], float]] = ContextVar("nightdesk_now", default=time.time)
UNTIL: ContextVar[float | None] = ContextVar("nightdesk_until", default=None)  # told when the command was begun


@dataclass(frozen=True, slots=True)
class Day:
    """A date that is followed. ends: the moment at which it does. why: because of what. goes_on: the next one follows.

    The date is that of the moment at which the run begins, and is never looked up later.
    """

    run_date: date
    zone: ZoneInfo
    ends: float
    why: str
    goes_on: bool

    def at(self, moment: float) -> datetime:
        """Return a moment as clocks in the zone of the day show it."""
        return times.moment_at(moment, self.zone)


def until_of(parameters: FollowParameters, after: float) -> float | None:
    """Return the moment at which a follow is to end by its parameters; None: at none."""
    if not parameters.until:
        return None
    return times.next_time(times.time_of(parameters.until), times.zone_of(parameters.timezone), after)


def this_day(parameters: FollowParameters) -> Day:
    """Return the day that a run of the flow is to follow now."""
    now, zone = NOW.get()(), times.zone_of(parameters.timezone)
    run_date = times.date_at(now, zone)
    midnight, until = times.end_of(run_date, zone), UNTIL.get()
    if until is None:
        until = until_of(parameters, _asked_at(now))
    if until is not None and until <= midnight:
        return Day(run_date, zone, until, f"it was to end at {parameters.until}", goes_on=False)
    return Day(run_date, zone, midnight, f"midnight ({zone.key})", goes_on=True)


def _asked_at(now: float) -> float:
    """Return when this run was to begin: a time of day is meant from then on, even if it has begun later."""
    planned = runtime.flow_run.scheduled_start_time
    is_first = (runtime.flow_run.run_count or 1) <= 1
    return min(now, planned.timestamp()) if planned is not None and is_first else now
