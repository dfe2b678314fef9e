"""passages_open: the provisional rows of the sentences of a date that are not settled yet, one part for a profile."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from nightdesk.tasks.tables.quarantine import Audit


def replace_open(
    out: Path,
    run_date: date,
    profile: str,
    rows: Sequence[Mapping[str, Any]],
    audit: Audit,
    categories: Sequence[str],
    run_id: str,
    is_forgotten: Callable[[str], bool] = lambda doc_id: False,
) -> int:
    """Put these rows in the place of all provisional ones of a date and profile; return how many stand.

    rows: with the columns of passages but run_id; of all streams. A row that fails the audit is filed unplaced, with
    the expectation as its reason. Call it after the sentences that have left it stand in passages (publish_held).
    Synchronous; it may be called in another thread.

    Raises:
        PublishError: the disk refuses it; the earlier rows stand.
        AuditFailed: a sentence is there twice; the earlier rows stand.
    """
    raise NotImplementedError


def empty_open(out: Path, run_date: date, profile: str) -> None:
    """Remove the provisional rows of a date and profile, since everything is settled and published.

    Raises:
        PublishError: the disk refuses it.
    """
    raise NotImplementedError
