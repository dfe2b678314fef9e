"""The flows that people start: adhoc, with a form in the Prefect UI, and reorganize. Both leave learning to `learn`."""

from pathlib import Path
from typing import Annotated, Any

from prefect import flow

from nightdesk.flows.shared.allowed import only_allowed
from nightdesk.flows.shared.configure import configure
from nightdesk.flows.shared.parameters import EVERYTHING, AdhocParameters, RunParameters, titled
from nightdesk.flows.shared.reorganize_documents import ended, reorganize_documents
from nightdesk.flows.shared.scheduled_time import date_of, due
from nightdesk.flows.shared.stopping.stoppable import stoppable
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.pasted_text import keep
from nightdesk.tasks.reorganizing.past_dates.dates import dates_between


@flow(name="adhoc", persist_result=False)
async def adhoc(parameters: Annotated[AdhocParameters, titled("What to reorganise")]) -> Any:
    """Reorganise a pasted text, or files, now.

    Every sentence ends up under a topic and a category in the tables of its date. When the run has published, the
    learner is told, unless the profile says that ad-hoc runs do not teach (`[adhoc] teaches = false`).
    """
    return await stoppable(_adhoc(parameters))


async def _adhoc(parameters: AdhocParameters) -> Any:
    configure()
    parameters = await only_allowed(parameters)
    profile = load_profile(parameters.profile)
    sources = list(parameters.sources)
    if parameters.text.strip():
        sources.append(str(keep(Path(parameters.out), parameters.text, parameters.doc_id)))
    asked = RunParameters(
        sources=sources,
        out=parameters.out,
        profile=parameters.profile,
        reassign=parameters.reassign,
        learn=False,
        documents=EVERYTHING,
    )
    run_date = date_of(parameters.run_date, await due())
    is_given = parameters.run_date is not None
    result = await reorganize_documents(
        asked, run_date, "adhoc", teaches=profile.adhoc.teaches, is_given=is_given, leaves_learning=True
    )
    return ended(result)


@flow(name="reorganize", persist_result=False)
async def reorganize(parameters: Annotated[RunParameters, titled("What to reorganise")]) -> Any:
    """Reorganise documents and publish them; the learner, told by an event, learns in a run of its own."""
    return await stoppable(_reorganize(parameters))


async def _reorganize(parameters: RunParameters) -> Any:
    configure()
    parameters = await only_allowed(parameters)
    if len(dates_between(parameters.run_date, parameters.last_run_date)) > 1:
        raise InputError("several dates are for the nightly flow; name one")
    asked, run_date = parameters.model_copy(update={"learn": False}), date_of(parameters.run_date, await due())
    is_given = parameters.run_date is not None
    result = await reorganize_documents(asked, run_date, "reorganize", is_given=is_given, leaves_learning=True)
    return ended(result)
