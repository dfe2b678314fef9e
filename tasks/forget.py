"""Forgetting: a document leaves the tables of every date, quarantine and the answers' store."""

from pathlib import Path
from typing import Any

from tasks import history, publish
from tasks.errors import InputError
from tasks.store import forget_answers


def forget_document(out: Path, doc_id: str) -> dict[str, Any]:
    """Remove a document's rows and answers. The ledger of calls stays: it holds figures, no text.

    Raises:
        InputError: no date has published it.
    """
    publish.recover(out)  # what a killed run had decided to publish must not bring the document back
    dates = []
    for day in history.dates(out, "documents"):
        if doc_id in history.read(out, "documents", [day], ["doc_id"])["doc_id"].to_pylist():
            publish.withdraw(out, day, doc_id)
            dates.append(day.isoformat())
    answers = forget_answers(out, doc_id)
    if not dates and not answers:
        raise InputError(f"{doc_id}: no document of this id in {out}; see the column doc_id of its documents")
    return {"doc_id": doc_id, "dates": dates, "answers": answers}
