"""Nights for dates that were given: one in the run itself, several as runs of their own below it, oldest first.

What they would take is shown before the first of them, because nobody has seen yet what a range of dates comes to.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from prefect import flow, runtime
from prefect.artifacts import acreate_markdown_artifact

from nightdesk.flows.artifacts.markdown import plain, table
from nightdesk.flows.artifacts.reporting import report
from nightdesk.flows.shared.parameters import RunParameters
from nightdesk.flows.shared.reorganize_documents import ended, label_run, reorganize_documents
from nightdesk.flows.shared.scheduled_time import due, nights_between
from nightdesk.flows.shared.stopping.stoppable import stoppable
from nightdesk.flows.shared.stopping.termination import in_engine, stopping
from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.errors import BadRun, InputError
from nightdesk.tasks.reading.found_documents import STDIN
from nightdesk.tasks.reorganizing import missed_nights
from nightdesk.tasks.reorganizing.missed_nights import Mark, ScheduledNight
from nightdesk.tasks.reorganizing.past_dates.dates import check_past, shown_dates
from nightdesk.tasks.reorganizing.past_dates.expected_nights import Expected, ExpectedNight, expect, many, until_the_end

SUMS = ("documents", "skipped", "sentences", "placed", "unplaced", "failed", "unpaid", "calls", "cost_usd")
log = logging.getLogger("nightdesk")


async def run_for_dates(parameters: RunParameters, days: Sequence[date]) -> dict[str, Any]:
    """Run the nights of some dates; return the figures of the one, or the sums of several.

    A night that fails does not end the others.

    Raises:
        InputError: no night has anything that it could read, or text on stdin was named for several.
    """
    profile = load_profile(parameters.profile)
    is_ours = runtime.deployment.id is not None  # at a command line, the one date of a run is as if it were tonight's
    if len(days) == 1:
        if is_ours:
            check_past(days[0])
            await _foretold(parameters, profile, [(days[0], None)])
        return await reorganize_documents(parameters, days[0], "nightly", is_given=True)
    if STDIN in parameters.sources:
        raise InputError(f"source {STDIN}: text on stdin is of one date; name one, or put the text into a file")
    stopping().end_after(profile.limits.max_hours * len(days))
    await label_run(f"nightly-{profile.name}/{shown_dates(list(days))}")
    expected = await _foretold(parameters, profile, await _moments(days))
    results: list[dict[str, Any]] = []
    failed: dict[date, str] = {}
    for night in expected.nights:
        if night.fault:
            log.warning("%s: %s; the others go on", night.run_date, night.fault)
            failed[night.run_date] = night.fault
            continue
        if not night.has_work:
            log.info("%s: %s", night.run_date, _nothing(night))
            continue
        try:
            results.append(await in_engine(past_night, parameters, night.run_date, night.by))
        except BadRun as e:
            results.append(e.result)
            failed[night.run_date] = str(e)
        except Exception as e:  # noqa: BLE001  (whatever it is, the other nights are to be run)
            log.warning("the night of %s failed (%s); the others go on", night.run_date, e)
            failed[night.run_date] = f"{type(e).__name__}: {e}"
    result = _sums(parameters, days, expected, results, failed)
    await _show(result, expected, results, failed)
    log.info("%s", result["verdict"])
    await label_run(tags=[result["verdict"].partition(":")[0].lower()])
    return result


@flow(name="past-night", persist_result=False)
async def past_night(parameters: RunParameters, run_date: date, by: datetime | None) -> Any:
    """Run the night of one of several dates that were given, as a run of its own.

    Of sources without {run_date} it takes what was there when that night was due; the rest is for the nights after it.
    Where the schedule knows of the night as one that is not done, it is done with this.
    """
    return await stoppable(_past_night(parameters, run_date, by))


async def _past_night(parameters: RunParameters, run_date: date, by: datetime | None) -> Any:
    out, profile = Path(parameters.out), load_profile(parameters.profile).name
    result = await reorganize_documents(parameters, run_date, "nightly", by, night=run_date, is_given=True)
    mark = missed_nights.read_marks(out, profile).of.get(run_date, Mark())
    if mark.due is not None and not result["is_bad"]:
        night = ScheduledNight(mark.due)
        if not (mark.done and mark.done.timestamp() >= night.at):
            missed_nights.mark(out, profile, night, str(runtime.flow_run.id), done=True)
    return ended(result)


async def _foretold(
    parameters: RunParameters, profile: Profile, nights: Sequence[tuple[date, datetime | None]]
) -> Expected:
    """Foretell what nights would take; say so in the log and on the run's page."""
    out = Path(parameters.out)
    asked = parameters.sources, parameters.text_id, nights, parameters.is_all, parameters.fail_on_missing
    expected = await asyncio.to_thread(expect, out, profile, *asked)
    log.info("%s", expected.line)
    text = "\n".join(_plan(expected, parameters.is_all)) + "\n"
    await report(acreate_markdown_artifact(text, key="plan", description=plain(expected.line, 600)))
    return expected


def _plan(expected: Expected, is_all: bool) -> list[str]:
    rows = [
        (
            n.run_date,
            f"{n.documents:,}",
            f"{n.sentences:,}",
            f"{n.skipped:,}",
            f"{n.calls:,.0f}",
            f"{n.dollars:.4f}",
            plain("" if n.has_work else _nothing(n), 200),
        )
        for n in expected.nights
    ]
    head = ("night", "documents ", "sentences ", "left out ", "calls ", "dollars ", "")
    choice = "Everything again" if is_all else "Only what is missing"
    budget = f" A night may take ${expected.max_cost_usd:.2f}." if expected.max_cost_usd else ""
    return [
        "# What this run would take",
        "",
        f"{expected.line}. {choice}.{budget}",
        *table(head, rows),
        "Expected values: answers that are stored already make it less, repairs more.",
    ]


def _nothing(night: ExpectedNight) -> str:
    """Say why a night is not run."""
    if night.fault:
        return night.fault
    if night.why_nothing:
        return f"nothing to read: {night.why_nothing}"
    later = f"; {many(night.later, 'source')} changed later, left to the nights after it" if night.later else ""
    unreadable = f"; {many(night.unreadable, 'document')} cannot be read" if night.unreadable else ""
    return f"nothing is missing: {many(night.skipped, 'document')} in the tables already{unreadable}{later}"


async def _moments(days: Sequence[date]) -> list[tuple[date, datetime | None]]:
    """Return by when files must have been there for each night: see `until_the_end`."""
    run = await due() if runtime.deployment.id is not None else None
    if run is None:
        return until_the_end(days)
    zone = run.at.tzinfo
    now = datetime.now(zone)
    begin, end = datetime.combine(days[0], time.min, zone), datetime.combine(days[-1], time.max, zone)
    passed = [n for s in run.schedules for n in await nights_between(s, begin, min(end, now))]
    return until_the_end(days, {n.run_date: n.due for n in sorted(passed, key=lambda n: n.at)}, now)


def _sums(
    parameters: RunParameters,
    days: Sequence[date],
    expected: Expected,
    results: Sequence[dict[str, Any]],
    failed: dict[date, str],
) -> dict[str, Any]:
    """Return what the nights of a range come to, with a verdict."""
    sums: dict[str, Any] = {name: sum(r.get(name, 0) for r in results) for name in SUMS}
    sums["cost_usd"] = round(sums["cost_usd"], 6)
    not_run = [n for n in expected.nights if not n.has_work]
    sums["skipped"] += sum(n.skipped for n in not_run)
    under: Counter[str] = Counter()
    for n in not_run:
        under.update(n.skipped_under)
    for r in results:
        under.update(r.get("skipped_under", {}))
    words = [str(r["verdict"]).partition(":")[0] for r in results if r.get("verdict")]
    run = sum(n.has_work or bool(n.fault) for n in expected.nights)
    word = "Bad" if failed else next((w for w in words if w != "Good"), "Good")
    done = f"{run - len(failed)} of {run} nights done" if failed else f"{many(run, 'night')} done"
    if not run:
        done = "no night had anything to do"
    verdict = (
        f"{word}: {done} from {days[0]} to {days[-1]}, {many(sums['documents'], 'document')}, ${sums['cost_usd']:.4f}"
    )
    if sums["skipped"]:
        verdict += f"; {sums['skipped']:,} left out as they stand in the tables"
    for day, why in failed.items():
        verdict += f"; {day}: {why}"
    editions = [r["edition"] for r in results if r.get("edition")]
    return {
        "run_id": str(runtime.flow_run.id),
        "run_date": days[0].isoformat(),
        "last_run_date": days[-1].isoformat(),
        "nights": run,
        **sums,
        "skipped_under": dict(sorted(under.items())),
        "out": parameters.out,
        "edition": editions[-1] if editions else None,
        "verdict": verdict,
        "is_bad": bool(failed),
    }


async def _show(
    result: dict[str, Any], expected: Expected, results: Sequence[dict[str, Any]], failed: dict[date, str]
) -> None:
    """Put a summary of all nights on the run's page."""
    of = {r["run_date"]: r for r in results if "run_date" in r}
    rows = []
    for night in expected.nights:
        r, day = of.get(night.run_date.isoformat(), {}), night.run_date
        told = failed.get(day) or (r.get("verdict") if night.has_work else _nothing(night)) or ""
        figures = [f"{r.get(name, 0):,}" for name in ("documents", "sentences")]
        rows.append((day, *figures, f"{r.get('skipped', night.skipped):,}", f"{r.get('cost_usd', 0):.4f}", plain(told)))
    head = ("night", "documents ", "sentences ", "left out ", "dollars ", "verdict")
    lines = [f"# {plain(result['verdict'], 1000)}", *table(head, rows)]
    text = "\n".join(lines) + "\n"
    await report(acreate_markdown_artifact(text, key="summary", description=plain(result["verdict"], 600)))
