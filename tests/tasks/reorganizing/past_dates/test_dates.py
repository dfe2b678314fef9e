"""The dates of a run: one, several, or a line that says why not."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reorganizing.past_dates.dates import MOST_NIGHTS, check_past, dates_between, shown_dates

NOW = datetime(2026, 11, 10, 20, 0, tzinfo=UTC)
DAYS = st.dates(date(2026, 1, 1), date(2026, 11, 10))


@given(DAYS, DAYS)
def test_a_range_has_every_date_once_in_order(one: date, other: date) -> None:
    first, last = sorted((one, other))
    days = dates_between(first, last, NOW)
    assert days == sorted(set(days))
    assert (days[0], days[-1], len(days)) == (first, last, (last - first).days + 1)


def test_one_date_or_none_is_no_range() -> None:
    day = date(2026, 3, 1)
    assert dates_between(None, None) == []
    assert dates_between(day, None) == dates_between(day, day) == [day]
    assert shown_dates([day]) == "2026-03-01"
    assert shown_dates(dates_between(day, date(2026, 3, 4), NOW)) == "2026-03-01..2026-03-04"


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (None, date(2026, 3, 1), "without a first one"),
        (date(2026, 3, 2), date(2026, 3, 1), "comes before the first"),
        (date(2026, 11, 1), date(2026, 11, 13), "2026-11-13 is in the future; name one up to 2026-11-11"),
        (date(2025, 1, 1), date(2026, 3, 1), f"425 nights.*takes {MOST_NIGHTS} at most"),
    ],
)
def test_what_is_no_range_is_told_in_one_line(first: date | None, last: date, said: str) -> None:
    with pytest.raises(InputError, match=said) as e:
        dates_between(first, last, NOW)
    assert "\n" not in str(e.value)


def test_a_date_that_has_begun_somewhere_is_not_in_the_future() -> None:
    check_past(date(2026, 11, 11), NOW)  # where clocks are ten hours ahead it is morning
    with pytest.raises(InputError, match="in the future"):
        check_past(date(2026, 11, 11), NOW - timedelta(hours=12))
