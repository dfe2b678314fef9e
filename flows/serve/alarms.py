"""Alarms: automations of the Prefect server that tell somebody when a night went wrong, or did not happen at all.

The server tells them by itself, so they come, too, when what runs the nights is gone. They go to one address, as
Apprise has it (mailto://, slack://, json://, ...), kept in a block of Prefect's own Slack Webhook type, because
that hands addresses other than Slack's to Apprise, and a server loads no block type of ours.
"""

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from nightdesk.flows.artifacts.verdict_event import JUDGED, LABEL
from nightdesk.flows.shared.scheduled_time import nights_between
from nightdesk.tasks.errors import InputError

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.responses import DeploymentResponse
    from prefect.events.schemas.automations import AutomationCore

BLOCK = "nightdesk-alarms"
GRACE = timedelta(hours=2)  # that a night may take beside the longest time between two of them
BEATS = 3  # heartbeats of a run that may be missing before it counts as dead
_MADE = "Made by nightdesk; switch it off here, and it stays off."  # also tells these from the automations of others
_AHEAD = timedelta(days=400)  # as far the nights of a schedule are looked at
_TAG = {"prefect.resource.id": "prefect.tag.nightdesk", "prefect.resource.role": "tag"}
_RUNS = {"prefect.resource.id": "prefect.flow-run.*"}
_ENDS = ("Completed", "Failed", "Crashed", "Cancelled", "Paused", "Suspended")
_RUN = (
    "{{ flow_run.name }} of {{ deployment.name }} is {{ flow_run.state.name | lower }}: {{ flow_run.state.message }}\n"
    "{{ flow_run | ui_url }}"
)


def check_address(address: str) -> None:
    """Raise InputError if Apprise does not understand where alarms are to go."""
    from apprise import Apprise

    if not address.strip() or not Apprise().add(address):
        kind = address.partition("://")[0][:20] if "://" in address else "it"
        raise InputError(
            f"--notify: {kind} is no address that messages can be sent to; write one as Apprise has it, such as "
            "mailto://user:password@example.org, slack://..., or json://host/path"
        )


def send_test(address: str) -> bool:
    """Send a message that says that alarms will come there; tell whether it was taken."""
    from apprise import Apprise

    sender = Apprise()
    sender.add(address)
    return bool(sender.notify(title="nightdesk: alarms come here", body="A night that goes wrong is told here."))


async def make_alarms(address: str, worth_a_look: bool) -> list[str]:
    """Make the block and the automations on the server of Prefect's settings, or bring them up to date; name them.

    One that was switched off in the UI stays off. worth_a_look: tell, too, of nights with that verdict.
    """
    from prefect.blocks.notifications import SlackWebhook
    from prefect.client.orchestration import get_client
    from pydantic import SecretStr

    block = SlackWebhook(url=SecretStr(address))
    block_id = await block.asave(BLOCK, overwrite=True)
    async with get_client() as client:
        wanted = [*_of_runs(block_id, await _heartbeat_s()), *await _of_schedules(client, block_id)]
        if worth_a_look:
            wanted.append(_of_verdicts(block_id))
        for automation in wanted:
            await _put(client, automation)
        for gone in await _unwanted(client, {a.name for a in wanted}):
            await client.delete_automation(gone)
    return [a.name for a in wanted]


async def longest_gap(deployment: "DeploymentResponse", now: datetime) -> timedelta | None:
    """Return the longest time between two nights of a deployment's active schedules; None if there are none."""
    from prefect.client.schemas.schedules import CronSchedule

    due: set[datetime] = set()
    active = [s.schedule for s in deployment.schedules if s.active and isinstance(s.schedule, CronSchedule)]
    for schedule in active:
        due |= {night.due.astimezone(UTC) for night in await nights_between(schedule, now, now + _AHEAD)}
    if not active:
        return None
    moments = sorted(due)
    return max((b - a for a, b in itertools.pairwise(moments)), default=_AHEAD)


def _of_runs(block_id: UUID, heartbeat_s: int) -> "list[AutomationCore]":
    from prefect.client.schemas.objects import StateType
    from prefect.events.actions import ChangeFlowRunState

    crash: Any = ChangeFlowRunState(
        name="Crashed", state=StateType.CRASHED, message="No sign of life came from its process any more."
    )
    silent = timedelta(seconds=BEATS * heartbeat_s)
    beat = "prefect.flow-run.heartbeat"
    return [
        _told(
            "a run failed",
            _reactive({"prefect.flow-run.Failed", "prefect.flow-run.Crashed"}),
            _notify(block_id, "nightdesk: {{ flow_run.name }} {{ flow_run.state.name | lower }}", _RUN),
        ),
        _told(
            "a run is late",
            _reactive({"prefect.flow-run.Late"}),
            _notify(
                block_id,
                "nightdesk: {{ flow_run.name }} has not started",
                "{{ deployment.name }} was to start a run, and nothing has: see whether `nightdesk serve` or the "
                "worker is there.\n{{ flow_run | ui_url }}",
            ),
        ),
        _told(
            "a run's process is gone",
            _proactive({beat, *(f"prefect.flow-run.{state}" for state in _ENDS)}, silent, after={beat}),
            crash,  # of which the first alarm tells; without it, the run would hold its place for ever
        ),
    ]


async def _of_schedules(client: "PrefectClient", block_id: UUID) -> "list[AutomationCore]":
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags

    nightly = DeploymentFilter(tags=DeploymentFilterTags(all_=["nightdesk", "night"]))
    found = []
    for deployment in await client.read_deployments(deployment_filter=nightly):
        if (gap := await longest_gap(deployment, datetime.now(UTC))) is None:
            continue
        within = gap + GRACE
        which = {"prefect.resource.id": f"prefect.deployment.{deployment.id}", "prefect.resource.role": "deployment"}
        hours = f"{within.total_seconds() / 3600:.0f}"
        found.append(
            _told(
                f"no night of {deployment.name}",
                _proactive({"prefect.flow-run.Completed"}, within, related=which, for_each=set()),
                _notify(
                    block_id,
                    f"nightdesk: no night of {deployment.name} for {hours} h",
                    f"No run of {deployment.name} has ended well within {hours} hours, although its schedule has one: "
                    "see whether `nightdesk serve` or the worker is there, and what its last run says.",
                ),
            )
        )
    return found


def _of_verdicts(block_id: UUID) -> "AutomationCore":
    from prefect.events.schemas.automations import EventTrigger, Posture
    from prefect.events.schemas.events import ResourceSpecification

    trigger = EventTrigger(
        expect={JUDGED},
        match=ResourceSpecification.model_validate({LABEL: "worth a look"}),
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(0),
    )
    body = "{{ event.payload.run_date }}: {{ event.payload.verdict }}"
    return _told("a run is worth a look", trigger, _notify(block_id, "nightdesk: a run is worth a look", body))


def _reactive(events: set[str]) -> Any:
    from prefect.events.schemas.automations import EventTrigger, Posture
    from prefect.events.schemas.events import ResourceSpecification

    return EventTrigger(
        expect=events,
        match=ResourceSpecification.model_validate(_RUNS),
        match_related=ResourceSpecification.model_validate(_TAG),
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(0),
    )


def _proactive(
    events: set[str],
    within: timedelta,
    after: set[str] | None = None,
    related: dict[str, str] | None = None,
    for_each: set[str] | None = None,
) -> Any:
    from prefect.events.schemas.automations import EventTrigger, Posture
    from prefect.events.schemas.events import ResourceSpecification

    return EventTrigger(
        after=after or set(),
        expect=events,
        match=ResourceSpecification.model_validate(_RUNS),
        match_related=ResourceSpecification.model_validate(related or _TAG),
        for_each={"prefect.resource.id"} if for_each is None else for_each,
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


def _notify(block_id: UUID, subject: str, body: str) -> Any:
    from prefect.events.actions import SendNotification

    return SendNotification(block_document_id=block_id, subject=subject, body=body)


def _told(name: str, trigger: Any, action: Any) -> "AutomationCore":
    from prefect.events.schemas.automations import AutomationCore

    return AutomationCore(
        name=f"nightdesk: {name}",
        description=_MADE,
        tags=["nightdesk"],
        trigger=trigger,
        actions=[action],
    )


async def _put(client: "PrefectClient", automation: "AutomationCore") -> None:
    """Make an automation, or change the one of its name if it is another, because a change begins its waiting anew."""
    there = await client.read_automations_by_name(automation.name)
    if not there:
        await client.create_automation(automation)
        return
    old = there[0]
    if (old.trigger, old.actions) != (automation.trigger, automation.actions):
        await client.update_automation(old.id, automation.model_copy(update={"enabled": old.enabled}))


async def _unwanted(client: "PrefectClient", wanted: set[str]) -> list[UUID]:
    """Return the automations that this module made before and that are no longer asked for."""
    return [a.id for a in await client.read_automations() if a.description == _MADE and a.name not in wanted]


async def _heartbeat_s() -> int:
    from prefect.settings import get_current_settings

    return get_current_settings().flows.heartbeat_frequency or 180
