"""Pieces of a flow's work side by side, each in an asyncio task of its own that can be stopped like the flow itself.

asyncio.TaskGroup cancels its tasks wherever they are. In Prefect's engine that reads as a crash, so here the others are
told to stop when one fails, and end as stopped ones do.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from nightdesk.flows.shared.stopping.termination import Stopped, stopping

Start = Callable[[Coroutine[Any, Any, Any]], None]


async def side_by_side(first: Callable[[Start], Coroutine[Any, Any, Any]]) -> None:
    """Do a piece of work, and what it starts beside itself; return when all of it is over.

    Raises:
        Stopped: the flow was told to stop.
        Exception: the first error of a piece of work; the others were stopped for it.
    """
    stop = stopping()
    under_way: set[asyncio.Task[None]] = set()
    # A queue, because asyncio.wait() heeds no tasks that are started while it waits, and the first piece starts some.
    ended: asyncio.Queue[asyncio.Task[None]] = asyncio.Queue()

    def start(work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(stop.beside(work))
        under_way.add(task)
        task.add_done_callback(ended.put_nowait)

    errors: list[BaseException] = []
    with stop.engine_at_work():  # each piece of work has places of its own
        start(first(start))
        try:
            while under_way:
                task = await ended.get()
                under_way.discard(task)
                if (error := _error_of(task)) is not None:
                    errors.append(error)
                if errors:
                    stop.tell_beside("an error beside it")
        except asyncio.CancelledError:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            raise
    for e in errors:
        if not isinstance(e, Stopped | asyncio.CancelledError):
            raise e
    if errors:
        if stop.why:
            stop.is_heard()
            raise Stopped(stop.why)
        raise errors[0]


def _error_of(task: "asyncio.Task[None]") -> BaseException | None:
    return asyncio.CancelledError() if task.cancelled() else task.exception()
