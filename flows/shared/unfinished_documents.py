"""What a night takes up again before its own documents: those of the last nights of which a part was lost."""

import logging
from datetime import date
from pathlib import Path
from typing import Any

from prefect import flow

from nightdesk.flows.shared.parameters import RunParameters
from nightdesk.flows.shared.reorganize_documents import ended, reorganize_documents
from nightdesk.flows.shared.stopping.stoppable import stoppable
from nightdesk.flows.shared.stopping.termination import in_engine
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.errors import BadRun
from nightdesk.tasks.following.held_sources import held
from nightdesk.tasks.reorganizing import unfinished

log = logging.getLogger("nightdesk")


async def take_up(parameters: RunParameters, tonight: date) -> list[str]:
    """Run the unfinished documents of the last nights again, each date as a run of its own; return what went wrong."""
    concerns = []
    found = _closed(Path(parameters.out), load_profile(parameters.profile).name, tonight)
    for day, doc_ids in found.items():
        log.info("%d documents of %s are taken up again, as a part of them was lost", len(doc_ids), day)
        try:
            result = await in_engine(unfinished_documents, parameters, day, tonight)
        except BadRun as e:
            concerns.append(f"what was taken up again of {day} was lost again: {e}")
        except Exception as e:  # noqa: BLE001  (whatever it is, tonight's work is to be done)
            log.warning("what was lost on %s could not be taken up again (%s)", day, e)
            concerns.append(f"what was lost on {day} could not be taken up again: {e}; the next night tries")
        else:
            if left := result["failed"] + result["unpaid"]:
                concerns.append(f"of what was taken up again of {day}, {left} sentences still have no place")
    return concerns


@flow(name="unfinished-documents", persist_result=False)
async def unfinished_documents(parameters: RunParameters, run_date: date, tonight: date) -> Any:
    """Run the documents of a date again of which a part was lost, under that date, from the text in its tables."""
    return await stoppable(_unfinished_documents(parameters, run_date, tonight))


async def _unfinished_documents(parameters: RunParameters, run_date: date, tonight: date) -> Any:
    out, profile = Path(parameters.out), load_profile(parameters.profile).name
    doc_ids = _closed(out, profile, tonight).get(run_date, frozenset())
    return ended(await reorganize_documents(parameters, run_date, "again", night=tonight, again=doc_ids))


def _closed(out: Path, profile: str, tonight: date) -> dict[date, frozenset[str]]:
    """Return what is to be taken up again, but for documents that a follow has not closed: these are not done yet."""
    growing = held(out).documents
    found = {day: doc_ids - growing for day, doc_ids in unfinished.find(out, profile, tonight).items()}
    return {day: doc_ids for day, doc_ids in found.items() if doc_ids}
