"""Running a flow so that it can be interrupted, and so that it ends though Prefect's server is gone."""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextvars import copy_context
from typing import Any

from nightdesk.flows.cli.entry import BEFORE, leave
from nightdesk.flows.serve.ephemeral_server import GIVE_UP, keep_it_apart
from nightdesk.flows.shared.kept_result import KEPT, Kept
from nightdesk.flows.shared.stopping.termination import STOPPING, WORDS, Stopped, Stopping
from nightdesk.tasks.errors import NightdeskError
from nightdesk.tasks.safety.child_processes import deafen_this_thread

LEAVE_S, LOST_S = 10.0, 1.0  # that Prefect's engine has to tell its server how a flow ended; one that seems lost
GOES_ON = "interrupted; what was answered is stored, and the same command goes on from there"
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_left_behind = threading.Event()


class Interrupted(Exception):
    """Ctrl-C, SIGTERM, or the end of the terminal; the message says what stands and how to go on."""


def in_loop(work: Coroutine[Any, Any, Any], is_flow: bool = False) -> Any:
    """Run something in a thread of its own: Ctrl-C, SIGTERM and SIGHUP then cancel it at an await, and do not tear it.

    is_flow: it is a Prefect flow that keeps its result (kept_result). What its body came to counts, whether or not
    Prefect's server could be told of it.

    Raises:
        Interrupted: it was cancelled so, and has ended what it had under way.
        NightdeskError: Prefect's server failed before the flow began.
    """
    keep, ended, flow = Kept(), Future[Any](), Stopping()
    KEPT.set(keep)
    STOPPING.set(flow)
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

    def apart() -> None:
        deafen_this_thread()  # and what is started from it: the main thread alone answers Ctrl-C
        try:
            if "PREFECT_API_URL" not in os.environ:
                keep_it_apart()
            ended.set_result(asyncio.run(main()))
        except BaseException as e:  # noqa: BLE001  (raised again where it can be told)
            ended.set_exception(e)

    def stop(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # the second time ends it at once
        told.set()
        GIVE_UP.set()
        for loop, task in running:
            loop.call_soon_threadsafe(end, task, WORDS[signal.Signals(number)])

    def end(task: asyncio.Task[Any], by: str) -> None:
        if flow.has_begun:
            return flow.tell(by)
        logging.disable()  # what is cut off now would only complain
        task.cancel()

    for number in ENDS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    # Not joined at the end of this process: Prefect's engine may be asking for a server that is gone.
    threading.Thread(target=copy_context().run, args=(apart,), name="nightdesk-flow", daemon=True).start()
    wait([ended, keep.came], return_when=FIRST_COMPLETED)
    try:
        return _came_to(ended, keep) if is_flow else ended.result()
    except Stopped as e:
        raise Interrupted(str(e)) from e
    except (asyncio.CancelledError, CancelledError) as e:
        raise Interrupted(BEFORE if is_flow and not keep.began else GOES_ON) from e


def leave_at_once() -> None:
    """Until a flow runs, have a signal end this process at once: nothing has been written, and nothing stays behind."""
    for number in ENDS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, leave)


def end_process(code: int) -> None:
    """Exit; at once, if Prefect's engine or its services may still wait for a server that is gone."""
    if not _left_behind.is_set():
        sys.exit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _came_to(ended: "Future[Any]", keep: Kept) -> Any:
    """Return what a flow came to; raise what it raised."""
    from nightdesk.flows.artifacts.reporting import STATE

    wait([ended], timeout=LOST_S if STATE.lost else LEAVE_S)
    failed = ended.exception() if ended.done() else TimeoutError()
    if not keep.came.done():
        _left_behind.set()
        if failed is None or isinstance(failed, NightdeskError | CancelledError | asyncio.CancelledError):
            return ended.result()
        said = " ".join(str(failed).split())[:300] or type(failed).__name__
        raise NightdeskError(
            f"Prefect's server failed before the run began ({said}); nothing was asked; see that the server answers, "
            "and run the same command again"
        ) from failed
    own = keep.came.exception() if not keep.came.cancelled() else None
    if failed is not None and own is None and not isinstance(failed, NightdeskError):
        STATE.fail(failed)
    if STATE.was_lost or not ended.done():
        _left_behind.set()
    return keep.came.result()
