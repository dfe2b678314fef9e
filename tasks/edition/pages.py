"""Writing editions: OUT/editions/<date>/index.html and the index over the nights, each put in place whole."""

import base64
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from filelock import FileLock
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.edition.front import beginning, front_page
from nightdesk.tasks.edition.night import Edition, nothing_published, read_edition
from nightdesk.tasks.safety.links import fresh, refuse_links
from nightdesk.tasks.tables import parts, publish

_HERE = Path(__file__).parent
_AGAIN = "then `nightdesk edition` makes it of the tables"
_RIGHT_TO_LEFT = ("ar", "fa", "he", "ug", "ur", "ps", "sd", "yi")
_UNSPACED = ("zh", "ja", "th", "lo", "km", "my")  # languages that put no space between sentences


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
        _put(page.with_name("night.json"), json.dumps(_told_in_short(night), ensure_ascii=False))
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


def write_index(out: Path) -> None:
    """Write the index over the nights that have an edition."""
    refuse_links(out, out / "_staging", out / "editions")
    with FileLock(out / "_staging" / "editions.lock"):
        nights = [{"date": d, **_read_short(edition_path(out, d).with_name("night.json"))} for d in _editions(out)]
        _put(out / "editions" / "index.html", _render("index.html.j2", nights=nights[::-1]))


def night_page(night: Edition, editions: Sequence[date] = ()) -> str:
    """Return the page of a night as HTML. editions: dates that have a page, for links to them."""
    return _render("night.html.j2", night=night, front=front_page(night), editions=frozenset(editions))


def _editions(out: Path) -> list[date]:
    found = []
    for page in (out / "editions").glob("*/index.html"):
        try:
            found.append(date.fromisoformat(page.parent.name))
        except ValueError:
            continue  # a folder that somebody else put there
    return sorted(found)


def _told_in_short(night: Edition) -> dict[str, Any]:
    return {
        "profiles": night.profiles,
        "documents": len(night.documents),
        "unreadable": len(night.unreadable),
        "sentences": night.sentences,
        "unplaced": night.not_placed,
        "stories": len(night.stories),
        "headlines": [{"title": s.title, "language": s.language, "id": s.story_id} for s in night.stories[:4]],
    }


def _read_short(path: Path) -> dict[str, Any]:
    """Read what a night says of itself; nothing, if that is gone: the index then shows its date alone."""
    try:
        short = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return short if isinstance(short, dict) else {}


def _put(path: Path, text: str) -> None:
    """Write a file whole or not at all. Whoever calls holds a lock, so that the staged file is its own."""
    staged = path.with_name(f"_{path.name}")
    try:
        fresh(staged).write_text(text, encoding="utf-8")
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,  # text and titles are not ours
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"style": _inline("style.css"), "script": _inline("script.js"), "beginning": beginning}
    environment.filters |= {
        "longdate": _longdate,
        "number": _number,
        "gap": _gap,
        "direction": _direction,
        "clock": _clock,
        "weblink": weblink,
    }
    return environment


def _inline(name: str) -> dict[str, Markup]:
    """Return a file of ours as it goes into the page, and the hash by which the page's own policy admits it."""
    text = (_HERE / name).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return {"text": Markup(text), "hash": Markup(f"sha256-{digest}")}


def _longdate(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B} {day.year}"


def _number(n: int) -> str:
    return f"{n:,}"


def _direction(language: str) -> str:
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _gap(language: str) -> str:
    return "" if language in _UNSPACED else " "


def weblink(source: str) -> str:
    """Return a source as a link if it is one to the web, else nothing."""
    try:
        return source if urlsplit(source).scheme in ("http", "https") else ""
    except ValueError:
        return ""
