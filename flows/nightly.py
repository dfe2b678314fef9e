"""The flows: reorganize (read .. publish), learn, and nightly (both)."""

import logging
from datetime import date, datetime
from pathlib import Path
from typing import Any

from prefect import flow, runtime
from prefect.artifacts import acreate_markdown_artifact

from flows.parameters import LearnParameters, RunParameters
from flows.progress import RunProgress
from flows.stages import BATCH_STAGES, PROGRESS, RUN, edition_stage, learn_stage, reorganize_batches
from flows.summary import markdown, summary
from tasks.learning import learn_from_tables
from tasks.profile import load_profile
from tasks.run import open_run

log = logging.getLogger("nightdesk")


@flow(name="nightly", persist_result=False)
async def nightly(parameters: RunParameters) -> dict[str, Any]:
    """Reorganise a night's documents, then learn from how every model did."""
    return await _run(parameters, learns=parameters.learn)


@flow(name="reorganize", persist_result=False)
async def reorganize(parameters: RunParameters) -> dict[str, Any]:
    """Reorganise documents and publish them; leave the weights as they are."""
    return await _run(parameters, learns=False)


@flow(name="learn", persist_result=False)
async def learn(parameters: LearnParameters) -> dict[str, Any]:
    """Update the weights from the published runs that they have not seen."""
    profile = load_profile(parameters.profile)
    run_id = str(runtime.flow_run.id)
    learned = learn_from_tables(Path(parameters.out), profile, _run_date(None), run_id)
    for warning in learned.warnings:
        log.warning("%s", warning)
    return {"profile": profile.name, "new_weights_version": learned.version, "reason": learned.reason}


async def _run(parameters: RunParameters, learns: bool) -> dict[str, Any]:
    run_date = _run_date(parameters.run_date)
    profile = load_profile(parameters.profile)
    run_id = str(runtime.flow_run.id)
    async with open_run(run_id, run_date, parameters.sources, Path(parameters.out), profile, parameters.text_id) as run:
        run.begin(parameters.only_new, parameters.reassign)
        progress = RunProgress(len(run.reading.doc_ids), BATCH_STAGES)
        await progress.open()
        RUN.set(run)
        PROGRESS.set(progress)
        await reorganize_batches()
        edition = await _edition()
        new_version = None
        if learns:
            new_version = await _learned()
        await progress.close()
        result = summary(run, new_version, edition)
        await acreate_markdown_artifact(markdown(result, run), key="summary", description="What the run did")
    return result


async def _edition() -> str | None:
    """Make the edition; if that fails, the tables stand all the same."""
    try:
        return await edition_stage()
    except Exception as e:  # noqa: BLE001  (whatever it is, the night's work stands)
        log.warning("no edition was made (%s: %s); `nightdesk edition` makes it of the tables", type(e).__name__, e)
        return None


async def _learned() -> int | None:
    """Learn; if that fails, the documents are published all the same and the next run catches up."""
    try:
        learned = await learn_stage()
    except Exception as e:  # noqa: BLE001  (whatever it is, the night's work stands)
        log.warning(
            "the weights were not updated (%s: %s); the next run will learn from this one too", type(e).__name__, e
        )
        return None
    for warning in learned.warnings:
        log.warning("%s", warning)
    log.info("weights version %d: %s", learned.version, learned.reason)
    return learned.version


def _run_date(wanted: date | None) -> date:
    """Return the date a run is for: the one it was given, or that of its schedule, in local time."""
    if wanted is not None:
        return wanted
    scheduled: datetime | None = runtime.flow_run.scheduled_start_time
    return scheduled.astimezone().date() if scheduled else date.today()
