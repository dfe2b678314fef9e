"""Writing editions: OUT/editions/<date>/index.html and the index over the nights, each put in place whole."""

import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import BaseModel, NonNegativeInt

from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.edition.environment import environment
from nightdesk.tasks.edition.front import MOST_STORIES, front_page
from nightdesk.tasks.edition.night import Edition, nothing_published, read_edition
from nightdesk.tasks.edition.shown import shortened
from nightdesk.tasks.safety.links import fresh, refuse_links
from nightdesk.tasks.tables import parts, publish

_HEADLINES = 4  # stories of a night that the index names
_AGAIN = "then `nightdesk edition` makes it of the tables"


class Headline(BaseModel):
    """A story as the index names it. id: its story_id."""

    title: str
    language: str
    id: str


class Short(BaseModel):
    """What a night says of itself beside its page, in night.json, for the index. unplaced: sentences."""

    profiles: tuple[str, ...]
    documents: NonNegativeInt
    unreadable: NonNegativeInt
    sentences: NonNegativeInt
    unplaced: NonNegativeInt
    stories: NonNegativeInt
    headlines: tuple[Headline, ...]


def edition_path(out: Path, run_date: date) -> Path:
    """Return where the edition of a date stands."""
    return out / "editions" / run_date.isoformat() / "index.html"


def write_edition(out: Path, run_date: date, known_categories: Mapping[str, Sequence[str]] | None = None) -> Path:
    """Make a date's edition of what is published for it, anew or again, and the index; return its path.

    known_categories: as for read_night.

    Raises:
        InputError: nothing was published for the date, or it cannot be read.
        PublishError: it cannot be written; the edition that was there stays.
    """
    publish.recover(out)
    if run_date not in parts.dates(out, "documents"):
        raise nothing_published(out, run_date)
    page = edition_path(out, run_date)
    with naming_the_file(page, then=_AGAIN), publish.locked(out, run_date):
        refuse_links(out, page.parent)
        # Under the lock no run publishes meanwhile, and the last to publish writes last.
        night = read_edition(out, run_date, known_categories)
        page.parent.mkdir(parents=True, exist_ok=True)
        _put(page.with_name("night.json"), _told_in_short(night))
        _put(page, night_page(night, _editions(out)))
        write_index(out)
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
            write_index(out)


def write_index(out: Path, without: Collection[date] = ()) -> None:
    """Write the index over the nights that have an edition. without: those whose editions are about to be removed."""
    refuse_links(out, out / "_staging", out / "editions")
    with FileLock(out / "_staging" / "editions.lock"):
        shown = [d for d in reversed(_editions(out)) if d not in without]
        nights = [{"date": d, "short": _read_short(out, d)} for d in shown]
        _put(out / "editions" / "index.html", _render("index.html.j2", nights=nights))


def night_page(night: Edition, editions: Sequence[date] = (), most: int = MOST_STORIES) -> str:
    """Return the page of a night as HTML.

    editions: dates that have a page, for links to them. most: stories that it may have, the heaviest of the night.
    """
    return _render("night.html.j2", night=night, front=front_page(night, most), editions=frozenset(editions))


def _editions(out: Path) -> list[date]:
    found = []
    for page in (out / "editions").glob("*/index.html"):
        try:
            found.append(date.fromisoformat(page.parent.name))
        except ValueError:
            continue  # a folder that somebody else put there
    return sorted(found)


def _told_in_short(night: Edition) -> str:
    headlines = [
        {"title": shortened(s.title), "language": s.language, "id": s.story_id} for s in night.stories[:_HEADLINES]
    ]
    told = {
        "profiles": night.profiles,
        "documents": len(night.documents),
        "unreadable": len(night.unreadable),
        "sentences": night.sentences,
        "unplaced": night.not_placed,
        "stories": len(night.stories),
        "headlines": headlines,
    }
    return json.dumps(told)


def _read_short(out: Path, run_date: date) -> Short | None:
    """Read what a night says of itself; None if that is gone or broken: the index then shows its date alone."""
    try:
        return Short.model_validate_json(edition_path(out, run_date).with_name("night.json").read_bytes())
    except (OSError, ValueError):
        return None


def _put(path: Path, text: str) -> None:
    """Write a file whole or not at all. Whoever calls holds a lock, so that the staged file is its own."""
    staged = path.with_name(f"_{path.name}")
    try:
        fresh(staged).write_text(text, encoding="utf-8")
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)


def _render(template: str, **values: Any) -> str:
    return environment().get_template(template).render(**values)
