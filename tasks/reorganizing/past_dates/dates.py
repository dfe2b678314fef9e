"""The dates that a run was given: one, or the first and the last of several."""

from datetime import UTC, date, datetime, timedelta, timezone

from nightdesk.tasks.errors import InputError

MOST_NIGHTS = 366  # of one run
_FIRST_OF_ALL = timezone(timedelta(hours=14))  # no place on earth has a later date


def dates_between(first: date | None, last: date | None, now: datetime | None = None) -> list[date]:
    """Return the dates from the first to the last, in order; none if no date was given.

    last: None if there is only one. now: for the newest date that a range may have: one that has begun somewhere.

    Raises:
        InputError: the last comes before the first or is in the future, there is no first, or there are too many.
    """
    if first is None:
        if last is not None:
            raise InputError(f"a last date ({last}) without a first one; name the first, or leave out both")
        return []
    if last is None or last == first:
        return [first]
    if last < first:
        raise InputError(f"the last date ({last}) comes before the first ({first}); turn them round")
    check_past(last, now)
    nights = (last - first).days + 1
    if nights > MOST_NIGHTS:
        raise InputError(
            f"{nights} nights from {first} to {last}: one run takes {MOST_NIGHTS} at most; name a later first or an "
            "earlier last date"
        )
    return [first + timedelta(days=n) for n in range(nights)]


def check_past(day: date, now: datetime | None = None) -> None:
    """Raise InputError if a date has not begun anywhere on earth."""
    newest = (now or datetime.now(UTC)).astimezone(_FIRST_OF_ALL).date()
    if day > newest:
        raise InputError(f"the date {day} is in the future; name one up to {newest}")


def shown_dates(days: list[date]) -> str:
    """Return dates in a row as a name: the one, or the first and the last."""
    return f"{days[0]}..{days[-1]}" if len(days) > 1 else str(days[0])
