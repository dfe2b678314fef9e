"""What Prefect knows of a run before it starts: when it was due, by which schedule, and what keys it may use."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.schedules import CronSchedule

from tasks.nights import LOOK_BACK, Night, nights_between


@dataclass(frozen=True, slots=True)
class Due:
    """A run of a deployment. at: when it was due, in the time zone of the schedule. cron: "" if it has none."""

    at: datetime
    cron: str
    zone: str

    @property
    def night(self) -> Night:
        """The night that the run is for."""
        return Night(self.at)

    def nights_before(self) -> list[Night]:
        """Return the nights that its schedule had on the days before."""
        if not self.cron:
            return []
        midnight = self.at.replace(hour=0, minute=0, second=0, microsecond=0)
        return nights_between(self.cron, self.zone, midnight - timedelta(days=LOOK_BACK), midnight)


async def due() -> Due | None:
    """Return when this run was due; None if it is no run of a deployment.

    The moment is the one at which it was planned, even if the run has waited since for a worker or its turn.
    """
    if runtime.deployment.id is None:
        return None
    async with get_client() as client:
        deployment = await client.read_deployment(runtime.deployment.id)
    crons = [s.schedule for s in deployment.schedules if isinstance(s.schedule, CronSchedule)]
    planned: datetime = runtime.flow_run.scheduled_start_time
    if not crons:
        return Due(planned.astimezone(), "", "")
    zone = crons[0].timezone or "UTC"
    return Due(planned.astimezone(ZoneInfo(zone)), crons[0].cron, zone)


def date_of(wanted: date | None, run: Due | None) -> date:
    """Return the date a run is for: the one it was given, that of its schedule, or today."""
    if wanted is not None:
        return wanted
    return run.at.date() if run else date.today()
