"""The flows that run by themselves: nightly (reorganize, then learn) with the nights that were missed, and learn."""

import logging
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from prefect import flow, runtime

from flows.allowed import only_allowed
from flows.page import show_weights
from flows.parameters import LearnParameters, RunParameters, titled
from flows.reorganizing import completed, label_run, reorganize_documents
from flows.schedule import date_of, due
from tasks import nights
from tasks.learning import learn_from_tables
from tasks.nights import Night
from tasks.profile import load_profile

NOTHING_NAMED = LearnParameters()  # Prefect's V2 form sends no parameters at all when every field was cleared
log = logging.getLogger("nightdesk")


@flow(name="nightly", persist_result=False)
async def nightly(parameters: Annotated[RunParameters, titled("What a night reads")]) -> Any:
    """Reorganise a night's documents, then learn from how every model did.

    Nights of the schedule that were missed are made good first: oldest first, each for its own date, as a run of its
    own below this one. A night that has been run already is not run again.
    """
    parameters = await only_allowed(parameters)
    run = None if parameters.run_date else await due()
    if run is None:
        return completed(await reorganize_documents(parameters, date_of(parameters.run_date, None), "nightly"))
    out, profile = Path(parameters.out), load_profile(parameters.profile).name
    await label_run(f"nightly-{profile}/{run.night.run_date}")
    for night in nights.missed(out, profile, run.nights_before()):
        log.info("the night of %s was missed; it is run now", night.run_date)
        try:
            await missed_night(parameters, night.due)
        except Exception as e:  # noqa: BLE001  (whatever it is, tonight's work is to be done)
            log.warning("the night of %s could not be made good (%s); the next night tries again", night.run_date, e)
    if nights.is_done(out, profile, run.night):
        await label_run(f"nightly-{profile}/{run.night.run_date} done before")
        verdict = f"Done before: the night of {run.night.run_date} has been run already; nothing is left to do"
        log.info("%s", verdict)
        return completed({"run_date": run.night.run_date.isoformat(), "out": str(out)}, verdict)
    return completed(await _night(parameters, run.night))


@flow(name="missed-night", persist_result=False)
async def missed_night(parameters: RunParameters, was_due: datetime) -> Any:
    """Run a night that was missed, for its own date.

    Of sources without {run_date} it takes what was there when it was due; the rest is for the nights after it.
    """
    return completed(await _night(parameters, Night(was_due), by=was_due))


async def _night(parameters: RunParameters, night: Night, by: datetime | None = None) -> dict[str, Any]:
    """Run a night, and write down that it began and that it is done."""
    out, profile, run_id = Path(parameters.out), load_profile(parameters.profile).name, str(runtime.flow_run.id)
    nights.mark(out, profile, night, run_id, done=False)
    result = await reorganize_documents(parameters, night.run_date, "nightly", by)
    nights.mark(out, profile, night, run_id, done=True)
    return result


@flow(name="learn", persist_result=False)
async def learn(parameters: Annotated[LearnParameters, titled("Whose weights")] = NOTHING_NAMED) -> Any:
    """Update the weights from the published runs that they have not seen.

    Started when an ad-hoc run has published, and by hand. A night learns by itself.
    """
    parameters = await only_allowed(parameters)
    profile = load_profile(parameters.profile)
    run_date = date_of(None, await due())
    await label_run(f"learn-{profile.name}/{run_date.isoformat()}")
    learned = learn_from_tables(Path(parameters.out), profile, run_date, str(runtime.flow_run.id))
    for warning in learned.warnings:
        log.warning("%s", warning)
    verdict = f"Weights, version {learned.version}: {learned.reason}"
    log.info("%s", verdict)
    await show_weights(Path(parameters.out), profile, learned)
    result = {"profile": profile.name, "new_weights_version": learned.version, "reason": learned.reason}
    return completed(result, verdict)
