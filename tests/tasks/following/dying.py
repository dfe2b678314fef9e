"""A process that follows a file into a journal, and is killed before a chosen step of its work."""

import multiprocessing
import os
import signal
import sys
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.following.arrivals.watch import Watch
from nightdesk.tasks.following.journal import Journal

DAY = date(2026, 3, 1)
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])
_OURS = ("tasks/following/", "tasks/calling/answers/database")


def follow(out: Path, source: Path, looks: int, step: int | None) -> None:
    """Look so many times, and be killed before the step-th call of or by a function of the journal or the arrivals.

    Calls of SQLite and of the operating system count as well, so a transaction is cut between any two statements.
    """
    left = step or 0

    def watch(frame: FrameType, event: str, _: Any) -> None:
        nonlocal left
        if event in ("call", "c_call") and any(part in frame.f_code.co_filename for part in _OURS):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    clock = iter(float(k) for k in range(10**9))
    with Journal(out, "news") as journal:
        seen = Watch([str(source)], load_profile("news"), out, 3.0, clock=lambda: next(clock))
        if step is not None:
            sys.setprofile(watch)
        for _ in range(looks):
            journal.take(seen.poll(journal.cursors()), DAY)
        sys.setprofile(None)
        seen.close()


def followed(out: Path, source: Path, looks: int, step: int | None = None) -> int:
    """Follow in a process of its own; return its exit code."""
    process = FORKS.Process(target=follow, args=(out, source, looks, step))
    process.start()
    process.join()
    return process.exitcode or 0
