"""Printing beside the follow: whoever reads the lines slowly, or not at all, does not hold it up.

A pipe whose reader has stalled blocks its writer. So a thread writes, and what it has not written yet is bounded.
Beyond that, lines are left out, which is told once. They stand in the tables all the same.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

MOST_WAITING = 1_000  # pieces of work, each the lines of what was published together
STALLED_S = 5.0  # at the end, after which a reader that takes nothing is waited for no more


class Printing:
    """Hands what is to be printed to a thread of its own. write: prints it; tell: is told that lines are left out."""

    def __init__(
        self, write: Callable[[Sequence[str]], None], tell: Callable[[str], None], most: int = MOST_WAITING
    ) -> None:
        self._write, self._tell = write, tell
        self._waiting: queue.Queue[Sequence[str]] = queue.Queue(most)
        self._written = threading.Event()
        self._left_out = 0
        threading.Thread(target=self._run, name="nightdesk-print", daemon=True).start()

    def put(self, lines: Sequence[str]) -> None:
        """Have lines printed soon."""
        try:
            self._waiting.put_nowait(lines)
        except queue.Full:
            if not self._left_out:
                self._tell("nobody reads the lines of --print fast enough; some are left out, and stand in the tables")
            self._left_out += len(lines)

    def end(self, stalled_s: float = STALLED_S) -> None:
        """Wait until all is printed, as long as somebody reads."""
        while self._waiting.unfinished_tasks:
            self._written.clear()
            if self._waiting.unfinished_tasks and not self._written.wait(stalled_s):
                break
        if self._left_out:
            self._tell(f"{self._left_out:,} lines of --print were left out, since nobody read them")

    def _run(self) -> None:
        while True:
            lines = self._waiting.get()
            with suppress(OSError, ValueError):  # who read them has gone
                self._write(lines)
            self._waiting.task_done()
            self._written.set()
