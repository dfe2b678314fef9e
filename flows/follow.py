"""The flow `follow`: streams that never end. A flow run is a date of them; when that ends, the next one begins.

By hand the dates follow each other in one process (follow_days). A run of a deployment starts the next date as a run of
the deployment.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from prefect import flow
from prefect.client.orchestration import get_client

from nightdesk.flows.artifacts.own_run import own_deployment
from nightdesk.flows.artifacts.reporting import STATE, report
from nightdesk.flows.shared.allowed import only_allowed
from nightdesk.flows.shared.configure import configure
from nightdesk.flows.shared.following.moments import this_day
from nightdesk.flows.shared.following.one_date import follow_date
from nightdesk.flows.shared.following.parameters import FollowParameters
from nightdesk.flows.shared.following.successor import start_successor
from nightdesk.flows.shared.kept_result import KEPT, Kept, kept
from nightdesk.flows.shared.parameters import titled
from nightdesk.flows.shared.reorganize_documents import ended
from nightdesk.flows.shared.stopping.stoppable import stoppable
from nightdesk.flows.shared.stopping.termination import in_engine
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.errors import BadRun
from nightdesk.tasks.following.follower import open_dates

LEAVE_S, LOST_S = 10.0, 1.0  # that Prefect's engine has to tell its server how a day ended; one that seems lost
AGAIN_S = 5.0  # between two questions whether a server is there that was gone
log = logging.getLogger("nightdesk")


@flow(name="follow", persist_result=False)
async def follow(parameters: Annotated[FollowParameters, titled("What to follow")]) -> Any:
    """Follow streams: read what arrives at the sources, and file every sentence within seconds.

    What is settled stands in the tables at once, what is newest provisionally (passages_open). At midnight of its time
    zone the day ends: its documents are closed and related to those of nights before, the edition is made, and the
    learner learns. Then this run is over, and one for the next day begins. Cancel it to end it: nothing is lost, and
    the next run goes on from there.
    """
    return await kept(stoppable(_follow(parameters)))


async def _follow(parameters: FollowParameters) -> Any:
    configure()
    parameters = await only_allowed(parameters)
    parameters.check_sources()
    day = this_day(parameters)
    for earlier in open_dates(Path(parameters.out), load_profile(parameters.profile).name, day.run_date):
        await _end_earlier(parameters, earlier)
    result = await follow_date(parameters, day.run_date, day)
    if result["goes_on"] and own_deployment() is not None:
        await start_successor(day)
    return ended(result)


@flow(name="end-date", persist_result=False)
async def end_date(parameters: FollowParameters, run_date: date) -> Any:
    """End a date that an earlier follow had not ended, from what stands in its journal."""
    return await stoppable(_end_date(parameters, run_date))


async def _end_date(parameters: FollowParameters, run_date: date) -> Any:
    return ended(await follow_date(parameters, run_date, None))


async def _end_earlier(parameters: FollowParameters, run_date: date) -> None:
    """End an earlier date. If that fails, today is followed all the same, and the next follow tries again."""
    log.info("the day of %s was not ended; it is ended now", run_date)
    try:
        await in_engine(end_date, parameters, run_date)
    except BadRun as e:
        log.warning("the day of %s, ended now: %s", run_date, e)
    except Exception as e:  # noqa: BLE001  (whatever it is, today's work is to be done)
        log.warning("the day of %s could not be ended (%s); the next follow tries again", run_date, e)


async def follow_days(parameters: FollowParameters, tell: Callable[[str], None]) -> dict[str, Any]:
    """Follow day after day, each as a flow run of its own; return the figures of the last one.

    tell: is told how each day before it ended. What the body of a run came to counts, whether or not Prefect's server
    could be told of it. While that is gone at midnight, the next day waits for it, and what comes waits in the sources.

    Raises:
        BadRun: the last day was bad.
    """
    while True:
        came = await _came_to(follow(parameters))
        bad = came.exception()
        if bad is not None and not isinstance(bad, BadRun):
            raise bad
        result: dict[str, Any] = bad.result if isinstance(bad, BadRun) else came.result()
        if not result["goes_on"]:
            if bad is not None:
                raise bad
            return result
        tell(f"{result['run_date']}: {result['verdict']}")
        await _server_is_there()


async def _came_to(run: Coroutine[Any, Any, Any]) -> Future[Any]:
    """Run a flow; return what its body came to, and wait some seconds at most for its server to be told of that."""
    keep, loop, is_over = Kept(), asyncio.get_running_loop(), asyncio.Event()
    KEPT.set(keep)
    keep.came.add_done_callback(lambda _: loop.call_soon_threadsafe(is_over.set))
    engine, over = asyncio.ensure_future(run), asyncio.ensure_future(is_over.wait())
    try:
        await asyncio.wait([engine, over], return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait([engine], timeout=LOST_S if STATE.lost else LEAVE_S)
    except asyncio.CancelledError:
        engine.cancel()
        await asyncio.wait([engine], timeout=LEAVE_S)
        if not keep.came.done():
            raise
    finally:
        over.cancel()
    if not keep.came.done():
        engine.result()  # raises what kept the body from its beginning
    if not engine.done():
        STATE.was_lost = True  # so that this process does not wait for it in the end
    elif not engine.cancelled():
        engine.exception()  # it has been heard
    return keep.came


async def _server_is_there() -> None:
    """Wait until Prefect's server answers."""

    async def ask() -> bool:
        async with get_client() as client:
            return await client.api_healthcheck() is None

    is_told = False
    while not await report(ask()):
        if not is_told:
            log.warning("the next day begins once Prefect's server answers; until then, what comes waits in its source")
        is_told = True
        await asyncio.sleep(AGAIN_S)
