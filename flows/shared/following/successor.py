"""The run of a deployment that follows the next day, started by the one whose day has ended."""

import asyncio
import logging

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.states import Scheduled

from nightdesk.flows.artifacts.reporting import report
from nightdesk.flows.shared.following.moments import Day

TRIES, BETWEEN_S = 5, 20.0
log = logging.getLogger("nightdesk")


async def start_successor(day: Day) -> None:
    """Start a run of this run's deployment, with the parameters that this one was given, for the day after this one.

    It is due at the moment at which the day ended, so that a time of day until which it follows is meant from then on.
    Once for each run, however often that is retried.
    """
    for attempt in range(TRIES):
        if attempt:
            await asyncio.sleep(BETWEEN_S)
        if (begun := await report(_start(day))) is not None:
            log.info("the next day is followed by the run %s", begun)
            return
    log.warning("no run for the next day could be started, as Prefect's server does not answer: start one in its UI")


async def _start(day: Day) -> str:
    async with get_client() as client:
        own = await client.read_flow_run(runtime.flow_run.id)
        assert own.deployment_id is not None  # else nobody asks for a successor
        begun = await client.create_flow_run_from_deployment(
            own.deployment_id,
            parameters=own.parameters,
            state=Scheduled(scheduled_time=day.at(day.ends)),
            idempotency_key=f"day-after-{own.id}",
        )
    return begun.name
