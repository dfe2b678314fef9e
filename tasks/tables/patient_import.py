"""An import that gives way where the machine is busy, until somebody waits for it.

A low priority would do as well, but no ordinary user may raise it again. So the thread that imports pauses between two
modules if it had to share its core with others, because the calls of a run are worth more than being ready early.
"""

import contextlib
import importlib
import sys
import threading
import time
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

BUSY = 0.7  # share of the time below which the thread did not have a core of its own
PAUSE = 3.0  # times as long as the import has worked, it then pauses


class PatientImport(MetaPathFinder):
    """Imports a module in a thread, from the moment it is made."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._hurry = threading.Event()
        self._worked = self._passed = 0.0  # seconds at the last pause: of the thread's work, of the clock
        self._thread = threading.Thread(target=self._import, name=f"import {name}", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Import what is left without pauses, and wait for the end of it. An error is raised when it is used."""
        self._hurry.set()
        self._thread.join()

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return not self._thread.is_alive()

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Pause before the next module, if the machine is busy; find nothing."""
        if threading.current_thread() is not self._thread or self._hurry.is_set():
            return
        worked, passed = time.thread_time() - self._worked, time.monotonic() - self._passed
        if passed < 0.02:  # too short to tell
            return
        if worked < BUSY * passed:
            self._hurry.wait(PAUSE * worked)
        self._worked, self._passed = time.thread_time(), time.monotonic()

    def _import(self) -> None:
        self._worked, self._passed = time.thread_time(), time.monotonic()
        sys.meta_path.insert(0, self)
        try:
            with contextlib.suppress(Exception):  # whoever imports it next is told
                importlib.import_module(self._name)
        finally:
            sys.meta_path.remove(self)
