"""Prefect's signal that ends a flow: the flow's own task hears of it, whatever runs at that moment."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def heeding_termination() -> Iterator[None]:
    """Have the task that runs this be cancelled when Prefect ends its process's flow, whatever runs at that moment.

    Prefect does it by a signal whose handler raises. Where that hits a callback, asyncio hands the exception to the
    loop's handler; where it hits a task beside this one, asyncio keeps it there, and nobody would hear of it before
    that task is collected as garbage. So every task is looked at when it ends.
    """
    from prefect.exceptions import TerminationSignal

    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    before, factory_before = loop.get_exception_handler(), loop.get_task_factory()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if isinstance(context.get("exception"), TerminationSignal) and task is not None:
            task.cancel()
        elif before is not None:
            before(loop, context)
        else:
            loop.default_exception_handler(context)

    def look_at(ended: asyncio.Future[Any]) -> None:
        # Not exception(): that would keep asyncio from telling of errors that nobody has asked for.
        if ended is not task and isinstance(getattr(ended, "_exception", None), TerminationSignal) and task is not None:
            task.cancel()

    def factory(loop: asyncio.AbstractEventLoop, coro: Any, **more: Any) -> Any:
        made = factory_before(loop, coro, **more) if factory_before else asyncio.Task(coro, loop=loop, **more)
        made.add_done_callback(look_at)
        return made

    for there in asyncio.all_tasks():
        there.add_done_callback(look_at)
    loop.set_exception_handler(handle)
    loop.set_task_factory(factory)
    try:
        yield
    finally:
        loop.set_exception_handler(before)
        loop.set_task_factory(factory_before)
        for there in asyncio.all_tasks():
            there.remove_done_callback(look_at)
