"""The event `nightdesk.judged`: how a run ended, for alarms and for whoever else listens to Prefect's events."""

from typing import Any

from prefect.events import emit_event

from nightdesk.flows.artifacts.run_verdict import RunVerdict

JUDGED = "nightdesk.judged"
LABEL = "nightdesk.verdict"  # of its resource: "good", "worth a look" or "bad"


def tell_verdict(profile: str, result: dict[str, Any], verdict: RunVerdict) -> None:
    """Emit the event. Its payload: the verdict's line and labels, out, run_date and run_id."""
    emit_event(
        JUDGED,
        resource={
            "prefect.resource.id": f"nightdesk.run.{result['run_id']}",
            "prefect.resource.name": profile,
            LABEL: verdict.word.lower(),
        },
        payload={
            "profile": profile,
            "verdict": verdict.line,
            "labels": list(verdict.labels),
            **{name: result[name] for name in ("out", "run_date", "run_id")},
        },
    )
