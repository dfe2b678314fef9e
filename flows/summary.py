"""What a run has to say of itself: the object that the command line prints, and the page in the Prefect UI."""

from typing import Any

from tasks.run import Run


def summary(run: Run, new_weights_version: int | None, edition: str | None) -> dict[str, Any]:
    """Return the figures of a run. calls and cost_usd: made now; answers that were in the store do not count."""
    totals = run.totals
    return {
        "run_id": run.run_id,
        "run_date": run.run_date.isoformat(),
        "documents": totals.documents,
        "unreadable": totals.unreadable,
        "skipped": totals.skipped,
        "sentences": totals.sentences,
        "placed": totals.placed,
        "unplaced": totals.unplaced,
        "topics": totals.topics,
        "calls": run.desk.ledger.made,
        "cost_usd": run.desk.ledger.cost_usd,
        "stages": {name: round(seconds, 3) for name, seconds in totals.stages.items()},
        "out": str(run.out),
        "edition": edition,
        "weights_version": max(run.served_versions, default=run.weights_version),
        "new_weights_version": new_weights_version,
        "quarantined": totals.quarantined,
    }


def markdown(result: dict[str, Any], run: Run) -> str:
    """Write a run's figures, stages and audit as Markdown."""
    lines = [f"# {run.profile.name}, {result['run_date']}", "", "| | |", "|---|---:|"]
    lines += [f"| {name} | {result[name]} |" for name in _SHOWN]
    lines += ["", "## Seconds", "", "| stage | seconds |", "|---|---:|"]
    lines += [f"| {name} | {seconds:.2f} |" for name, seconds in result["stages"].items()]
    lines += ["", "## Audit", "", "| table | expectations | rows that failed |", "|---|---:|---:|"]
    for table in dict.fromkeys(r.table for r in run.reports):
        reports = [r for r in run.reports if r.table == table]
        lines.append(f"| {table} | {sum(r.checked for r in reports)} | {sum(len(r.rows) for r in reports)} |")
    return "\n".join(lines) + "\n"


_SHOWN = (
    "documents", "unreadable", "skipped", "sentences", "placed", "unplaced", "topics", "calls", "cost_usd",
    "quarantined", "weights_version", "new_weights_version",
)  # fmt: skip
