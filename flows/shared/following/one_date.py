"""One date of a follow, from its beginning to its end, as the flow run of that date."""

import asyncio
import itertools
import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextvars import ContextVar
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from prefect import runtime

from nightdesk.flows.artifacts.follow_page import FollowPage
from nightdesk.flows.shared.following.day_result import DayResult, caps_of
from nightdesk.flows.shared.following.follow_tasks import FOLLOWER, end_task, tick_task, told
from nightdesk.flows.shared.following.going_on import Patience
from nightdesk.flows.shared.following.moments import NOW, Day
from nightdesk.flows.shared.following.parameters import FollowParameters
from nightdesk.flows.shared.reorganize_documents import CANCELLED, label_run
from nightdesk.flows.shared.secret_blocks import keys_into_environment
from nightdesk.flows.shared.stopping.stoppable import say
from nightdesk.flows.shared.stopping.termination import Stopped, in_engine, stopping
from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.errors import NightdeskError
from nightdesk.tasks.following.follower import Follower, Tick, open_follow
from nightdesk.tasks.following.settling.settled import Settled

Print = Callable[[Sequence[Settled]], None]
PRINTER: ContextVar[Print | None] = ContextVar("nightdesk_printer", default=None)
GENTLE_S = 10.0  # that a look may take to its end once the follow is told to stop; Prefect kills after 30 s
NOT_ENDED = "an earlier follow had not ended it"
OVER = "its sources have ended"
T = TypeVar("T")
log = logging.getLogger("nightdesk")


async def follow_date(parameters: FollowParameters, run_date: date, day: Day | None) -> dict[str, Any]:
    """Follow a date until it ends, and end it; return its figures. day: None: only end it, and read no sources.

    Raises:
        Stopped: the run was told to stop. What is settled is published, and the rest stays in the journal.
        InputError: a source cannot be followed, or another process follows.
        PublishError: OUT cannot be written, and it has never been followed into.
    """
    profile, out = load_profile(parameters.profile), Path(parameters.out)
    await label_run(f"follow-{profile.name}/{run_date.isoformat()}")
    await keys_into_environment(profile)
    result, page, printer = DayResult(parameters, profile, run_date), FollowPage(out, run_date), PRINTER.get()

    def take(settled: Sequence[Settled]) -> None:
        page.take(settled)
        if printer is not None:
            printer(settled)

    patience, numbers = Patience(out, profile.name), itertools.count(1)
    try:
        while True:
            try:
                last, why, goes_on = await _followed(parameters, profile, run_date, day, take, page, patience, numbers)
                break
            except NightdeskError as e:
                if day is None:  # today is not to wait for an earlier date, which the next follow tries again
                    raise
                await patience.wait(e)
    except Stopped as e:
        await say(e, None, await asyncio.to_thread(result.stands))
        await label_run(tags=[CANCELLED])
        raise
    return await result.tell(last, why, goes_on)


async def _followed(
    parameters: FollowParameters,
    profile: Profile,
    run_date: date,
    day: Day | None,
    take: Print,
    page: FollowPage,
    patience: Patience,
    numbers: Iterator[int],
) -> tuple[Tick, str, bool]:
    """Open a follow of a date, and end the date when it is time; return the last look, why, and what follows."""
    async with open_follow(
        str(runtime.flow_run.id),
        run_date,
        parameters.sources if day else [],
        Path(parameters.out),
        profile,
        parameters.every_s,
        parameters.idle_s,
        caps_of(parameters, profile),
        parameters.text_id,
    ) as follower:
        patience.opened()
        follower.on_settled = take
        FOLLOWER.set(follower)
        try:
            with stopping().place():
                why, goes_on = NOT_ENDED, True
                if day is not None:
                    why, goes_on = await _until_its_end(follower, day, parameters.every_s, page, numbers)
                return await in_engine(end_task, why), why, goes_on
        except Stopped:
            await follower.stop()
            raise


async def _until_its_end(
    follower: Follower, day: Day, every_s: float, page: FollowPage, numbers: Iterator[int]
) -> tuple[str, bool]:
    """Look at the sources again and again until the day ends; return why it did, and whether the next day follows."""
    now = NOW.get()
    while True:
        began = now()
        if day.goes_on and began > day.ends + every_s:
            return day.why, True  # this machine was asleep: what has come meanwhile is of a later date
        tick = await _gently(follower.tick(day.at(began)))
        for trouble in tick.troubles:
            log.warning("%s", trouble)
        if tick.has_news:
            await in_engine(tick_task.with_options(task_run_name=f"tick-{next(numbers)}"), told(tick))
        if await page.tell(tick):
            log.info("%s", page.line(tick))
        if tick.is_over:
            return OVER, False
        if began >= day.ends:
            return day.why, day.goes_on
        left = min(began + every_s, day.ends) - now()
        await asyncio.sleep(max(0.0, min(every_s, left)))  # longer only if the clock was set back meanwhile


async def _gently(work: Coroutine[Any, Any, T]) -> T:
    """Await something that is to come to its end if it is cancelled meanwhile, in some seconds at most."""
    under_way = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(under_way)
    except asyncio.CancelledError:
        await asyncio.wait([under_way], timeout=GENTLE_S)
        under_way.cancel()
        await asyncio.wait([under_way])
        raise
