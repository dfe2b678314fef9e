"""The figures of a run: the object that the command line prints, and that its page in the Prefect UI shows."""

from typing import Any

from nightdesk.tasks.reorganizing.run import Run


def summary(run: Run, new_weights_version: int | None, edition: str | None) -> dict[str, Any]:
    """Return the figures of a run. Calls, tokens and dollars are of now: answers that were in the store took none.

    skipped_under: of the skipped, how many stand under which date, if the run was given its date.
    failed, unpaid: of the unplaced, those that models failed on, and those that dollars did not reach for.
    unjoined: documents whose stories could not all be joined. withheld: batches that the audit withheld.
    over_budget: calls that the run's dollars did not reach for; another model answered, or none.
    """
    totals, ledger = run.totals, run.router.ledger
    return {
        "run_id": run.run_id,
        "run_date": run.run_date.isoformat(),
        "documents": totals.documents,
        "unreadable": totals.unreadable,
        "skipped": totals.skipped,
        "skipped_under": totals.skipped_under,
        "sentences": totals.sentences,
        "placed": totals.placed,
        "unplaced": totals.unplaced,
        "failed": totals.failed,
        "unpaid": totals.unpaid,
        "topics": totals.topics,
        "calls": ledger.made,
        "cost_usd": round(ledger.cost_usd, 6),
        "input_tokens": ledger.input_tokens,
        "output_tokens": ledger.output_tokens,
        "cache_hit_rate": round(ledger.cached_tokens / max(1, ledger.input_tokens), 4),
        "over_budget": ledger.refused,
        "stages": {name: round(seconds, 3) for name, seconds in totals.stages.items()},
        "out": str(run.out),
        "edition": edition,
        "weights_version": max(run.served_versions, default=run.weights_version),
        "new_weights_version": new_weights_version,
        "quarantined": totals.quarantined,
        "unjoined": totals.unjoined,
        "withheld": len(totals.withheld),
    }
