"""Writing editions: OUT/editions/<date>/ and the index over the nights.

A night is one page, index.html, as long as that is no larger than FILE_BYTES; else it is many (paged.py). Each file is
put in place whole: first the pages, then the front page that links to them, and what is left of an earlier edition of
the date is removed last. So every link of a front page leads to a page at any moment.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.edition.files import put
from nightdesk.tasks.edition.index import write_index
from nightdesk.tasks.edition.night import Edition, nothing_published
from nightdesk.tasks.edition.paged import KINDS, put_pages
from nightdesk.tasks.edition.pagination import FILE_BYTES
from nightdesk.tasks.edition.places import EarlierPages
from nightdesk.tasks.edition.reading.read_edition import read_edition
from nightdesk.tasks.edition.short import NAME, told_in_short
from nightdesk.tasks.edition.whole_page import Since, night_page
from nightdesk.tasks.safety.links import refuse_links
from nightdesk.tasks.tables import parts, publish

_AGAIN = "then `nightdesk edition` makes it of the tables"
_OURS = re.compile(rf"_?(({'|'.join(KINDS)})-\d{{4,}}\.html|places-\d{{4,}}\.parquet|index\.html|night\.json)")
_SENTENCE, _DOCUMENT = 22, 80  # bytes that a page has at least for each beside its text


def edition_path(out: Path, run_date: date) -> Path:
    """Return where the edition of a date stands; of one with many pages, the front page."""
    return out / "editions" / run_date.isoformat() / "index.html"


def write_edition(out: Path, run_date: date, known_categories: Mapping[str, Sequence[str]] | None = None) -> Path:
    """Make a date's edition of what is published for it, anew or again, and the index; return its path.

    known_categories: as for read_edition.

    Raises:
        InputError: nothing was published for the date, or it cannot be read.
        PublishError: it cannot be written; the front page that was there stays.
    """
    publish.recover(out)
    if not parts.has(out, "documents", run_date):
        raise nothing_published(out, run_date)
    page = edition_path(out, run_date)
    with naming_the_file(page, then=_AGAIN), publish.locked(out, run_date):
        refuse_links(out, page.parent)
        # Under the lock no run publishes meanwhile, and the last to publish writes last.
        night = read_edition(out, run_date, known_categories)
        page.parent.mkdir(parents=True, exist_ok=True)
        _write(page.parent, night, EarlierPages(out / "editions").of)
        write_index(out, run_date)
    return page


def remove_edition(out: Path, run_date: date) -> None:
    """Take a date's edition away, if there is one.

    Raises:
        PublishError: it cannot be removed.
    """
    folder = edition_path(out, run_date).parent
    refuse_links(out, out / "_staging", folder)
    with naming_the_file(folder, "cannot be removed"):
        if folder.is_dir():
            shutil.rmtree(folder)
        if (out / "editions").is_dir():
            write_index(out, run_date)


def _write(folder: Path, night: Edition, since: Since) -> None:
    written = {"index.html", NAME}

    def put_page(name: str, text: str) -> None:
        written.add(name)
        put(folder / name, text)

    one = night_page(night, since) if _least_bytes(night) <= FILE_BYTES else None
    if one is not None and len(one.encode()) <= FILE_BYTES:
        put(folder / NAME, told_in_short(night, None))
        put_page("index.html", one)
    else:
        del one
        places = put_pages(night, since, put_page)
        for name, table in places.tables():
            written.add(name)
            put(folder / name, table)
        put(folder / NAME, told_in_short(night, places))
    for file in folder.iterdir():
        if _OURS.fullmatch(file.name) and file.name not in written:
            file.unlink(missing_ok=True)


def _least_bytes(night: Edition) -> int:
    """Return what a night takes at least on one page, so that a large one is not made in vain."""
    return night.text_bytes + _SENTENCE * night.sentences + _DOCUMENT * len(night.documents)
