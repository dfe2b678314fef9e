"""Running a flow so that it can be interrupted: from the command line, and where Prefect runs it."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from nightdesk.flows.serve.ephemeral_server import keep_it_apart
from nightdesk.tasks.child_processes import deafen_this_thread


class Interrupted(Exception):
    """Ctrl-C or SIGTERM."""


def in_loop(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a flow in a thread of its own: Ctrl-C and SIGTERM then cancel it at an await, and do not tear it anywhere.

    Raises:
        Interrupted: it was cancelled so, and has ended what it had under way.
    """
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []
    told = threading.Event()

    async def main() -> Any:
        task = asyncio.current_task()
        assert task is not None  # inside asyncio.run there is one
        running.append((asyncio.get_running_loop(), task))
        if told.is_set():  # before there was a task to cancel
            work.close()
            raise asyncio.CancelledError
        return await work

    def apart() -> Any:
        deafen_this_thread()  # and what is started from it: the main thread alone answers Ctrl-C
        if "PREFECT_API_URL" not in os.environ:
            keep_it_apart()
        return asyncio.run(main())

    def stop(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # the second time ends it at once
        logging.disable()  # what is cut off now would only complain
        told.set()
        for loop, task in running:
            loop.call_soon_threadsafe(task.cancel)

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(copy_context().run, apart).result()
        except (asyncio.CancelledError, CancelledError) as e:
            raise Interrupted from e
