"""Prefect's signal that ends a flow: the flow's own task hears of it, whatever runs at that moment."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def heeding_termination() -> Iterator[None]:
    """Have the task that runs this be cancelled when Prefect ends its process's flow, whatever runs at that moment.

    Prefect does it by a signal whose handler raises. Where that hits a callback or a task beside this one, asyncio
    keeps the exception there, and nobody would hear of it before the process is killed.
    """
    from prefect.exceptions import TerminationSignal

    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    before = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if isinstance(context.get("exception"), TerminationSignal) and task is not None:
            task.cancel()
        elif before is not None:
            before(loop, context)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)
    try:
        yield
    finally:
        loop.set_exception_handler(before)
