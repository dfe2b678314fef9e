"""What every run that reorganises documents does, whoever started it."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.states import Completed, Failed

from nightdesk.flows.artifacts.assets import tell_tables, tell_weights
from nightdesk.flows.artifacts.last_run import tell_deployment
from nightdesk.flows.artifacts.progress import RunProgress
from nightdesk.flows.artifacts.reporting import report
from nightdesk.flows.artifacts.run_page import show_run, show_stopped
from nightdesk.flows.artifacts.run_summary import summary
from nightdesk.flows.artifacts.run_verdict import LABELS, judge
from nightdesk.flows.artifacts.verdict_event import tell_verdict
from nightdesk.flows.shared.batches.garbage import spare_what_stays
from nightdesk.flows.shared.batches.pipeline import reorganize_batches
from nightdesk.flows.shared.batches.stage_tasks import (
    BATCH_STAGES,
    PROGRESS,
    RUN,
    edition_stage,
    learn_stage,
    prune_stage,
)
from nightdesk.flows.shared.parameters import RunParameters
from nightdesk.flows.shared.secret_blocks import keys_into_environment
from nightdesk.flows.shared.stopping.stoppable import say
from nightdesk.flows.shared.stopping.termination import Stopped, in_engine, stopping
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.errors import BadRun
from nightdesk.tasks.following.held_sources import Held, held
from nightdesk.tasks.forget.pruning.outgoing import Outgoing
from nightdesk.tasks.learning.learn import Learned
from nightdesk.tasks.reorganizing.past_dates.standing import Skips, standing
from nightdesk.tasks.reorganizing.run import open_run

PUBLISHED = "nightdesk.published"  # the event that starts the learner
_TOLD = ("out", "run_date", "run_id", "edition", "documents", "cost_usd")
CANCELLED = "cancelled"
VERDICTS = {"good", "worth a look", "bad", CANCELLED, *LABELS}
log = logging.getLogger("nightdesk")


async def reorganize_documents(
    parameters: RunParameters,
    run_date: date,
    kind: str,
    by: datetime | None = None,
    teaches: bool = True,
    done_runs: frozenset[str] = frozenset(),
    night: date | None = None,
    again: frozenset[str] | None = None,
    earlier: Sequence[str] = (),
    is_given: bool = False,
    leaves_learning: bool = False,
) -> dict[str, Any]:
    """Read, reorganise and publish; learn, if the parameters say so; return the run's figures.

    kind: what kind of run this is, for its name. by: take only files that were last changed by then.
    teaches: whether the learner may learn from it. done_runs: what these runs published for the date is not new.
    night: the date of the night that this run is a part of.
    again: read these documents as they were published for run_date, and no sources.
    earlier: concerns about what this night has run before.
    is_given: run_date was named, not told by a schedule or the clock: documents are to stand under one date.
    leaves_learning: the deployment `learn` is to learn from it, if it teaches.
    """
    profile = load_profile(parameters.profile)
    run_id = str(runtime.flow_run.id)
    await label_run(f"{kind}-{profile.name}/{run_date.isoformat()}")
    await keys_into_environment(profile)
    out = Path(parameters.out)
    stopping().end_after(profile.limits.max_hours)
    of_follows = held(out) if kind == "nightly" else Held()
    async with open_run(
        run_id,
        run_date,
        parameters.sources,
        out,
        profile,
        parameters.text_id,
        by=by,
        teaches=teaches,
        night=night,
        again=again,
        catch_up=parameters.learn,
        alone=kind != "adhoc",  # a pasted text is not to wait for the night of its date
        fail_on_missing=parameters.fail_on_missing,
        left_out=of_follows.has,
    ) as run:
        for line in of_follows.lines():
            log.info("%s", line)
        is_only_new = not parameters.is_all and again is None
        skips = await asyncio.to_thread(_skips, parameters, run_date) if is_given else None
        run.begin(is_only_new, parameters.reassign, late=by is not None, done_runs=done_runs, skips=skips)
        spare_what_stays()
        progress = RunProgress(len(run.reading.doc_ids), BATCH_STAGES)
        RUN.set(run)
        PROGRESS.set(progress)
        edition = None
        try:
            with stopping().place():
                await progress.open()
                await reorganize_batches()
                for line in skips.lines() if skips else ():
                    log.log(logging.WARNING if parameters.is_all else logging.INFO, "%s", line)
                edition = await _edition() if run.totals.documents else None
                learned = await _learned() if parameters.learn else None
                if kind == "nightly" and profile.retention.is_set:
                    await _pruned()
        except Stopped as e:
            await say(e, progress)
            await show_stopped(run, e.line)
            await label_run(tags=[CANCELLED])
            raise
        finally:
            tell_tables(run, edition)
        if learned is not None and learned.is_new:
            tell_weights(out, run_date, profile.name, run_id, learned.version)
        await progress.close()
        result = summary(run, learned.version if learned and learned.is_new else None, edition)
        did_learn = learned is not None if parameters.learn else None
        verdict = judge(run.totals, result, profile, did_learn, run.absent(), earlier)
        await show_run(run, result, verdict, learned)
        for concern in verdict.concerns:
            log.warning("%s", concern)
        log.info("%s", verdict.line)
    await label_run(tags=verdict.tags)
    await tell_deployment(run_date, verdict)
    tell_verdict(profile.name, result, verdict)
    tell_published(profile.name, parameters.profile, kind, result, teaches and leaves_learning)
    return {**result, "verdict": verdict.line, "is_bad": bool(verdict.faults)}


def _skips(parameters: RunParameters, run_date: date) -> Skips | None:
    """Return what a run that was given its date leaves out; None if what stands elsewhere need not be looked at."""
    if parameters.is_all and run_date >= date.today():
        return None  # today's documents are filed under today, whatever stands under dates before
    return Skips(standing(Path(parameters.out)), run_date, parameters.sources, parameters.is_all)


async def label_run(name: str | None = None, tags: Sequence[str] = ()) -> None:
    """Give the flow run that this is a name, or more tags: both are seen in the list of runs."""
    before = {*runtime.flow_run.tags} - VERDICTS  # that of an attempt before this one
    all_tags = sorted({*before, *tags}) if tags else None

    async def update() -> None:
        async with get_client() as client:
            await client.update_flow_run(runtime.flow_run.id, name=name, tags=all_tags)

    await report(update())


def ended(result: dict[str, Any]) -> State[Any]:
    """Return a run's result as the state that its verdict calls for, which is the state's message.

    Whoever called the flow gets the result of a run that was not bad, and BadRun of one that was.
    """
    if result["is_bad"]:
        return Failed(message=result["verdict"], data=BadRun(result["verdict"], result))
    return completed(result)


def completed(result: dict[str, Any], verdict: str | None = None) -> State[dict[str, Any]]:
    """Return a flow's result as the state it ends in, whose message is the verdict."""
    return Completed(message=verdict or result["verdict"], data=result)


def tell_published(profile: str, profile_file: str, kind: str, result: dict[str, Any], teaches: bool) -> None:
    """Emit `nightdesk.published`: the run is over. docs/events.md says what its payload is.

    teaches: whether the deployment `learn` is to learn from it, because the run has not done so itself.
    """
    emit_event(
        PUBLISHED,
        resource={
            "prefect.resource.id": f"nightdesk.profile.{profile}",
            "prefect.resource.name": profile,
            "nightdesk.kind": kind,
            "nightdesk.teaches": str(teaches).lower(),
        },
        payload={"profile": profile_file, **{name: result[name] for name in _TOLD}},
    )


async def _edition() -> str | None:
    """Make the edition; if that fails, the tables stand all the same."""
    try:
        return str(await in_engine(edition_stage))
    except Exception as e:  # noqa: BLE001  (whatever it is, the night's work stands)
        log.warning("no edition was made (%s: %s); `nightdesk edition` makes it of the tables", type(e).__name__, e)
        return None


async def _learned() -> Learned | None:
    """Learn; if that fails, the documents are published all the same and the next run catches up."""
    try:
        learned: Learned = await in_engine(learn_stage)
    except Exception as e:  # noqa: BLE001  (whatever it is, the night's work stands)
        log.warning(
            "the weights were not updated (%s: %s); the next run will learn from this one too", type(e).__name__, e
        )
        return None
    for warning in learned.warnings:
        log.warning("%s", warning)
    log.info("weights version %d: %s", learned.version, learned.reason)
    return learned


async def _pruned() -> None:
    """Remove what is kept no longer; if that fails, the next night goes on with it."""
    try:
        gone: Outgoing = await in_engine(prune_stage)
    except Exception as e:  # noqa: BLE001  (whatever it is, the night's work stands)
        log.warning("what is kept no longer could not be pruned (%s); the next night goes on with it", e)
        return
    for line in gone.kept:
        log.info("%s", line)
    if told := gone.line:
        log.info("pruned: %s", told)
