"""Heeding a cancellation in Prefect's UI or by its API, of a run that the command line has started.

A run that Prefect has started is told by a signal of its runner. A run of the command line has no runner, so it looks
at its own state. Where its server is one of its own, which nobody else knows of, there is nothing to look at.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType

from nightdesk.flows.artifacts.reporting import report
from nightdesk.flows.shared.kept_result import KEPT
from nightdesk.flows.shared.stopping.termination import Stopping

BY_PREFECT = "the UI or Prefect's API"
CANCELLED = (StateType.CANCELLING, StateType.CANCELLED)
LOOK_EVERY_S = 5.0  # some 5 ms of CPU each time


@asynccontextmanager
async def heeding_prefect(stop: Stopping) -> AsyncIterator[None]:
    """Have a run of the command line stop when it is cancelled in Prefect while the block goes on."""
    if KEPT.get() is None or "PREFECT_API_URL" not in os.environ:
        yield
        return
    looking = asyncio.create_task(_look(stop, UUID(str(runtime.flow_run.id))))
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _look(stop: Stopping, run_id: UUID) -> None:
    async with get_client() as client:
        while not stop.why:
            await asyncio.sleep(LOOK_EVERY_S)
            run = await report(client.read_flow_run(run_id))
            if run is not None and run.state_type in CANCELLED:
                stop.tell(BY_PREFECT)
