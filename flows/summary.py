"""The figures of a run: the object that the command line prints, and that its page in the Prefect UI shows."""

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
