"""What lane batch needs of a provider: make a batch, find one again, see whether it has ended, read what came of it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from nightdesk.tasks.errors import ModelError, TransientError


class Expired(TransientError):
    """The provider did not come to it within its own time; it may be sent again."""


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One request of a batch, as lane sync would send it. custom_id: MARKER-NUMBER."""

    custom_id: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came of one item: the provider's reply, or an error."""

    custom_id: str
    reply: Mapping[str, Any] | None = None
    error: ModelError | None = None


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """How a batch stands. problem: why the provider did not take it, if it did not."""

    ended: bool
    problem: str = ""


class Batches(Protocol):
    """A provider's batches. Every method raises nightdesk.tasks.errors.ModelError if the provider does not do it."""

    most_requests: int
    most_bytes: int

    async def create(self, marker: str, items: Sequence[BatchItem]) -> str:
        """Make a batch that can be found again by a marker of ours; return the provider's id of it."""
        ...

    async def find(self, marker: str, since: float, size: int) -> str | None:
        """Return the id of the batch with this marker. since: when it was made at the earliest (s since the epoch)."""
        ...

    async def state(self, batch_id: str) -> BatchStatus:
        """Tell how a batch stands."""
        ...

    def results(self, batch_id: str) -> AsyncIterator[BatchResult]:
        """Yield what came of the items of a batch that has ended, in any order; what is missing was lost."""
        ...

    async def cancel(self, batch_id: str) -> None:
        """Have a batch end with what it has."""
        ...
