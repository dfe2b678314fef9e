"""A run's page in the Prefect UI: artifacts that tell in ten seconds whether it was good, and then why."""

from base64 import b64encode
from pathlib import Path
from typing import Any

from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact, acreate_table_artifact

from nightdesk.flows.artifacts.edition_link import edition_link
from nightdesk.flows.artifacts.markdown import code, plain, table
from nightdesk.flows.artifacts.reporting import report as told
from nightdesk.flows.artifacts.run_summary import summary
from nightdesk.flows.artifacts.run_verdict import RunVerdict, judge
from nightdesk.role_rl import state_versions as states
from nightdesk.role_rl.errors import StateError
from nightdesk.role_rl.learner import report
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.learning.catching_up import state_folder
from nightdesk.tasks.learning.learn import Learned
from nightdesk.tasks.reorganizing.run import Run
from nightdesk.tasks.tables import parts

_STORIES = 5
_LONGEST = 300  # characters of a description
_SHOWN = 20  # rows of a list that could be long


async def show_run(run: Run, result: dict[str, Any], verdict: RunVerdict, learned: Learned | None) -> None:
    """Put a run's summary, and what it taught, on its page."""
    description = plain(verdict.line, 600)  # it names documents, and Prefect's UI renders it as Markdown
    await told(acreate_markdown_artifact(_summary(run, result, verdict), key="summary", description=description))
    if link := edition_link(run.out, result["edition"]):
        day = f"The edition of {run.run_date.isoformat()}"
        await told(acreate_link_artifact(link, link_text=day, key="edition", description=day))
    if spent := _spent(run):
        total = f"What every model took in every role: ${result['cost_usd']:.4f} in all"
        await told(acreate_table_artifact(spent, key="spend", description=total))
    if learned is not None and learned.is_new:
        await show_weights(run.out, run.profile, learned)


async def show_stopped(run: Run, line: str) -> None:
    """Put the summary of a run that was stopped on its page: what stands, what it took, how to go on.

    line: what stopped it, what stands and how to go on.
    """
    result = summary(run, None, "")
    lost = judge(run.totals, result, run.profile, None, run.absent())
    concerns = [f"${result['cost_usd']:.4f} were spent; a run that goes on pays for no answer a second time"]
    if run.totals.documents:
        made = f"nightdesk edition --out {run.out} --date {run.run_date}"
        concerns.append(f"no edition was made of what stands: `{made}` makes it; the weights learn with the next run")
    verdict = RunVerdict(line.removeprefix("cancelled "), (*concerns, *lost.concerns), is_stopped=True)
    description = plain(f"{verdict.word}: {verdict.headline}", 600)
    await told(acreate_markdown_artifact(_summary(run, result, verdict), key="summary", description=description))


async def show_weights(out: Path, profile: Profile, learned: Learned) -> None:
    """Put the reason and the picture of new weights on the page, and the weights before and after as a table."""
    named = f"Weights, version {learned.version}"
    try:
        changes, wrong = _changes(out, profile, learned), ""
    except StateError as e:
        changes, wrong = [], str(e)
    text = _weights(out, profile, learned, wrong)
    await told(acreate_markdown_artifact(text, key="weights", description=f"{named}: {learned.reason}"[:_LONGEST]))
    if changes:
        await told(acreate_table_artifact(changes, key="weight-changes", description=f"{named}, before and after"))


def _summary(run: Run, result: dict[str, Any], verdict: RunVerdict) -> str:
    lines = [f"# {verdict.word}", "", plain(verdict.headline, 300), ""]
    lines += [f"- {plain(c, 300)}" for c in verdict.concerns]
    if run.totals.reasons:
        lines += ["", "## Not read"]
        lines += [f"- {plain(why, 400)}" for why in run.totals.reasons[:_SHOWN]]
        if len(run.totals.reasons) > _SHOWN:
            lines.append(f"- and {len(run.totals.reasons) - _SHOWN} more, in the table documents")
    if stories := _stories(run):
        lines += ["", "## The biggest stories"]
        lines += table(("story", "sentences ", "documents "), stories)
    lines += ["", "## The run", *_figures(run, result)]
    lines += ["", "## Seconds"]
    lines += table(("stage", "seconds "), [(name, f"{s:.2f}") for name, s in result["stages"].items()])
    lines += ["", "## The audit", *_audit(run)]
    return "\n".join(lines) + "\n"


def _figures(run: Run, result: dict[str, Any]) -> list[str]:
    budget = run.profile.limits.max_cost_usd
    dollars = f"{result['cost_usd']:.4f}" + (f" of {budget:.2f}" if budget else "")
    names = ("documents", "unreadable", "skipped", "sentences", "placed", "unplaced", "failed", "unpaid", "topics")
    more = ("quarantined", "unjoined", "withheld", "calls")
    rows = [(name, f"{result[name]:,}") for name in (*names, *more)]
    if under := result["skipped_under"]:
        rows.append(("skipped, as they stand under", ", ".join(f"{day} ({n:,})" for day, n in under.items())))
    if result["input_tokens"]:
        rows += [(f"{way} tokens", f"{result[f'{way}_tokens']:,}") for way in ("input", "output")]
        rows.append(("input from caches", f"{result['cache_hit_rate']:.0%}"))
    rows += [("dollars", dollars), ("weights that served", f"version {result['weights_version']}")]
    if result["new_weights_version"] is not None:
        rows.append(("weights learned", f"version {result['new_weights_version']}"))
    rows.append(("tables", code(f"{run.out / 'tables'}/*/run_date={run.run_date.isoformat()}/")))
    if result["edition"]:
        rows.append(("edition", code(result["edition"])))
    return table(("", " "), rows)


def _stories(run: Run) -> list[tuple[str, str, int]]:
    """Return the stories of this run that have most sentences: title, sentences, documents."""
    topics = parts.read(run.out, "topics", [run.run_date], ["story_id", "title", "sentences", "doc_id", "run_id"])
    told: dict[str, list[dict[str, Any]]] = {}
    for row in topics.to_pylist():
        if row["run_id"] == run.run_id:
            told.setdefault(row["story_id"], []).append(row)
    sizes = {story: sum(r["sentences"] for r in rows) for story, rows in told.items()}
    biggest = sorted(told, key=lambda story: (-sizes[story], story))[:_STORIES]
    return [
        (
            plain(max(told[s], key=lambda r: r["sentences"])["title"]),
            f"{sizes[s]:,}",
            len({r["doc_id"] for r in told[s]}),
        )
        for s in biggest
    ]


def _audit(run: Run) -> list[str]:
    rows = []
    for name in dict.fromkeys(r.table for r in run.reports):
        reports = [r for r in run.reports if r.table == name]
        failed = [why for r in reports for why in r.rows.values()]
        reasons = "; ".join(code(why) for why in dict.fromkeys(failed))
        rows.append((name, sum(r.checked for r in reports), len(failed), reasons))
    return table(("table", "expectations ", "rows that failed ", "which"), rows)


def _spent(run: Run) -> list[dict[str, Any]]:
    """Return what models took: a row for each model in each role."""
    return [
        {
            "role": role,
            "model": model,
            "calls": took.calls,
            "not to serve": took.calls - took.serving,
            "failed": took.failed,
            "dollars": round(took.dollars, 6),
        }
        for (role, model), took in sorted(run.totals.models.items())
    ]


def _weights(out: Path, profile: Profile, learned: Learned, wrong: str) -> str:
    lines = [f"# Weights, version {learned.version}", "", plain(learned.reason, 600), ""]
    lines += [f"- {plain(w, 300)}" for w in (*learned.warnings, *([wrong] if wrong else []))]
    plot = state_folder(out, profile.name) / f"{learned.version:06d}.svg"
    if plot.exists():
        picture = b64encode(plot.read_bytes()).decode("ascii")
        lines += ["", f"![Weights, reward and dollars over the nights](data:image/svg+xml;base64,{picture})", ""]
    return "\n".join(lines) + "\n"


def _changes(out: Path, profile: Profile, learned: Learned) -> list[dict[str, Any]]:
    """Return the weights before and after: a row for each model in each role and language.

    Raises:
        StateError: a version of the weights cannot be read.
    """
    folder, arms, settings = state_folder(out, profile.name), profile.arms(), profile.settings()
    after = states.load(folder, learned.version)
    before = states.load(folder, after.previous) if after.previous else None
    key = ("role", "language", "model", "lane")
    old = {tuple(r[k] for k in key): r["weight"] for r in report(before, arms, settings, list(after.plans))}
    return [
        {
            "role": r["role"],
            "language": r["language"],
            "model": r["model"] if r["lane"] == "sync" else f"{r['model']}@{r['lane']}",
            "before": round(old.get(tuple(r[k] for k in key), 0.0), 3),
            "after": round(r["weight"], 3),
            "value, 95 %": f"{r['value']:.3f} ({r['low']:.3f} to {r['high']:.3f})",
        }
        for r in report(after, arms, settings)
    ]
