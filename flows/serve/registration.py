"""Registers deployments with Prefect so that what was edited there stays: see `kept_settings` for what gives way.

Prefect's own registration sets everything anew, deletes all schedules and switches deployments and automations on. So a
deployment that stands there already is first read, and what is to stay goes into what is registered, or is left out.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.runner import Runner

from nightdesk.flows.artifacts.last_run import own_description, with_last_run
from nightdesk.flows.serve.kept_settings import (
    COLLISION,
    DESCRIPTION,
    LIMIT,
    TAGS,
    Applied,
    Night,
    flat,
    merge,
    nested,
    read_applied,
    write_applied,
)
from nightdesk.flows.shared.scheduled_time import last_change

LEFT_AS_THEY_ARE = ("schedules", "paused", "job_variables")  # of a deployment that stands in Prefect already


_LINE_END = re.compile(r"(?<!\n)\n(?!\n)")  # within a paragraph


@dataclass(frozen=True, slots=True)
class Asked:
    """The nights that the command line asks for. is_zone_named: its time zone is not just this machine's."""

    cron: str
    zone: str
    is_zone_named: bool


@dataclass(slots=True)
class Registered:
    """What stands in Prefect once all is registered. ids: of the deployments. differences: a line for each.

    crons: of the schedules that bring nights, those whose dates are known. times: when all of them are, in words.
    changed: when one of them was last made or changed.
    """

    ids: dict[str, UUID] = field(default_factory=dict)
    crons: list[CronSchedule] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    changed: datetime | None = None
    differences: list[str] = field(default_factory=list)

    @property
    def nights(self) -> str:
        """Say when the nights are."""
        return " and ".join(self.times) or "none by themselves"


class KeepingRunner(Runner):
    """A runner whose deployments keep what was edited in Prefect.

    nightly: the name of the deployment that has the schedule. record: the file of what starts apply. reset: nothing
    that was edited stays.
    """

    def __init__(self, nightly: str, asked: Asked, record: Path, reset: bool, query_seconds: float) -> None:
        super().__init__(name="nightdesk", query_seconds=query_seconds, pause_on_shutdown=False)
        self._nightly, self._asked, self._record, self._is_reset = nightly, asked, record, reset
        self._before = read_applied(record)
        self._applied: dict[str, Applied] = {}
        self.registered = Registered()

    async def aadd_deployment(self, deployment: RunnerDeployment) -> UUID:
        """Register a deployment, with what was edited in it."""
        if (
            deployment.description
        ):  # a docstring: Prefect's pages show the end of each of its lines as that of a paragraph
            deployment.description = _LINE_END.sub(" ", deployment.description)
        name, wanted = deployment.name, _wanted(deployment)
        before = None if self._is_reset else self._before.get(name)
        async with get_client() as client:
            standing = await _standing(client, deployment.full_name)
            if standing is not None and self._is_reset:
                for schedule in standing.schedules:  # else Prefect tells them apart by their slugs, if they have any
                    await client.delete_deployment_schedule(standing.id, schedule.id)
                deployment.paused = False
            elif standing is not None:
                merged, lines = merge(name, before.settings if before else None, _settings(standing), wanted)
                self.registered.differences += lines
                _take(deployment, merged, standing)
                await self._keep_automations(client, deployment, standing, before)
                deployment.schedules = None
                deployment.model_fields_set.difference_update(LEFT_AS_THEY_ARE)
            elif before is not None:
                self.registered.differences.append(f"{name}: it was deleted in Prefect, and is made anew")
            automations = [t.name for t in _triggers(deployment) if t.name] or (before.automations if before else [])
            number: UUID = await super().aadd_deployment(deployment)
            is_kept = standing is not None and not self._is_reset
            night = None
            if name == self._nightly:
                night = await self._night(client, number, before.night if before else None, is_kept)
            self._applied[name] = Applied(wanted, night, automations)
            self.registered.ids[name] = number
            now = await client.read_deployment(number)
        self._tell(name, now, night)
        return number

    def keep(self) -> None:
        """Write down what this start has applied, once all of it is registered."""
        write_applied(self._record, {**self._before, **self._applied})

    async def _keep_automations(
        self,
        client: PrefectClient,
        deployment: RunnerDeployment,
        standing: DeploymentResponse,
        before: Applied | None,
    ) -> None:
        """Leave out automations that were deleted in Prefect; those that were switched off there stay off."""
        owned = await client.read_resource_related_automations(f"prefect.deployment.{standing.id}")
        for trigger in _triggers(deployment):
            found = [a for a in owned if a.name == trigger.name]
            if not found and before and trigger.name in before.automations:
                deployment.triggers = [t for t in deployment.triggers if t is not trigger]
                self._differs(deployment.name, f"the automation {trigger.name!r} was deleted in Prefect, and stays so")
            elif found and not any(a.enabled for a in found):
                trigger.enabled = False
                self._differs(deployment.name, f"the automation {trigger.name!r} is off in Prefect, and stays so")

    async def _night(self, client: PrefectClient, number: UUID, before: Night | None, is_kept: bool) -> Night:
        """Change the schedule if the command line's has changed; return what this start has applied."""
        asked, schedules = self._asked, (await client.read_deployment(number)).schedules
        zone = asked.zone if asked.is_zone_named or before is None else before.zone
        if not is_kept:  # it has just been made
            return Night(asked.cron, asked.zone, str(schedules[0].id) if schedules else "")
        ours = _ours(schedules, before)
        if before is None:  # of an earlier version of the program, which kept no record
            return Night(asked.cron, zone, str(ours.id) if ours else "")
        if (asked.cron, zone) == (before.cron, before.zone):
            return Night(asked.cron, zone, before.id)
        if ours is None:
            schedule = DeploymentScheduleCreate(schedule=CronSchedule(cron=asked.cron, timezone=zone))
            made = await client.create_deployment_schedules(number, [schedule])
            return Night(asked.cron, zone, str(made[0].id))
        was, had = ours.schedule, (before.cron, before.zone)
        in_zone = zone if asked.is_zone_named or not isinstance(was, CronSchedule) else was.timezone
        await client.update_deployment_schedule(
            number, ours.id, schedule=CronSchedule(cron=asked.cron, timezone=in_zone)
        )
        if _when(was) != _when(CronSchedule(cron=had[0], timezone=had[1])):
            line = f"the schedule is {asked.cron} ({in_zone}) now, because the command line has changed; it was"
            self._differs(self._nightly, f"{line} {_when(was)} in Prefect")
        return Night(asked.cron, zone, str(ours.id))

    def _tell(self, name: str, now: DeploymentResponse, night: Night | None) -> None:
        """Note how the schedules that stand differ from the command line's, and which of them bring nights."""
        if now.paused:
            self._differs(name, "the deployment is paused in Prefect, and stays so; resume it there")
        ours = None
        if night is not None:
            ours = next((s for s in now.schedules if str(s.id) == night.id), None)
            asked = _when(CronSchedule(cron=night.cron, timezone=night.zone))
            if ours is None:
                self._differs(
                    name, f"the schedule ({asked}) was deleted in Prefect, and stays so; `--reset` makes it anew"
                )
            else:
                if not ours.active:
                    self._differs(name, "the schedule is paused in Prefect, and stays so; resume it there")
                if _when(ours.schedule) != asked:
                    stands = f"the schedule is {_when(ours.schedule)} in Prefect, and stays so"
                    self._differs(name, f"{stands}; the command line has {asked}")
                elif not self._asked.is_zone_named and self._asked.zone != night.zone:
                    here = f"not in that of this machine, {self._asked.zone}; --timezone {self._asked.zone} changes it"
                    self._differs(name, f"nights are in the time zone {night.zone}, as at the last start, {here}")
            if not now.paused:
                active = [s.schedule for s in now.schedules if s.active]
                self.registered.times = [_when(s) for s in active]
                self.registered.crons = [s for s in active if isinstance(s, CronSchedule)]
                self.registered.changed = last_change(now.schedules)
        for other in (s for s in now.schedules if s is not ours):
            is_paused = "" if other.active else ", paused"
            self._differs(name, f"a schedule was added in Prefect, and stays: {_when(other.schedule)}{is_paused}")

    def _differs(self, name: str, what: str) -> None:
        self.registered.differences.append(f"{name}: {what}")


def _triggers(deployment: RunnerDeployment) -> list[Any]:
    """Return what starts a deployment by an event; to Prefect's types it may be of kinds that have no name."""
    return list(deployment.triggers)


async def _standing(client: PrefectClient, full_name: str) -> DeploymentResponse | None:
    try:
        return await client.read_deployment_by_name(full_name)
    except ObjectNotFound:
        return None


def _wanted(deployment: RunnerDeployment) -> dict[str, Any]:
    """Return the settings of a deployment that is to be registered."""
    options = deployment.concurrency_options
    return {
        **flat(deployment.parameters),
        DESCRIPTION: deployment.description,
        TAGS: list(deployment.tags),
        LIMIT: deployment.concurrency_limit,
        COLLISION: options.collision_strategy.value if options else None,
    }


def _settings(standing: DeploymentResponse) -> dict[str, Any]:
    """Return the settings that a deployment has in Prefect."""
    limit, options = standing.global_concurrency_limit, standing.concurrency_options
    return {
        **flat(standing.parameters),
        DESCRIPTION: own_description(standing.description) or None,
        TAGS: list(standing.tags),
        LIMIT: limit.limit if limit else None,
        COLLISION: options.collision_strategy.value if options else None,
    }


def _take(deployment: RunnerDeployment, settings: dict[str, Any], standing: DeploymentResponse) -> None:
    """Have a deployment registered with these settings."""
    deployment.parameters = nested(settings, standing.parameters)
    deployment.description = with_last_run(settings[DESCRIPTION] or "", standing.description) or None
    deployment.tags = settings[TAGS]
    deployment.concurrency_limit = settings[LIMIT]
    options, collision = standing.concurrency_options, settings[COLLISION]
    if options is not None and options.collision_strategy.value == collision:
        deployment.concurrency_options = options  # with what else was set there
    elif collision is None:
        deployment.concurrency_options = None


def _ours(schedules: list[DeploymentSchedule], before: Night | None) -> DeploymentSchedule | None:
    """Return the schedule that an earlier start made, as it stands now."""
    if before is not None:
        return next((s for s in schedules if str(s.id) == before.id), None)
    crons = [s for s in schedules if isinstance(s.schedule, CronSchedule)]
    return min(crons, key=lambda s: str(s.created), default=None)


def _when(schedule: Any) -> str:
    if isinstance(schedule, CronSchedule):
        return f"{schedule.cron} ({schedule.timezone or 'UTC'})"
    if isinstance(schedule, IntervalSchedule):
        return f"every {schedule.interval} ({schedule.timezone or 'UTC'})"
    return " ".join(str(getattr(schedule, "rrule", schedule)).split())
