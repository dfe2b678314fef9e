"""The index over the nights: editions/index.html with the newest, and a page for each month, editions/2026-03.html.

What a night costs here does not grow with the nights before it: the index has NEWEST nights, and of the months only
the one of the night that changed is written again.
"""

import os
import re
from collections.abc import Collection, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path

from filelock import FileLock

from nightdesk.tasks.edition.environment import environment
from nightdesk.tasks.edition.files import put
from nightdesk.tasks.edition.short import read_short
from nightdesk.tasks.safety.links import refuse_links

NEWEST = 30  # nights on the index
_MONTH = re.compile(r"\d{4}-\d{2}\.html")


def write_index(out: Path, changed: date | None = None, without: Collection[date] = ()) -> None:
    """Write the index over the nights that have an edition.

    changed: the night whose edition was made or removed; of the others only months that have no page yet are written.
    None: any night may have changed. without: nights whose editions are about to be removed.
    """
    editions = out / "editions"
    refuse_links(out, out / "_staging", editions)
    with FileLock(out / "_staging" / "editions.lock"):
        names = [path.name for path in editions.iterdir()] if editions.is_dir() else []
        hidden = {day.isoformat() for day in without}
        nights = sorted((n for n in names if n not in hidden and _is_night(editions, n)), reverse=True)
        months = {month: list(its) for month, its in groupby(nights, _month)}
        there = set(filter(_MONTH.fullmatch, names))
        for month, its in months.items():
            if changed is None or month == _month(changed.isoformat()) or f"{month}.html" not in there:
                put(editions / f"{month}.html", _page(editions, its, month=_named(month)))
        earlier = [(f"{month}.html", _named(month)) for month in months] if len(nights) > NEWEST else []
        put(editions / "index.html", _page(editions, nights[:NEWEST], months=earlier, count_of_all=len(nights)))
        for name in there - {f"{month}.html" for month in months}:
            (editions / name).unlink(missing_ok=True)


def _page(
    editions: Path,
    names: Sequence[str],
    month: str = "",
    months: Sequence[tuple[str, str]] = (),
    count_of_all: int | None = None,
) -> str:
    nights = [{"date": date.fromisoformat(name), "short": read_short(editions / name)} for name in names]
    count = len(names) if count_of_all is None else count_of_all
    template = environment().get_template("index.html.j2")
    return template.render(nights=nights, month=month, months=months, count_of_all=count)


def _is_night(editions: Path, name: str) -> bool:
    """Tell whether a folder has an edition; another may be one that somebody else put there."""
    try:
        return date.fromisoformat(name).isoformat() == name and os.path.exists(f"{editions}/{name}/index.html")  # noqa: PTH110 - a third of the time of Path.exists, for each night of all years
    except ValueError:
        return False


def _month(night: str) -> str:
    return night[: len("2026-03")]


def _named(month: str) -> str:
    return f"{date.fromisoformat(f'{month}-01'):%B %Y}"
