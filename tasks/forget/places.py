"""Every place below OUT that keeps text of documents, and how a document leaves it.

Whoever adds a place that keeps text enters it in PLACES: `nightdesk forget` goes through them in this order, the search
for leftovers says by them what a file is, and a test holds private ones to their modes.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nightdesk.tasks.calling.answers.answer_store import is_alive
from nightdesk.tasks.calling.answers.removal import forget_answers
from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.edition.pages import edition_path, remove_edition, write_edition
from nightdesk.tasks.errors import NightdeskError
from nightdesk.tasks.following import journal
from nightdesk.tasks.following.provisional import live_page
from nightdesk.tasks.reading import pasted_text
from nightdesk.tasks.reading.fetching import kept_answers
from nightdesk.tasks.safety.links import fresh
from nightdesk.tasks.tables import parts, publish
from nightdesk.tasks.tables.broken_parts import ASIDE, BrokenPart, read_part
from nightdesk.tasks.tables.contracts import TABLES
from nightdesk.tasks.tables.index.database import DAMAGED, INDEX
from nightdesk.tasks.tables.index.known_documents import KnownDocuments
from nightdesk.tasks.tables.publishing.manifest import COMMANDS

SPOOL = Path("_staging", "spool")


@dataclass(slots=True)
class Forgetting:
    """One document that is being forgotten. dates: those on which it was found; problems: what could not be done."""

    out: Path
    doc_id: str
    dates: list[date]
    answers: int = 0
    known: int = 0  # dates in the index of published documents
    files: int = 0  # pasted texts, spooled answers, sentences of streams and live pages that were removed
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """A place that keeps text. pattern: its files, as a glob below OUT; private: nobody but the owner may read them."""

    what: str
    pattern: str
    private: bool
    clear: Callable[[Forgetting], None]


def _pasted(it: Forgetting) -> None:
    it.files += pasted_text.remove(it.out, it.doc_id)


def _answers(it: Forgetting) -> None:
    it.answers += forget_answers(it.out, it.doc_id)


def _followed(it: Forgetting) -> None:
    it.files += journal.forget(it.out, it.doc_id)


def _spool(it: Forgetting) -> None:
    for path in sorted(p for p in (it.out / SPOOL).rglob("*") if p.is_file()):  # also what a killed worker left half
        with naming_the_file(path, "cannot be removed"), contextlib.suppress(FileNotFoundError):
            if _is_about(path.read_text(encoding="utf-8", errors="replace"), it.doc_id):
                path.unlink()
                it.files += 1


def _fetched(it: Forgetting) -> None:
    """Remove all that addresses gave: whose text it is only a parser could tell, and it can be asked for again."""
    with naming_the_file(it.out / kept_answers.FOLDER, "cannot be cleared"):
        kept_answers.forget_all(it.out)


def _tables(it: Forgetting) -> None:
    for day in it.dates:
        for part in publish.withdraw(it.out, day, it.doc_id):
            it.problems.append(f"{part}: cannot be read; restore it and forget again, or remove it")


def _index(it: Forgetting) -> None:
    """Remove what is known of it on pruned dates; of others it has left the index with the tables."""
    (it.out / DAMAGED).unlink(missing_ok=True)
    if (it.out / INDEX).exists():
        with KnownDocuments(it.out) as known:
            it.known += known.forget(it.doc_id)


def _staged(it: Forgetting) -> None:
    """Remove what killed processes left in staging. Under the locks of all dates nobody is at work there."""
    staging = it.out / "_staging"
    with ExitStack() as locks:
        for day in sorted({d for t in TABLES for d in parts.dates(it.out, t)} | set(it.dates)):
            locks.enter_context(publish.locked(it.out, day))
        publish.sweep_staging(it.out, lambda run: not is_alive(it.out, run))
        for left in (p for kind in (*COMMANDS, "open") for p in staging.glob(f"{kind}-*")):
            with naming_the_file(left, "cannot be removed"):
                publish.remove_staged(left)


def _set_aside(it: Forgetting) -> None:
    for path in sorted((it.out / ASIDE).rglob("*.parquet")):
        table = path.name.partition("-")[0]
        try:
            rows = read_part(path, table=table)
        except BrokenPart:
            it.problems.append(f"{path}: cannot be read; remove it if nobody is to restore it")
            continue
        kept = rows.filter(pc.not_equal(rows["doc_id"], pa.scalar(it.doc_id)))
        if len(kept) < len(rows):
            staged = path.with_suffix(".tmp")
            with naming_the_file(path):
                fresh(staged)
                pq.write_table(kept, staged, compression="zstd")
                staged.replace(path)


def _editions(it: Forgetting) -> None:
    """Make the pages again, of tables that the document has left; one that cannot be made is removed."""
    for day in it.dates:
        if not edition_path(it.out, day).exists():
            continue
        if not len(parts.read(it.out, "documents", [day], ["doc_id"])):
            remove_edition(it.out, day)
            continue
        try:
            write_edition(it.out, day)
        except NightdeskError as e:
            remove_edition(it.out, day)
            it.problems.append(f"{e}; so the edition of {day} was removed: `nightdesk edition --date {day}` makes it")


def _live(it: Forgetting) -> None:
    it.files += live_page.forget_live(it.out, it.doc_id)


PLACES = (
    Place("answers of addresses, kept in case they still hold", f"{kept_answers.FOLDER}/*", True, _fetched),
    Place("text that was pasted into a form", f"{pasted_text.FOLDER}/**/*", True, _pasted),
    Place("what has arrived of streams", f"{journal.FOLDER}/*", True, _followed),
    Place("answers on their way to the store", f"{SPOOL.as_posix()}/**/*", True, _spool),
    Place("the answers' store", "answers.db*", True, _answers),
    Place("the tables, quarantine too", "tables/**/*", False, _tables),
    Place("the index of documents", f"{INDEX}*", True, _index),
    Place("parts that were set aside", f"{ASIDE.as_posix()}/**/*", False, _set_aside),
    Place("parts on their way to the tables", "_staging/*-*/**/*", False, _staged),
    Place("the editions", "editions/**/*", False, _editions),
    Place("the live page", f"{live_page.FOLDER}/*", False, _live),
)


def clear_all(it: Forgetting) -> None:
    """Take a document out of every place; one that cannot be cleared is written down, and the others follow."""
    for place in PLACES:
        try:
            place.clear(it)
        except NightdeskError as e:
            it.problems.append(str(e))


def place_of(out: Path, path: Path) -> str:
    """Return what a file below OUT is."""
    return next((p.what for p in PLACES if path in set(out.glob(p.pattern))), "no file of nightdesk's")


def _is_about(text: str, doc_id: str) -> bool:
    try:
        return doc_id in _doc_ids(json.loads(text))
    except ValueError:
        return json.dumps(doc_id, ensure_ascii=False)[1:-1] in text or json.dumps(doc_id)[1:-1] in text


def _doc_ids(value: Any) -> Iterator[str]:
    """Yield the value of every key doc_id, at any depth, also inside strings that are JSON themselves."""
    if isinstance(value, dict):
        if isinstance(value.get("doc_id"), str):
            yield value["doc_id"]
        for inner in value.values():
            yield from _doc_ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _doc_ids(inner)
    elif isinstance(value, str) and '"doc_id"' in value:
        with contextlib.suppress(ValueError):
            yield from _doc_ids(json.loads(value))
