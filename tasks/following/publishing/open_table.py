"""passages_open: the provisional rows of the sentences of a date that are not settled yet, one part for a profile."""

import contextlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.config.profile import UNPLACED
from nightdesk.tasks.errors import AuditFailed
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.derived_columns import unplaced
from nightdesk.tasks.tables.places import append_part
from nightdesk.tasks.tables.publishing.manifest import locked, stage
from nightdesk.tasks.tables.quarantine import Audit

TABLE = "passages_open"
_AUDITS = 2  # rows that fail lose their place and are audited once more


def replace_open(
    out: Path,
    run_date: date,
    profile: str,
    table: pa.Table,
    audit: Audit,
    categories: Sequence[str],
    is_forgotten: Callable[[str], bool] = lambda doc_id: False,
) -> int:
    """Put these rows in the place of all provisional ones of a date and profile; return how many stand.

    table: with the columns of passages, of all streams. A row that fails the audit is filed unplaced, with
    the expectation as its reason. Call it after the sentences that have left it stand in passages (publish_held).
    Synchronous; it may be called in another thread.

    Raises:
        PublishError: the disk refuses it; the earlier rows stand.
        AuditFailed: a sentence is there twice; the earlier rows stand.
    """
    c = contract(TABLE)
    table = c.sorted(c.conform(table)).combine_chunks()  # a tail's pieces each, which is slow to send
    for _ in range(_AUDITS):
        report = audit(TABLE, table, {}, {"categories": [*categories, UNPLACED]})
        if report.whole:
            raise AuditFailed(f"table {TABLE}: {'; '.join(report.whole)}; the earlier rows stay")
        if not report.rows:
            break
        table = c.build([_without_place(row, report.rows.get(k)) for k, row in enumerate(table.to_pylist())])
    else:
        raise AuditFailed(f"table {TABLE}: rows still fail after they lost their place; the earlier rows stay")
    with naming_the_file(out / "_staging"), locked(out, run_date):
        gone = sorted(filter(is_forgotten, table["doc_id"].unique().to_pylist()))
        if gone:
            table = table.filter(pc.invert(pc.is_in(table["doc_id"], pa.array(gone, pa.string()))))
        _replace(out, run_date, profile, table.replace_schema_metadata(c.schema.metadata))
    return len(table)


def _without_place(row: Mapping[str, Any], why: str | None) -> dict[str, Any]:
    if why is None:
        return dict(row)
    return {**row, **unplaced(f"failed the audit: {why}"), "start_s": None, "end_s": None}


def _replace(out: Path, run_date: date, profile: str, table: pa.Table) -> None:
    """Put a part in place by one os.replace. Called under the lock of the date."""
    place, staging = open_part(run_date, profile), out / "_staging" / f"open-{run_date.isoformat()}"
    shutil.rmtree(staging, ignore_errors=True)  # of a process that was killed: nobody else is at work there
    staging.mkdir(parents=True)
    try:
        staged, _ = stage(staging, place, table)
        (out / place).parent.mkdir(parents=True, exist_ok=True)
        (staging / staged).replace(out / place)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def open_part(run_date: date, profile: str) -> Path:
    """Return where the provisional rows of a date and profile lie, relative to OUT."""
    return append_part(TABLE, run_date, profile)


def empty_open(out: Path, run_date: date, profile: str) -> None:
    """Remove the provisional rows of a date and profile, since everything is settled and published.

    Raises:
        PublishError: the disk refuses it.
    """
    part = out / open_part(run_date, profile)
    with naming_the_file(part), locked(out, run_date):
        part.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # another profile has rows there, or it never had any
            part.parent.rmdir()
