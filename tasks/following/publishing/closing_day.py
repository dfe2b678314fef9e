"""The end of a day of streams: their documents are brought into the form in which a night leaves documents."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """What was done. documents: how many were written anew; merged: topics that became a part of an earlier one."""

    documents: int
    merged: int


def close_date(out: Path, run_date: date, run_id: str, attempt: str) -> ClosedDay:
    """Bring each stream document of a date into one part of the same name in passages, topics and documents.

    Topics that were found to be a part of an earlier one become so. Call it after everything of the date is settled
    and published (publish_held); after a kill the same call goes on. It works on the tables alone: then call
    Journal.close_date, which lets go what the journal knows of the date. Synchronous; may be called in another thread.

    Raises:
        PublishError: the disk refuses it. The tables stand as they were, and the next call goes on.
    """
    raise NotImplementedError
