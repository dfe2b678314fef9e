"""Durations, times of day and the ends of dates, in zones whose clocks go forward, back, or skip a date."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.following.times import (
    date_at,
    duration,
    end_of,
    moment_at,
    next_time,
    seconds_of,
    time_of,
    zone_of,
)

ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Africa/Cairo", "America/Havana", "Asia/Beirut",
     "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Pacific/Kiritimati"]
).map(ZoneInfo)  # fmt: skip
MOMENTS = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)).map(lambda t: t.replace(tzinfo=UTC).timestamp())
TIMES = st.times().map(lambda t: t.replace(second=0, microsecond=0))


@pytest.mark.parametrize(
    ("written", "seconds"), [("30s", 30), ("10m", 600), ("1h30m", 5400), ("0.5s", 0.5), (" 2H ", 7200), ("1.5m", 90)]
)
def test_durations_are_read(written: str, seconds: float) -> None:
    assert seconds_of(written, 0, 86_400) == seconds


@given(st.integers(0, 86_400))
def test_a_duration_that_was_written_is_read_again(seconds: int) -> None:
    assert seconds_of(duration(seconds), 0, 86_400) == seconds


@pytest.mark.parametrize(
    "written", ["", "5", "s", "-5s", "5 m s", "1d", "1m1h", "1e3s", "٣s", "inf s", "9" * 400 + "s"]
)
def test_what_is_no_duration_is_refused_in_one_short_line(written: str) -> None:
    with pytest.raises(ValueError, match="is no duration; write it as 30s, 10m or 1h30m") as refused:
        seconds_of(written, 0, 86_400)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 120


def test_a_duration_beyond_the_limits_is_refused_with_them() -> None:
    with pytest.raises(ValueError, match=r"'2h' is not between 0\.2s and 1h"):
        seconds_of("2h", 0.2, 3600)


@pytest.mark.parametrize("written", ["24:00", "7:30", "07:60", "0730", "07:30:00", "٠٧:٣٠", "noon"])
def test_what_is_no_time_of_day_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is no time of day; write it as HH:MM"):
        time_of(written)


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "Europe", "\0", "/etc/localtime"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no time zone; write it like Europe/Berlin or UTC"):
        zone_of(name)


@given(MOMENTS, ZONES)
def test_a_date_ends_at_the_first_moment_at_which_clocks_show_a_later_one(moment: float, zone: ZoneInfo) -> None:
    day = date_at(moment, zone)
    end = end_of(day, zone)
    assert moment < end <= moment + 25 * 3600
    assert date_at(end - 0.001, zone) == day
    assert date_at(end, zone) > day


@given(MOMENTS, ZONES, TIMES)
def test_a_time_of_day_comes_within_two_days_and_clocks_then_show_it(moment: float, zone: ZoneInfo, at: time) -> None:
    found = next_time(at, zone, moment)
    assert moment < found <= moment + 49 * 3600
    shown = moment_at(found, zone)
    skipped = datetime.combine(shown.date(), at, zone)
    exists = skipped.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == skipped.replace(tzinfo=None)
    assert (shown.hour, shown.minute) == (at.hour, at.minute) or not exists or shown.date() > date_at(moment, zone)


@pytest.mark.parametrize(
    ("zone", "day", "ends"),
    [
        ("Africa/Cairo", date(2026, 4, 23), "2026-04-24T01:00:00+03:00"),  # clocks skip midnight
        ("America/Havana", date(2026, 10, 31), "2026-11-01T00:00:00-04:00"),  # it comes twice
        ("Asia/Beirut", date(2026, 10, 24), "2026-10-25T00:00:00+02:00"),  # the last hour of the date does
        ("Pacific/Apia", date(2011, 12, 29), "2011-12-31T00:00:00+14:00"),  # the next date is skipped
    ],
)
def test_midnights_that_are_odd(zone: str, day: date, ends: str) -> None:
    assert moment_at(end_of(day, ZoneInfo(zone)), ZoneInfo(zone)).isoformat() == ends


def test_a_time_that_comes_twice_is_met_both_times() -> None:
    zone, half_past_two = ZoneInfo("Europe/Berlin"), time(2, 30)
    first = next_time(half_past_two, zone, datetime(2026, 10, 24, 12, tzinfo=UTC).timestamp())
    again = next_time(half_past_two, zone, first)
    assert [moment_at(m, zone).isoformat() for m in (first, again)] == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
    ]
    assert again - first == timedelta(hours=1).total_seconds()
