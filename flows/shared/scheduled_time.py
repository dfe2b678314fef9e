"""When Prefect had a run start: the moment it was due, and the nights that the schedules of its deployment had.

Only Prefect's server can list the dates of a schedule (`get_dates`). Its modules take seconds to import, so they are
imported where dates are asked for.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import DeploymentSchedule, StateType
from prefect.client.schemas.schedules import CronSchedule
from prefect.client.schemas.sorting import FlowRunSort
from pydantic import ValidationError

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reorganizing.missed_nights import LOOK_BACK, ScheduledNight, nights_of

MANY = 500  # firings in some days: more than that are not gone through one by one


@dataclass(frozen=True, slots=True)
class Due:
    """A run of a deployment. at: when it was due, in the time zone of its schedule. schedules: those that are on.

    changed: when one of these was last made or changed.
    """

    at: datetime
    deployment_id: UUID
    schedules: tuple[CronSchedule, ...] = ()
    changed: datetime | None = None

    async def nights(self, now: datetime) -> list[ScheduledNight]:
        """Return the nights that the deployment's schedules had in the last week."""
        return await nights_passed(self.schedules, now)

    async def waits_since(self) -> date | None:
        """Return the date of the deployment's oldest run, due before this one, that has not begun yet."""
        waiting = FlowRunFilter(
            deployment_id=FlowRunFilterDeploymentId(any_=[self.deployment_id]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED, StateType.PENDING])),
            expected_start_time=FlowRunFilterExpectedStartTime(before_=self.at),
        )
        async with get_client() as client:
            found = await client.read_flow_runs(
                flow_run_filter=waiting, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=1
            )
        planned = [run.expected_start_time for run in found if run.expected_start_time]
        return planned[0].astimezone(self.at.tzinfo).date() if planned else None


async def due() -> Due | None:
    """Return when this run was due; None if it is no run of a deployment.

    The moment is the one at which it was planned, even if the run has waited since for a worker or its turn.
    """
    if runtime.deployment.id is None:
        return None
    async with get_client() as client:
        deployment = await client.read_deployment(runtime.deployment.id)
        run = await client.read_flow_run(runtime.flow_run.id)
    planned: datetime = runtime.flow_run.scheduled_start_time
    crons = [(s.id, s.active, s.schedule) for s in deployment.schedules if isinstance(s.schedule, CronSchedule)]
    if not crons:
        return Due(planned.astimezone(), deployment.id)
    started_by = run.created_by.id if run.created_by else None
    own = next((schedule for number, _, schedule in crons if number == started_by), crons[0][2])
    active = tuple(schedule for _, is_active, schedule in crons if is_active)
    return Due(planned.astimezone(ZoneInfo(_zone(own))), deployment.id, active, last_change(deployment.schedules))


def last_change(schedules: Iterable[DeploymentSchedule]) -> datetime | None:
    """Return when one of the schedules of a deployment that are on was last made or changed."""
    return max((s.updated for s in schedules if s.active and s.updated), default=None)


def date_of(wanted: date | None, run: Due | None) -> date:
    """Return the date a run is for: the one it was given, that of its schedule, or today."""
    if wanted is not None:
        return wanted
    return run.at.date() if run else date.today()


async def nights_passed(schedules: Iterable[CronSchedule], now: datetime) -> list[ScheduledNight]:
    """Return the nights of the last LOOK_BACK days and of today until now, one a date, oldest first."""
    found: list[ScheduledNight] = []
    for schedule in schedules:
        zone = ZoneInfo(_zone(schedule))
        first = now.astimezone(zone).date() - timedelta(days=LOOK_BACK)
        found += await nights_between(schedule, datetime.combine(first, time.min, zone), now)
    return nights_of(n.due for n in found)


async def nights_between(schedule: CronSchedule, after: datetime, before: datetime) -> list[ScheduledNight]:
    """Return the nights of a schedule from one moment to another, one a date, oldest first.

    Dates of which clocks skipped the hour of the schedule are among them: see `nights_of`.
    """
    zone = _zone(schedule)
    as_if_unchanged = schedule.model_copy(update={"timezone": "UTC"})
    start, end = (t.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC) for t in (after, before))
    walls = [t.replace(tzinfo=None) for t in await _last_of_each_date(as_if_unchanged, start, end)]
    found = nights_of(await _last_of_each_date(schedule, after, before), walls, zone)
    return [n for n in found if after.timestamp() <= n.at <= before.timestamp()]


async def firings(schedule: CronSchedule, after: datetime, before: datetime) -> list[datetime]:
    """Return when a schedule fires from one moment to another, in its time zone, by Prefect's own reckoning."""
    asked, zone = _of_server(schedule), ZoneInfo(_zone(schedule))
    found: list[float] = []
    start, end = after.timestamp(), before.timestamp()
    while start <= end and (page := await _dates(asked, start, end)):
        new = [t for t in page if start <= t <= end]
        found += new
        if new:
            start = new[-1] + 1  # a page has at most 1,000 dates, a second apart at least
        elif len(page) > MANY:  # clocks have just gone forward: all of it is told as of the hour before
            start += 1
        else:
            break
    return [datetime.fromtimestamp(t, zone) for t in found]


async def _last_of_each_date(schedule: CronSchedule, after: datetime, before: datetime) -> list[datetime]:
    """Return the firings between two moments. Of very many, return the last of each date, found from its end."""
    zone = ZoneInfo(_zone(schedule))
    if len(await _dates(_of_server(schedule), after.timestamp(), before.timestamp())) <= MANY:
        return await firings(schedule, after, before)
    found: list[datetime] = []
    day, last_day = after.astimezone(zone).date(), before.astimezone(zone).date()
    while day <= last_day:
        begin, end = (datetime.combine(d, time.min, zone).timestamp() for d in (day, day + timedelta(days=1)))
        begin, end = max(begin, after.timestamp()), min(end - 0.001, before.timestamp())
        for span in (60, 3600, 25 * 3600):  # seconds
            from_, until = (datetime.fromtimestamp(t, UTC) for t in (max(begin, end - span), end))
            if of_day := await firings(schedule, from_, until):
                found.append(of_day[-1])
                break
        day += timedelta(days=1)
    return found


def check_schedule(cron: str, zone: str) -> CronSchedule:
    """Return the schedule, if Prefect takes it and it ever fires again.

    Raises:
        InputError: no such time zone, no schedule, or one that never comes.
    """
    remedy = "write minute hour day month weekday, such as '0 2 * * *', or @daily"
    try:
        CronSchedule(cron="@daily", timezone=zone)
    except ValidationError:
        raise InputError(f"--timezone {zone}: no such time zone; write it like Europe/Berlin or UTC") from None
    try:
        schedule = CronSchedule(cron=cron, timezone=zone)
    except ValidationError:
        raise InputError(f"--cron {cron!r}: no schedule that Prefect takes; {remedy}") from None
    try:
        asyncio.run(_of_server(schedule).get_dates(n=1))
    except ValueError:  # croniter has looked through fifty years
        raise InputError(f"--cron {cron!r}: a schedule that never comes; {remedy}") from None
    return schedule


async def _dates(asked: Any, start: float, end: float) -> Sequence[float]:
    """Ask Prefect for the next dates of a schedule, in seconds and in order."""
    first, last = (datetime.fromtimestamp(t, UTC) for t in (start, end))
    try:
        found = await asked.get_dates(start=first, end=last)
    except ValueError:  # its last year has ended: dates before that are told one by one
        try:
            found = await asked.get_dates(n=1, start=first)
        except ValueError:
            return []
    return sorted({d.timestamp() for d in found})


def _of_server(schedule: CronSchedule) -> Any:
    """Return the schedule as the server has it: only there can it be asked for dates."""
    from prefect.server.schemas import schedules

    return schedules.CronSchedule.model_validate(schedule.model_dump())


def _zone(schedule: CronSchedule) -> str:
    return schedule.timezone or "UTC"
