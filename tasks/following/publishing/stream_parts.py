"""Publishing rounds of settling: what is held in the journal -> parts in place, idempotently."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from nightdesk.tasks.following.journal import Journal
from nightdesk.tasks.tables.audit import AuditReport
from nightdesk.tasks.tables.quarantine import Audit


@dataclass(frozen=True, slots=True)
class PublishedRound:
    """A round that is published. sentences: its own; refused: of them, those that the audit has made unplaced.

    rolls: whether it has begun a new part of passages. reports: of the first audit.
    """

    sentences: int
    refused: int
    rolls: bool
    reports: Sequence[AuditReport]


async def publish_held(
    out: Path, run_date: date, journal: Journal, audit: Audit, categories: Sequence[str], run_id: str
) -> list[PublishedRound]:
    """Publish the rounds of a date that are held, in order: each is audited, put in place, and marked.

    The journal is used in the thread of the event loop; audit and files have a thread of their own. One at a time.
    After a kill the same call publishes what is held still. run_id: of the rows that are published.

    Raises:
        PublishError: the disk refuses it, or the auditor is gone: what is held stays so, and the same call goes on.
        AuditFailed: a round is not whole, which nothing but a fault of nightdesk can cause; it stays held.
    """
    raise NotImplementedError
