"""The order in which batches go through their stages: the next is read and found while this one is organized.

Batches are read one after the other, and they are checked and published one after the other, because a batch's topics
are related to those that stand published. In between they do not wait for each other. At most MOST_IN_FLIGHT are held
in memory, from their reading to their publication.
"""

import asyncio

from nightdesk.flows.shared.batches.stage_tasks import RUN, read, stage
from nightdesk.flows.shared.stopping.side_by_side import Start, side_by_side
from nightdesk.flows.shared.stopping.termination import in_engine
from nightdesk.tasks.errors import AuditFailed
from nightdesk.tasks.reorganizing.role_stages import ROLE_STAGES

MOST_IN_FLIGHT = 2


async def reorganize_batches() -> None:
    """Take every batch of the run through all stages. One that fails the audit is withheld, and the others go on."""
    await side_by_side(_read_all)


async def _read_all(start: Start) -> None:
    """Read batch after batch, as there is room for them, and start each on its way."""
    room = asyncio.Semaphore(MOST_IN_FLIGHT)
    number, before = 1, asyncio.Event()
    before.set()
    while True:
        await room.acquire()
        if await in_engine(read.with_options(task_run_name=f"read-{number}")) < 0:
            break
        over = asyncio.Event()
        start(_through(number, before, over, room))
        number, before = number + 1, over
    await before.wait()


async def _through(number: int, before: asyncio.Event, over: asyncio.Event, room: asyncio.Semaphore) -> None:
    """Take a batch through its stages. before: set when the batch before it is over; over: set when this one is."""
    for name in ROLE_STAGES:
        await _stage(name, number)
    await before.wait()
    try:
        await _stage("check", number)
        await _stage("publish", number)
    except AuditFailed as e:
        RUN.get().withhold(RUN.get().batches[number], e)
    over.set()
    room.release()


async def _stage(name: str, number: int) -> None:
    await in_engine(stage.with_options(name=name, task_run_name=f"{name}-{number}"), name, number)
