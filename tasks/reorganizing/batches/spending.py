"""The dollars that the calls of each batch took: known when its last call is over, and waited for until then."""

import threading

from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.errors import NightdeskError


class Spending:
    """What a run had spent after each of its batches. Batches are read in a thread, and noted in that of the flow."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._after = {0: router.spent}  # number of a batch -> dollars, once all its calls are over
        self._news = threading.Condition()
        self._is_closed = False

    def note(self, number: int) -> None:
        """Say that all calls of a batch are over."""
        with self._news:
            self._after[number] = self._router.spent
            self._news.notify_all()

    def after(self, number: int) -> float:
        """Return the dollars that were spent after a batch, and wait until its calls are over.

        Raises:
            NightdeskError: the run was closed before that.
        """
        with self._news:
            self._news.wait_for(lambda: number in self._after or self._is_closed)
            if number not in self._after:
                raise NightdeskError(f"the run ended before the calls of batch {number} did")
            return self._after[number]

    def close(self) -> None:
        """Let go who waits: the run is over."""
        with self._news:
            self._is_closed = True
            self._news.notify_all()
