"""The flows that people start: adhoc, with a form in the Prefect UI, and reorganize. Both leave learning to `learn`."""

from pathlib import Path
from typing import Annotated, Any

from prefect import flow

from nightdesk.flows.shared.allowed import only_allowed
from nightdesk.flows.shared.configure import configure
from nightdesk.flows.shared.parameters import AdhocParameters, RunParameters, titled
from nightdesk.flows.shared.reorganize_documents import ended, reorganize_documents, tell_published
from nightdesk.flows.shared.scheduled_time import date_of, due
from nightdesk.flows.shared.stoppable import stoppable
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.reading.pasted_text import keep


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
        only_new=False,
    )
    run_date = date_of(parameters.run_date, await due())
    result = await reorganize_documents(asked, run_date, "adhoc", teaches=profile.adhoc.teaches)
    tell_published(profile, parameters.profile, result, profile.adhoc.teaches)
    return ended(result)


@flow(name="reorganize", persist_result=False)
async def reorganize(parameters: Annotated[RunParameters, titled("What to reorganise")]) -> Any:
    """Reorganise documents and publish them; the learner, told by an event, learns in a run of its own."""
    return await stoppable(_reorganize(parameters))


async def _reorganize(parameters: RunParameters) -> Any:
    configure()
    parameters = await only_allowed(parameters)
    asked = parameters.model_copy(update={"learn": False})
    result = await reorganize_documents(asked, date_of(parameters.run_date, await due()), "reorganize")
    tell_published(load_profile(parameters.profile), parameters.profile, result, teaches=True)
    return ended(result)
