"""The steps of forgetting a document. Each can be repeated, so a forget that was killed is run again.

First a tombstone, which runs that are under way heed; then every place that keeps text; then a search for what is left.
"""

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from markupsafe import escape

from nightdesk.tasks.calling.answers import tombstones
from nightdesk.tasks.calling.answers.removal import compact
from nightdesk.tasks.errors import InputError, NightdeskError
from nightdesk.tasks.forget.leftovers import left_of
from nightdesk.tasks.forget.places import Forgetting, clear_all, place_of
from nightdesk.tasks.reading import pasted_text
from nightdesk.tasks.safety.links import refuse_links_in
from nightdesk.tasks.tables import publish, read
from nightdesk.tasks.tables.places import REPLACED

_LISTING = ("index", "documents", "unreadable")  # pages of an edition that list documents
_HOLDING = ("quarantine", "passages_open", *REPLACED)  # tables with rows of documents that hold text


def forget_document(out: Path, doc_id: str) -> dict[str, Any]:
    """Remove what is kept of a document; return where it stood, and as `left` what could not be removed, a line each.

    The ledger of calls stays: it holds no text. Runs that are under way publish nothing of it and store no answers
    about it; one that begins later reads it anew if its source still has it.

    Raises:
        InputError: there is nothing of it.
        PublishError: the tombstone cannot be written; nothing was done.
    """
    refuse_links_in(out)
    tombstones.bury(out, doc_id)
    it = Forgetting(out, doc_id, [])
    try:
        publish.recover(out)  # what a killed run had decided to publish must not bring the document back
    except NightdeskError as e:
        it.problems.append(str(e))
    noted = tombstones.dates_noted(out, doc_id)
    it.dates, sources, texts = _found(out, doc_id, noted)
    tombstones.note_dates(out, doc_id, it.dates)
    clear_all(it)
    left = left_of(out, doc_id, texts)
    if any(path.name.startswith("answers.db") for path, _ in left):
        _compact(it)
        left = left_of(out, doc_id, texts)
    lines = [*it.problems, *(f"{path} ({place_of(out, path)}): {why}" for path, why in left)]
    if not lines:
        tombstones.note_dates(out, doc_id, ())
        if not (it.dates or it.answers or it.files or it.known):
            raise InputError(
                f"{doc_id}: no document of this id in {out}; see the column doc_id of its documents (a run that is "
                "under way will not publish it)"
            )
    dates = [d.isoformat() for d in it.dates]
    return {"doc_id": doc_id, "dates": dates, "answers": it.answers, "sources": sources, "left": lines}


def _found(out: Path, doc_id: str, noted: set[date]) -> tuple[list[date], list[str], set[str]]:
    """Return the dates on which a document stands in a table or on a page, its sources, and its sentences."""
    dates, sources, texts = set(noted), set(), set(pasted_text.sentences(out, doc_id))
    columns = {
        "passages": "text",
        "passages_open": "text",
        "documents": "source",
        "topics": "title",
        "quarantine": "expectation",
    }
    for table in _HOLDING:
        column = columns.get(table, "text")
        where = pc.field("doc_id") == doc_id
        for row in read.scan(out, table, columns=["run_date", column], where=where).to_pylist():
            dates.add(row["run_date"])
            if table == "documents":
                sources.add(row[column])
            elif table in ("passages", "passages_open"):
                texts.add(row[column])
    rows_of_it = f'<th scope="row">{escape(doc_id)}<', f"<dt>{escape(doc_id)}</dt>"
    for page in (out / "editions").glob("????-??-??/*.html"):
        if page.name.startswith(_LISTING) and date.fromisoformat(page.parent.name) not in dates:
            written = page.read_text(encoding="utf-8", errors="replace")
            if any(row in written for row in rows_of_it):
                dates.add(date.fromisoformat(page.parent.name))
    return sorted(dates), sorted(sources), texts


def _compact(it: Forgetting) -> None:
    try:
        compact(it.out)
    except NightdeskError as e:
        it.problems.append(str(e))
