"""A follow's work as Prefect tasks: a task run for each look that had news, and one for the end of the day.

The follow itself is reached through FOLLOWER, which the flow sets. Its journal is the only resume, so Prefect neither
caches nor retries.
"""

import logging
from contextvars import ContextVar
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from nightdesk.flows.shared.stopping.termination import stoppable_task
from nightdesk.tasks.following.follower import Follower, Tick

FOLLOWER: ContextVar[Follower] = ContextVar("nightdesk_follower")
log = logging.getLogger("nightdesk.stages")  # for the run's page


@task(name="tick", cache_policy=NO_CACHE, persist_result=False, retries=0)
async def tick_task(line: str) -> Any:
    """Show that a look had news. The look is over then: only it can tell whether there are any."""
    log.info("%s", line)


@task(name="end-of-day", task_run_name="end-of-day", cache_policy=NO_CACHE, persist_result=False, retries=0)
async def end_task(why: str) -> Any:
    """End the day: settle and publish the rest, relate it, make the edition, learn."""
    # The last look was at the moment at which the day ended. What has come since then is of the next one.
    return await stoppable_task(FOLLOWER.get().finish(why, looks=False))


def told(tick: Tick) -> str:
    """Return what a look has brought, on one line."""
    waits = f", {tick.waiting} chunks wait" if tick.waiting else ""
    return (
        f"{tick.arrived} sentences came, {tick.settled} were settled, {tick.provisional} are provisional{waits}; "
        f"{tick.lag_s:.0f} s behind, ${tick.dollars:.4f} today"
    )
