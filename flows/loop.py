"""Running a flow from the command line so that it can be interrupted."""

import asyncio
import logging
import signal
from collections.abc import Coroutine
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any


class Interrupted(Exception):
    """Ctrl-C or SIGTERM."""


def in_loop(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a flow in a thread of its own: Ctrl-C and SIGTERM then cancel it at an await, and do not tear it anywhere.

    Raises:
        Interrupted: it was cancelled so, and has ended what it had under way.
    """
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []

    async def main() -> Any:
        task = asyncio.current_task()
        assert task is not None  # inside asyncio.run there is one
        running.append((asyncio.get_running_loop(), task))
        return await work

    def stop(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # the second time ends it at once
        logging.disable()  # what is cut off now would only complain
        for loop, task in running:
            loop.call_soon_threadsafe(task.cancel)

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(copy_context().run, asyncio.run, main()).result()
        except (asyncio.CancelledError, CancelledError) as e:
            raise Interrupted from e
