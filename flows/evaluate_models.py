"""The flow that measures: how well the models do on labelled documents."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact

from nightdesk.flows.artifacts.markdown import plain, table
from nightdesk.flows.artifacts.reporting import report
from nightdesk.flows.shared.allowed import only_allowed
from nightdesk.flows.shared.configure import configure
from nightdesk.flows.shared.parameters import EvaluateParameters, titled
from nightdesk.flows.shared.reorganize_documents import completed, label_run
from nightdesk.flows.shared.scheduled_time import date_of, due
from nightdesk.flows.shared.secret_blocks import keys_into_environment
from nightdesk.flows.shared.stopping.stoppable import stoppable
from nightdesk.flows.shared.stopping.termination import stopping
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.evaluation.evaluate import MEASURES, load_all, mean, shipped_for
from nightdesk.tasks.evaluation.evaluate import evaluate as evaluated


@flow(name="evaluate", persist_result=False)
async def evaluate(parameters: Annotated[EvaluateParameters, titled("What to measure")]) -> Any:
    """Run labelled documents through the roles, and measure how well the tables agree with the labels."""
    return await stoppable(_evaluate(parameters), "nothing was measured; run it again")


async def _evaluate(parameters: EvaluateParameters) -> Any:
    configure()
    parameters = await only_allowed(parameters)
    profile = load_profile(parameters.profile)
    stopping().end_after(profile.limits.max_hours)
    run_date = date_of(None, await due())
    await label_run(f"evaluate-{profile.name}/{run_date.isoformat()}")
    await keys_into_environment(profile)
    files = [Path(f) for f in parameters.labelled] or shipped_for(profile)
    documents = load_all(files, profile)
    with tempfile.TemporaryDirectory(prefix="nightdesk-") as scratch:
        out = Path(parameters.out or scratch)
        rows = await evaluated(files, documents, out, run_date, profile, parameters.greedy)
    means = mean(rows)
    verdict = ", ".join(f"{m} {means[m]:.3f}" for m in MEASURES if m in means)
    lines = [f"# {plain(verdict, 300)}"]
    columns = ("document", "sentences", *MEASURES)
    shown = [{"document": "mean", "sentences": sum(r["sentences"] for r in rows), **means}, *rows]
    lines += table(
        [c if c == "document" else f"{c} " for c in columns], [[_cell(r.get(c)) for c in columns] for r in shown]
    )
    await report(acreate_markdown_artifact("\n".join(lines), key="evaluation", description=plain(verdict, 300)))
    return completed({"profile": profile.name, "documents": rows, "mean": means}, verdict)


def _cell(value: object) -> str:
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else plain(value)
