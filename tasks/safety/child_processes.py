"""Processes that a command starts: a Ctrl-C on its terminal is the command's to answer, not theirs.

The terminal sends SIGINT to every process of its foreground group. Workers that died of it would take the answers with
them that the command is about to store. So they are born with SIGINT blocked, because a signal mask is inherited
through fork and exec while a handler would come too late, and go into a session of their own as soon as they run.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any


def deafen_this_thread() -> None:
    """Block SIGINT in this thread, and so in every thread and process that is started from it."""
    resource_tracker.ensure_running()  # later, its start would unblock the signal again
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])


@contextmanager
def deaf_children() -> Iterator[None]:
    """Have the processes that are started in the block be born with SIGINT blocked; a Ctrl-C meanwhile comes after."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    deafen_this_thread()
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_the_terminal() -> None:
    """Go into a session of one's own: to be called first of all in a process that a command has started."""
    if os.getsid(0) != os.getpid():
        os.setsid()


def dask_setup(_: Any) -> None:
    """Dask calls this when a worker of a LocalCluster starts (preload)."""
    leave_the_terminal()
