"""Going on by itself after what may pass: a full disk, workers that are gone. It is opened anew from its journal.

That is what the same command would do if it were run again, so nothing is lost and nothing is paid for twice.
"""

import asyncio
import logging
import time
from pathlib import Path

from nightdesk.flows.shared.stopping.termination import stopping
from nightdesk.tasks.calling.answers.storage_errors import AGAIN, StoreError
from nightdesk.tasks.errors import AuditFailed, NightdeskError, PoolLost, PublishError
from nightdesk.tasks.following.journal import journal_path

FIRST_S, MOST_S = 5.0, 120.0  # between two tries
STOOD_S = 300.0  # after which it has gone on, and the next trouble is another one
log = logging.getLogger("nightdesk")


class Patience:
    """Whether, and when, a follow of a profile into an OUT is opened anew after an error.

    What a follow has never opened there is no reason to wait for: whoever has begun it is to see the error.
    """

    def __init__(self, out: Path, profile: str) -> None:
        self._was_followed = journal_path(out, profile).exists()
        self._opened_at: float | None = None
        self._began, self._tries = 0.0, 0

    def opened(self) -> None:
        """Take note that the follow is open."""
        self._was_followed, self._opened_at = True, time.monotonic()
        if self._tries:
            log.warning("the follow goes on, after %.0f s", self._opened_at - self._began)

    async def wait(self, error: NightdeskError) -> None:
        """Wait until the follow may be opened anew. The trouble is told once, however often it is tried again.

        Raises:
            NightdeskError: the error, if it will not pass.
            Stopped: the run was told to stop meanwhile.
        """
        if not self._may_pass(error):
            raise error
        now = time.monotonic()
        if self._opened_at is not None and now - self._opened_at >= STOOD_S:
            self._tries = 0
        if not self._tries:
            self._began = now
            line = str(error).removesuffix(f", {AGAIN}").removesuffix(f"; {AGAIN}")
            log.warning("%s; the follow tries again by itself until it can go on", line)
        self._opened_at = None
        self._tries += 1
        with stopping().place():
            await asyncio.sleep(min(MOST_S, FIRST_S * 2 ** (self._tries - 1)))

    def _may_pass(self, error: NightdeskError) -> bool:
        if isinstance(error, AuditFailed) or (isinstance(error, StoreError) and error.is_damaged):
            return False
        if self._tries and self._opened_at is None:  # it was open, with the same parameters, before the trouble began
            return True
        if isinstance(error, PoolLost):  # it was open, so that the workers have been there
            return self._opened_at is not None
        return self._was_followed and isinstance(error, PublishError)
