"""The flows that run by themselves: nightly (reorganize, then learn) with the nights that were missed, and learn."""

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

from prefect import flow, runtime

from nightdesk.flows.artifacts.assets import tell_weights
from nightdesk.flows.artifacts.run_page import show_weights
from nightdesk.flows.shared.allowed import only_allowed
from nightdesk.flows.shared.configure import configure
from nightdesk.flows.shared.kept_result import kept
from nightdesk.flows.shared.parameters import LearnParameters, RunParameters, titled
from nightdesk.flows.shared.past_nights import run_for_dates
from nightdesk.flows.shared.reorganize_documents import completed, ended, label_run, reorganize_documents
from nightdesk.flows.shared.scheduled_time import Due, date_of, due
from nightdesk.flows.shared.stopping.stoppable import stoppable
from nightdesk.flows.shared.stopping.termination import in_engine, stopping
from nightdesk.flows.shared.unfinished_documents import take_up
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.errors import BadRun
from nightdesk.tasks.learning.learn import learn_from_tables
from nightdesk.tasks.reorganizing import missed_nights, unfinished
from nightdesk.tasks.reorganizing.missed_nights import Mark, NightsToRun, ScheduledNight
from nightdesk.tasks.reorganizing.past_dates.dates import dates_between

NOTHING_NAMED = LearnParameters()  # Prefect's V2 form sends no parameters at all when every field was cleared
log = logging.getLogger("nightdesk")


@flow(name="nightly", persist_result=False)
async def nightly(parameters: Annotated[RunParameters, titled("What a night reads")]) -> Any:
    """Reorganise a night's documents, then learn from how every model did.

    Nights of the schedule that were missed are made good first: oldest first, each for its own date, as a run of its
    own below this one. A night that has been run already is not run again, nor is one of more than a week ago. Then
    the documents of the last nights are taken up again of which a part was lost. A run that is given its date, or the
    first and the last of several, runs those nights and no others, of them only what is missing unless it is told to
    take everything again.
    """
    return await kept(stoppable(_nightly(parameters)))


async def _nightly(parameters: RunParameters) -> Any:
    configure()
    parameters = await only_allowed(parameters)
    if days := dates_between(parameters.run_date, parameters.last_run_date):
        return ended(await run_for_dates(parameters, days))
    run = await due()
    if run is None:
        return ended(await reorganize_documents(parameters, date_of(None, None), "nightly"))
    chosen = load_profile(parameters.profile)
    stopping().end_after(chosen.limits.max_hours)
    out, profile = Path(parameters.out), chosen.name
    plan = await _plan(run, out, profile)
    tonight: date = plan.own.run_date
    earlier: list[str] = []
    await label_run(f"nightly-{profile}/{tonight}")
    for night in plan.missed:
        log.info("the night of %s was missed; it is run now", night.run_date)
        try:
            await in_engine(missed_night, parameters, night.due, tonight)
        except BadRun as e:
            earlier.append(f"the night of {night.run_date}, run now, is not done: {e}")
        except Exception as e:  # noqa: BLE001  (whatever it is, tonight's work is to be done)
            log.warning("the night of %s could not be made good (%s); the next night tries again", night.run_date, e)
    if plan.missed:  # that may have taken hours, and a later night may have passed
        plan = await _plan(run, out, profile)
    if plan.over:
        return await _nothing_to_do(plan, out, profile)
    earlier += await take_up(parameters, tonight)
    return ended(await _night(parameters, plan.own, tonight, plan.by, earlier))


@flow(name="missed-night", persist_result=False)
async def missed_night(parameters: RunParameters, was_due: datetime, tonight: date) -> Any:
    """Run a night that was missed, for its own date.

    A night that ended bad is run again likewise. Of sources without {run_date} it takes what was there when it was
    due; the rest is for the nights after it.
    """
    return await stoppable(_missed_night(parameters, was_due, tonight))


async def _missed_night(parameters: RunParameters, was_due: datetime, tonight: date) -> Any:
    return ended(await _night(parameters, ScheduledNight(was_due), tonight, by=was_due))


async def _night(
    parameters: RunParameters,
    night: ScheduledNight,
    tonight: date,
    by: datetime | None = None,
    earlier: Sequence[str] = (),
) -> dict[str, Any]:
    """Run a night, and write down that it began and that it is done.

    A night that ended bad is not done, so later nights run it again, on as many as a document is taken up.
    """
    out, profile, run_id = Path(parameters.out), load_profile(parameters.profile).name, str(runtime.flow_run.id)
    mark = missed_nights.read_marks(out, profile).of.get(night.run_date, Mark())
    missed_nights.mark(out, profile, night, run_id, done=False)
    result = await reorganize_documents(
        parameters, night.run_date, "nightly", by, done_runs=mark.runs, night=tonight, earlier=earlier
    )
    is_done = not result["is_bad"] or unfinished.note_bad(out, profile, night.run_date, tonight)
    missed_nights.mark(out, profile, night, run_id, done=is_done)
    return result


async def _plan(run: Due, out: Path, profile: str) -> NightsToRun:
    """Decide what a run of the schedule is to do, by the clock and by what OUT knows now."""
    now, marks = datetime.now(UTC), missed_nights.read_marks(out, profile, run.changed)
    return missed_nights.decide(run.at, now, await run.nights(now), marks, await run.waits_since())


async def _nothing_to_do(plan: NightsToRun, out: Path, profile: str) -> Any:
    """End a run whose night is done or too long ago. OUT then knows of that night, so those after it are missed."""
    day = plan.own.run_date
    if day not in missed_nights.read_marks(out, profile).of:
        missed_nights.mark(out, profile, plan.own, str(runtime.flow_run.id), done=False)
    await label_run(f"nightly-{profile}/{day} {plan.over.partition(':')[0].lower()}")
    log.info("%s", plan.over)
    return completed({"run_date": day.isoformat(), "out": str(out)}, plan.over)


@flow(name="learn", persist_result=False)
async def learn(parameters: Annotated[LearnParameters, titled("Whose weights")] = NOTHING_NAMED) -> Any:
    """Update the weights from the published runs that they have not seen.

    Started when an ad-hoc run has published, and by hand. A night learns by itself.
    """
    return await kept(stoppable(_learn(parameters), "the weights are as they were; the next run or learn catches up"))


async def _learn(parameters: LearnParameters) -> Any:
    configure()
    parameters = await only_allowed(parameters)
    profile = load_profile(parameters.profile)
    run_date = date_of(None, await due())
    await label_run(f"learn-{profile.name}/{run_date.isoformat()}")
    learned = learn_from_tables(Path(parameters.out), profile, run_date, str(runtime.flow_run.id))
    for warning in learned.warnings:
        log.warning("%s", warning)
    result = {"profile": profile.name, "new_weights_version": None, "reason": learned.reason}
    if not learned.is_new:
        serving = f"version {learned.version} serves" if learned.version else "the profile's priors serve"
        verdict = f"Weights as they were, {serving}: {learned.reason}"
        log.info("%s", verdict)
        return completed(result, verdict)
    verdict = f"Weights, version {learned.version}: {learned.reason}"
    log.info("%s", verdict)
    await show_weights(Path(parameters.out), profile, learned)
    tell_weights(Path(parameters.out), run_date, profile.name, str(runtime.flow_run.id), learned.version)
    return completed({**result, "new_weights_version": learned.version}, verdict)
