"""A day of streams in a process of its own, which is killed before a chosen step of publishing it."""

import multiprocessing
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import patch

from nightdesk.tasks.following.journal import Journal
from nightdesk.tasks.following.publishing import held_rounds
from nightdesk.tasks.following.publishing.closing_day import close_date
from nightdesk.tasks.following.publishing.open_table import empty_open, replace_open
from tests.tasks.following.publishing.settling import RUN, Stream, held_in, open_rows, publish_all, rows, unaudited
from tests.tasks.made import CATEGORIES, DAY

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])
ROUNDS, TAIL = 4, 3
_OURS = ("tasks/following/publishing/", "tasks/tables/publishing/", "tasks/calling/answers/database")


def day_of_streams(out: Path, attempt: str) -> list[Stream]:
    """Settle, publish and close a day; what was done before a kill is not done again. Return the streams."""
    streams = [Stream("talk", lambda p: p * 3 // 8 % 6), Stream("other")]
    with patch.object(held_rounds, "OPEN_ROWS", 10), Journal(out, "news") as journal:
        known = {d.doc_id: d.settled for d in journal.documents(DAY)}
        is_closed = not known and bool(rows(out, "documents"))
        for k in range(ROUNDS):
            settled = [streams[0].settle(7, merge=(3, 1) if k == 2 else None), streams[1].settle(4)]
            if not is_closed and all(known.get(s.doc_id, 0) < s.last for s in settled):
                held_in(journal, *settled, attempt=attempt)
            if not is_closed:
                publish_all(out, journal)
                ahead = Stream("talk", day=DAY, at=streams[0].at).settle(TAIL)
                replace_open(out, DAY, "news", open_rows(ahead.passages), unaudited, CATEGORIES)
        empty_open(out, DAY, "news")
        close_date(out, DAY, RUN, attempt)
        journal.close_date(DAY)
    return streams


def run(out: Path, step: int | None) -> None:
    """Go through a day; be killed before the step-th call of or by a function that publishes; None: write how many."""
    calls, lock = 0, threading.Lock()

    def watch(frame: FrameType, event: str, _: Any) -> None:
        nonlocal calls
        if event in ("call", "c_call") and any(part in frame.f_code.co_filename for part in _OURS):
            with lock:
                calls += 1
            if calls == step:
                os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(watch)
    sys.setprofile(watch)
    day_of_streams(out, f"a{step}")
    sys.setprofile(None)
    threading.setprofile(None)
    if step is None:
        (out / "calls").write_text(str(calls))


def ran(out: Path, step: int | None = None) -> int:
    """Run a day in a process of its own; return its exit code."""
    process = FORKS.Process(target=run, args=(out, step))
    process.start()
    process.join()
    return process.exitcode or 0
