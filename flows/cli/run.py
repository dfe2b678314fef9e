"""run: reorganise documents now."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nightdesk.flows.cli.interrupts import in_loop, leave_at_once
from nightdesk.flows.cli.options import (
    AsJson,
    FailOnMissing,
    Out,
    ProfileName,
    Sources,
    check_apart,
    check_out,
    check_size,
    dates_of,
    sources_of,
)
from nightdesk.flows.cli.terminal import say, show, show_table

if TYPE_CHECKING:
    from datetime import date

    from nightdesk.tasks.config.profile import Profile
    from nightdesk.tasks.reading.sources import Reading


def run(
    sources: Sources = None,
    out: Out = Path("out"),
    run_date: Annotated[
        str,
        typer.Option("--date", help="Date the run is for, or FIRST..LAST (YYYY-MM-DD), a night each; else today."),
    ] = "",
    only_missing: Annotated[
        bool | None,
        typer.Option(
            "--only-missing/--everything",
            help="Leave out what stands in the tables unchanged, or take it again. Left out: several dates are run "
            "for what is missing, one for everything that is named.",
        ),
    ] = None,
    profile: ProfileName = "news",
    no_learn: Annotated[bool, typer.Option("--no-learn", help="Leave the weights as they are.")] = False,
    reassign: Annotated[bool, typer.Option("--reassign", help="Draw models anew by the newest weights.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what it would take in calls, tokens and dollars; call and write nothing."),
    ] = False,
    text_id: Annotated[str, typer.Option("--id", help="What the text on stdin (-) is called.")] = "",
    fail_on_missing: FailOnMissing = False,
    as_json: AsJson = False,
) -> None:
    """Reorganise documents now: the nightly flow, on what is named and nothing else.

    Several dates are nights of their own, oldest first; one that fails does not end the others.
    Ends with exit code 1 if the run was bad: models failed on too many sentences, or the audit withheld a batch.
    """
    leave_at_once()
    started = time.perf_counter()
    from nightdesk.flows.shared.surroundings import check
    from nightdesk.tasks.config.profile import load_profile
    from nightdesk.tasks.errors import BadRun

    days = dates_of(run_date)  # told once: the run may begin before midnight and end after
    is_all = not (len(days) > 1 if only_missing is None else only_missing)
    chosen = load_profile(profile)
    named = sources_of(sources)
    check_out(out)
    if not dry_run:
        check_size(named)
        check(0 if chosen.dask.scheduler or "DASK_SCHEDULER_ADDRESS" in os.environ else chosen.dask.workers)
    if len(days) > 1:
        _check_dated(out, named)
        if dry_run:
            return _foretell_nights(days, named, chosen, out, is_all, fail_on_missing, as_json)
    else:
        reading = _looked_at(days[0], named, chosen, out, text_id, fail_on_missing)
        if dry_run:
            return _foretell(reading, chosen, out, as_json)
    if "PREFECT_API_URL" in os.environ:
        warm_up(chosen)  # beside the import of Prefect
    from nightdesk.flows.cli.progress_bars import bars
    from nightdesk.flows.nightly import nightly
    from nightdesk.flows.serve.server_auth import close_ephemeral
    from nightdesk.flows.shared.parameters import EVERYTHING, MISSING, RunParameters

    if "PREFECT_API_URL" not in os.environ:
        # What Prefect's own server needs of this rewrites its modules as they are imported, at which Python 3.11 fails
        # now and then if another thread parses code meanwhile, as Dask does: so it is imported before there are any.
        import docket  # noqa: F401

        warm_up(chosen)  # beside the start of that server, which takes longest and so is not to wait for this
    close_ephemeral()
    parameters = RunParameters(
        sources=named,
        text_id=text_id,
        out=str(out),
        run_date=days[0],
        last_run_date=days[-1],
        documents=EVERYTHING if is_all else MISSING,
        profile=profile,
        learn=not no_learn,
        reassign=reassign,
        fail_on_missing=fail_on_missing,
    )
    bad: BadRun | None = None
    with bars():
        try:
            result = in_loop(nightly(parameters), is_flow=True)
        except BadRun as e:
            bad, result = e, e.result
    result = {**result, "seconds": round(time.perf_counter() - started, 3)}
    show(result, as_json)
    if not as_json:
        say(f"The tables are in {out / 'tables'}.", err=True)
        if result["edition"]:
            say(f"To read in the morning: {result['edition']}", err=True)
    if bad is not None:
        raise bad
    if not as_json or not result["verdict"].startswith("Good"):
        say(result["verdict"], err=True)


def _check_dated(out: Path, sources: list[str]) -> None:
    """Raise InputError if OUT and a source lie inside each other, or text on stdin is named for several dates."""
    from nightdesk.tasks.errors import InputError

    check_apart(out, sources)
    if "-" in sources:
        raise InputError("source -: text on stdin is of one date; name one, or put the text into a file")


def _looked_at(
    day: "date", sources: list[str], profile: "Profile", out: Path, text_id: str, fail_on_missing: bool
) -> "Reading":
    """Return what a run for one date will read."""
    from nightdesk.tasks.reading.fetching.terms import Fetching
    from nightdesk.tasks.reading.sources import check_sources

    terms = Fetching.of_run(profile.fetch, out, only_looks=True)  # the flow keeps what is fetched here
    reading = check_sources(sources, day, text_id, False, profile.reading.cpu_s, terms, fail_on_missing)
    check_apart(out, sources, reading)
    return reading


def _foretell(reading: "Reading", profile: "Profile", out: Path, as_json: bool) -> None:
    """Show what a run would take."""
    from nightdesk.role_rl import state_versions
    from nightdesk.tasks.learning.catching_up import state_folder
    from nightdesk.tasks.reading.documents import Unreadable
    from nightdesk.tasks.reorganizing.dry_run import forecast

    documents = [d for d in reading.documents() if not isinstance(d, Unreadable)]
    newest, _ = state_versions.latest(state_folder(out, profile.name))
    foretold = forecast(documents, profile, newest)
    rows, questions = foretold.rows, foretold.questions
    columns = ("calls", "judge_calls", "input_tokens", "output_tokens", "cost_usd")
    total = {c: round(sum(r[c] for r in rows), 4) for c in columns}
    if as_json:
        return show(
            {
                "documents": len(documents),
                **total,
                "max_cost_usd": profile.limits.max_cost_usd,
                "roles": rows,
                "questions": questions,
            },
            True,
        )
    show_table("what this run would take", rows, ("role", "model", *columns))
    show_table("its largest questions", questions, tuple(questions[0]) if questions else ("role",))
    show({**total, "max_cost_usd": profile.limits.max_cost_usd}, False)


def _foretell_nights(
    days: "list[date]",
    sources: list[str],
    profile: "Profile",
    out: Path,
    is_all: bool,
    fail_on_missing: bool,
    as_json: bool,
) -> None:
    """Show what the nights of several dates would take."""
    from nightdesk.tasks.reorganizing.past_dates.expected_nights import expect, until_the_end

    expected = expect(out, profile, sources, "", until_the_end(days), is_all, fail_on_missing)
    columns = ("run_date", "documents", "sentences", "skipped", "unreadable", "calls", "cost_usd", "why_nothing")
    rows = expected.rows
    total = {c: round(sum(r[c] for r in rows), 4) for c in columns[1:-1]}
    if as_json:
        return show({**total, "max_cost_usd": profile.limits.max_cost_usd, "nights": rows}, True)
    show_table("what these nights would take", rows, columns)
    limit = f"{profile.limits.max_cost_usd} a night" if profile.limits.max_cost_usd else "no limit"
    show({**total, "max_cost_usd": limit}, False)


def warm_up(profile: "Profile") -> None:
    """Start what a run needs and what takes seconds to be ready: workers and auditor."""
    from nightdesk.tasks.calling.dask import pool
    from nightdesk.tasks.calling.dask.own_workers import own_workers
    from nightdesk.tasks.config.lean_imports import keep_pandas_out
    from nightdesk.tasks.tables import audit

    keep_pandas_out()
    pool.warm(profile.dask.scheduler, own_workers(profile), profile.key_variables)
    audit.warm()
