"""The index over the nights: editions/index.html with the newest, and a page for each month, editions/2026-03.html.

What a night costs here does not grow with the nights before it, but for their names: the index has NEWEST nights, and
of the months only the one of the night that changed is written again. Whether a folder has an edition is asked of those
nights and of that month alone; any other folder that is named as a date counts as a night.
"""

import os
import re
from collections.abc import Collection, Sequence
from datetime import date
from itertools import groupby, islice
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
        names = os.listdir(editions) if editions.is_dir() else []  # noqa: PTH208 - the names alone, of all years
        hidden = {day.isoformat() for day in without}
        dates = sorted((n for n in names if n not in hidden and _is_date(n)), reverse=True)
        months = {month: list(its) for month, its in groupby(dates, _month)}
        there = set(filter(_MONTH.fullmatch, names))
        for month in list(months):
            if changed is None or month == _month(changed.isoformat()) or f"{month}.html" not in there:
                its = months[month] = [n for n in months[month] if _has_edition(editions, n)]
                if its:
                    put(editions / f"{month}.html", _page(editions, its, month=_named(month)))
        months = {month: its for month, its in months.items() if its}
        count = sum(map(len, months.values()))
        newest = list(islice((n for its in months.values() for n in its if _has_edition(editions, n)), NEWEST))
        earlier = [(f"{month}.html", _named(month)) for month in months] if count > NEWEST else []
        put(editions / "index.html", _page(editions, newest, months=earlier, count_of_all=count))
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


def _is_date(name: str) -> bool:
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False


def _has_edition(editions: Path, night: str) -> bool:
    """Tell whether a folder has an edition; another may be one that somebody else put there."""
    return (editions / night / "index.html").exists()


def _month(night: str) -> str:
    return night[: len("2026-03")]


def _named(month: str) -> str:
    return f"{date.fromisoformat(f'{month}-01'):%B %Y}"
