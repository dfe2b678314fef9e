"""Forgetting: a document leaves the tables of every date, quarantine, editions, answers' store and pasted texts."""

from datetime import date
from pathlib import Path
from typing import Any

from nightdesk.tasks.calling.answers.answer_store import forget_answers
from nightdesk.tasks.edition.pages import edition_path, remove_edition, write_edition
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading import pasted_text
from nightdesk.tasks.tables import parts, publish


def forget_document(out: Path, doc_id: str) -> dict[str, Any]:
    """Remove a document's rows and answers, and make its editions again. The ledger of calls stays: it holds no text.

    Raises:
        InputError: no date has published it.
    """
    publish.recover(out)  # what a killed run had decided to publish must not bring the document back
    dates = []
    for day in parts.dates(out, "documents"):
        if doc_id in parts.read(out, "documents", [day], ["doc_id"])["doc_id"].to_pylist():
            publish.withdraw(out, day, doc_id)
            _make_edition_again(out, day)
            dates.append(day.isoformat())
    answers = forget_answers(out, doc_id)
    pasted_text.remove(out, doc_id)
    if not dates and not answers:
        raise InputError(f"{doc_id}: no document of this id in {out}; see the column doc_id of its documents")
    return {"doc_id": doc_id, "dates": dates, "answers": answers}


def _make_edition_again(out: Path, day: date) -> None:
    if not edition_path(out, day).exists():
        return
    if len(parts.read(out, "documents", [day], ["doc_id"])):
        write_edition(out, day)
    else:
        remove_edition(out, day)
