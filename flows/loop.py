"""Running a flow so that it can be interrupted: from the command line, and where Prefect runs it."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

from flows.ephemeral import keep_it_apart
from tasks.sessions import deafen_this_thread


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
