"""The index over the nights: editions/index.html with the newest, and a page for each month, editions/2026-03.html.

What a night costs here does not grow with the nights before it: the index has NEWEST nights, and of the months only
the one of the night that changed is written again.
"""

import os
import re
from collections.abc import Sequence
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


def write_index(out: Path, changed: date | None = None) -> None:
    """Write the index over the nights that have an edition.

    changed: the night whose edition was made or removed; of the others only months that have no page yet are written.
    None: any night may have changed.
    """
    editions = out / "editions"
    refuse_links(out, out / "_staging", editions)
    with FileLock(out / "_staging" / "editions.lock"):
        nights = _editions(editions)
        months = {month: list(days) for month, days in groupby(nights, _month)}
        there = {path.name for path in editions.glob("*.html") if _MONTH.fullmatch(path.name)}
        for month, days in months.items():
            if changed is None or month == _month(changed) or f"{month}.html" not in there:
                put(editions / f"{month}.html", _page(editions, days, month=_named(days[0])))
        named = [(f"{month}.html", _named(days[0])) for month, days in months.items()]
        earlier = named if len(nights) > NEWEST else []
        put(editions / "index.html", _page(editions, nights[:NEWEST], months=earlier, count_of_all=len(nights)))
        for name in there - {f"{month}.html" for month in months}:
            (editions / name).unlink(missing_ok=True)


def _page(
    editions: Path,
    days: Sequence[date],
    month: str = "",
    months: Sequence[tuple[str, str]] = (),
    count_of_all: int | None = None,
) -> str:
    nights = [{"date": day, "short": read_short(editions / day.isoformat())} for day in days]
    count = len(days) if count_of_all is None else count_of_all
    template = environment().get_template("index.html.j2")
    return template.render(nights=nights, month=month, months=months, count_of_all=count)


def _editions(editions: Path) -> list[date]:
    """Return the nights that have an edition, the newest first."""
    found = []
    try:
        with os.scandir(editions) as entries:
            names = [entry.name for entry in entries]
    except FileNotFoundError:
        names = []
    for name in names:
        try:
            day = date.fromisoformat(name)
        except ValueError:
            continue  # a folder that somebody else put there
        if name == day.isoformat() and (editions / name / "index.html").exists():
            found.append(day)
    return sorted(found, reverse=True)


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _named(day: date) -> str:
    return f"{day:%B} {day.year}"
