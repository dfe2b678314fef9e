"""What `serve` has started ends with it, even if it is killed: nothing is left that would go on by itself."""

import multiprocessing
import os
import signal
import threading
import time
from functools import cache

SERVED_BY = "NIGHTDESK_SERVED_BY"  # the environment variable that tells a process whose child it is to be
EVERY_S = 0.5
GRACE_S = 10.0


def end_with_serve() -> None:
    """If `serve` started this process to run a flow, watch over `serve`: when it is gone, this process ends too.

    The variable alone does not tell, because workers that a flow starts inherit it.
    """
    parent = multiprocessing.parent_process()  # known even if it has gone; None while this process begins
    number = os.getppid() if parent is None else parent.pid
    if number is not None and os.environ.get(SERVED_BY) == str(number):
        end_with(number)


@cache  # one thread is enough, however often a process asks for it
def end_with(parent: int) -> None:
    """Watch over the process that started this one, in a thread: when it is gone, this process ends too."""
    threading.Thread(target=_watch, args=(parent,), name="nightdesk-orphans", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)  # Prefect may be waiting for its server, which is gone
    os.kill(os.getpid(), signal.SIGKILL)
