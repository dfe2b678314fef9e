"""Progress of a run: to whoever listens (the command line's bars) and to the run's page, at most once a second."""

import asyncio
import time
from collections.abc import Callable
from contextvars import ContextVar
from uuid import UUID

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from nightdesk.flows.artifacts.reporting import report

Listener = Callable[[str, int, int, int], None]  # (stage, batch, done, of)
LISTENER: ContextVar[Listener | None] = ContextVar("nightdesk_listener", default=None)
EVERY_S = 1.0


class RunProgress:
    """One run's progress artifact: the share of its documents that have come through all stages."""

    def __init__(self, documents: int, stages: tuple[str, ...]) -> None:
        self.documents, self._stages = max(1, documents), stages
        self._listener = LISTENER.get()
        self._artifact: UUID | None = None
        self._update: asyncio.Task[object] | None = None
        self._last = 0.0
        self.finished = 0  # documents
        self.published = 0  # number of the last batch that was published
        self._through: dict[int, float] = {}  # batch under way -> documents of it that are through, by its stages

    async def open(self) -> None:
        """Put the artifact on the run's page."""
        self._artifact = await report(
            acreate_progress_artifact(0.0, key="progress", description="Documents through all stages")
        )

    def tell(self, stage: str, batch: int, documents: int, done: int, of: int) -> None:
        """Say how far a stage is with a batch of so many documents."""
        if self._listener is not None:
            self._listener(stage, batch, done, of)
        if batch > self.published:
            self._through[batch] = documents * (self._stages.index(stage) + done / max(1, of)) / len(self._stages)
        now = time.monotonic()
        if now - self._last >= EVERY_S and (self._update is None or self._update.done()):
            self._last = now
            self._send((self.finished + sum(self._through.values())) / self.documents)

    def is_published(self, batch: int, documents: int) -> None:
        """Say that a batch of so many documents stands. Batches are published in their order."""
        self.finished += documents
        self.published = batch
        self._through.pop(batch, None)

    async def close(self) -> None:
        """Show the end of it."""
        if self._update is not None:
            await asyncio.wait([self._update])
        self._send(1.0)
        if self._update is not None:
            await self._update

    def _send(self, share: float) -> None:
        if self._artifact is not None:
            percent = min(100.0, 100.0 * share)
            self._update = asyncio.create_task(report(aupdate_progress_artifact(self._artifact, percent)))
