"""The flow `follow`: streams that never end. A flow run is a date of them; when that ends, the next one begins.

By hand the dates follow each other in one process (follow_days). A run of a deployment starts the next date as a run of
the deployment.
"""

import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from prefect import flow, runtime

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
from nightdesk.tasks.errors import BadRun, NightdeskError
from nightdesk.tasks.following.follower import open_dates

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
    if result["goes_on"] and runtime.deployment.id is not None:
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
    could be told of it.

    Raises:
        BadRun: the last day was bad.
        NightdeskError: the server is gone, so that the next day cannot be a flow run.
    """
    while True:
        keep, failed = Kept(), None
        KEPT.set(keep)
        try:
            await follow(parameters)
        except Exception as e:
            if not keep.came.done():
                raise
            failed = e
        bad = keep.came.exception()
        if bad is not None and not isinstance(bad, BadRun):
            raise bad
        result: dict[str, Any] = bad.result if isinstance(bad, BadRun) else keep.came.result()
        if not result["goes_on"]:
            if bad is not None:
                raise bad
            return result
        tell(f"{result['run_date']}: {result['verdict']}")
        if failed is not None and not isinstance(failed, BadRun):
            raise NightdeskError(
                f"Prefect's server was not told how the day ended ({type(failed).__name__}), so the next one has no "
                "run; what has come is published, and the same command goes on from there"
            ) from failed
