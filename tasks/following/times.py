"""Durations, times of day and time zones as they are written, and when a date ends in a time zone.

A date ends at the moment at which clocks in its zone show the next one, whatever they show then: where clocks go
forward at midnight, that is 01:00. Moments are seconds since 1970, because these only go forward.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EVERY_S, IDLE_S = (0.2, 3600.0), (0.0, 24 * 3600.0)  # of a follow: the least and the most
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_NUMBER = r"([0-9]{1,6}(?:\.[0-9]{1,3})?)"
_DURATION = re.compile(rf"(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s)?")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_LONGEST = 40  # characters of what was written that a message shows


def seconds_of(written: str, least: float, most: float) -> float:
    """Return the seconds of a duration such as 30s, 10m, 1h30m or 0.5s.

    Raises:
        ValueError: it is no duration, or not within the limits; the message says how to write it.
    """
    found = _DURATION.fullmatch(written.strip().lower())
    if found is None or not any(found.groups()):
        raise ValueError(f"{_shown(written)} is no duration; write it as 30s, 10m or 1h30m")
    seconds = sum(float(n) * unit for n, unit in zip(found.groups(), _UNITS.values(), strict=True) if n)
    if not least <= seconds <= most:
        raise ValueError(f"{_shown(written)} is not between {duration(least)} and {duration(most)}")
    return seconds


def duration(seconds: float) -> str:
    """Write a duration as `seconds_of` reads it."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{hours:.0f}h" if hours else "", f"{minutes:.0f}m" if minutes else "", f"{rest:g}s" if rest else ""]
    return "".join(parts) or "0s"


def time_of(written: str) -> time:
    """Return a time of day that is written as HH:MM.

    Raises:
        ValueError: it is none.
    """
    found = _TIME.fullmatch(written.strip())
    if found is None:
        raise ValueError(f"{_shown(written)} is no time of day; write it as HH:MM, from 00:00 to 23:59")
    return time(int(found[1]), int(found[2]))


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name; that of this machine if it is empty.

    Raises:
        ValueError: there is no such zone, or this machine does not say its own.
    """
    try:
        return ZoneInfo(name or machine_zone())
    except (KeyError, OSError, ValueError) as e:
        if not name:
            raise ValueError(f"the time zone of this machine cannot be told ({e}); name one") from None
        raise ValueError(f"{_shown(name)} is no time zone; write it like Europe/Berlin or UTC") from None


def machine_zone() -> str:
    """Return the name of this machine's time zone.

    Raises:
        ValueError: it does not say one.
    """
    import tzlocal

    name = str(tzlocal.get_localzone_name() or "")
    if not name:
        raise ValueError("there is no TZ and no /etc/localtime")
    return name


def date_at(moment: float, zone: ZoneInfo) -> date:
    """Return the date that clocks in a zone show at a moment."""
    return datetime.fromtimestamp(moment, zone).date()


def end_of(day: date, zone: ZoneInfo) -> float:
    """Return the moment at which a date is over in a zone."""
    # Of a midnight that clocks skip, Python tells the moment at which they do; of one that comes twice, the first.
    return datetime.combine(day + timedelta(days=1), time.min, zone).timestamp()


def next_time(at: time, zone: ZoneInfo, after: float) -> float:
    """Return the first moment after another at which clocks in a zone show a time of day.

    On a date that skips this time it is as long after midnight as on any other date.
    """
    first = date_at(after, zone)
    moments = []
    for days in range(3):
        wall = datetime.combine(first + timedelta(days=days), at, zone)
        moments.append(wall.timestamp())
        again = wall.replace(fold=1).timestamp()
        if datetime.fromtimestamp(again, zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
            moments.append(again)  # clocks went back: it comes twice
    return min(moment for moment in moments if moment > after)


def moment_at(moment: float, zone: ZoneInfo) -> datetime:
    """Return a moment as clocks in a zone show it."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone)


def _shown(written: str) -> str:
    line = " ".join(written.split())
    return repr(line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…")
