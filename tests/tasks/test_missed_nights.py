"""Nights: which a schedule had, which are done, which are to be made good."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tasks import nights
from tasks.nights import Night, nights_between

BERLIN = ZoneInfo("Europe/Berlin")
RUN = "00000000-0000-0000-0000-000000000001"


def night(day: int, hour: int = 2) -> Night:
    """A night of November 2026 in Berlin."""
    return Night(datetime(2026, 11, day, hour, tzinfo=BERLIN))


def published_by_hand(out: Path, day: int) -> None:
    """Have OUT look as if documents had been published for a date."""
    (out / "tables" / "documents" / f"run_date=2026-11-{day:02}").mkdir(parents=True)


def days(found: list[Night]) -> list[int]:
    """Return the days of the month that nights are for."""
    return [n.run_date.day for n in found]


def test_a_night_is_for_its_date_where_the_schedule_is_not_where_the_clock_is() -> None:
    before_midnight_in_utc = nights_between(
        "30 0 * * *",
        "Europe/Berlin",
        datetime(2026, 11, 20, 12, tzinfo=UTC),
        datetime(2026, 11, 22, 12, tzinfo=UTC),
    )
    assert [n.due.astimezone(UTC).date().day for n in before_midnight_in_utc] == [20, 21]
    assert [n.run_date for n in before_midnight_in_utc] == [date(2026, 11, 21), date(2026, 11, 22)]


def test_each_date_has_one_night_its_last_and_those_without_have_none() -> None:
    after, before = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)
    every_six_hours = nights_between("0 */6 * * *", "UTC", after, before)
    assert [(n.run_date.day, n.due.hour) for n in every_six_hours] == [(20, 18), (21, 18), (22, 18), (23, 18)]
    assert days(nights_between("0 2 * * mon-fri", "UTC", after, before)) == [20, 23]


@pytest.mark.parametrize("change", [datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 10, 25, tzinfo=BERLIN)])
def test_no_night_is_lost_or_doubled_when_the_clocks_change(change: datetime) -> None:
    found = nights_between("30 2 * * *", "Europe/Berlin", change - timedelta(days=2), change + timedelta(days=3))
    assert [n.run_date for n in found] == [change.date() + timedelta(days=k) for k in range(-2, 3)]


def test_where_nothing_was_ever_run_nothing_was_missed(tmp_path: Path) -> None:
    assert nights.missed(tmp_path, "news", [night(20), night(21)]) == []


def test_where_only_runs_by_hand_have_published_what_came_after_the_latest_was_missed(tmp_path: Path) -> None:
    published_by_hand(tmp_path, 19)
    published_by_hand(tmp_path, 21)
    assert days(nights.missed(tmp_path, "news", [night(k) for k in range(23, 16, -1)])) == [22, 23]


def test_a_run_by_hand_for_a_date_of_long_ago_makes_no_night_of_a_new_schedule_a_missed_one(tmp_path: Path) -> None:
    published_by_hand(tmp_path, 3)
    assert nights.missed(tmp_path, "news", [night(k) for k in range(17, 24)]) == []


def test_once_nights_are_marked_each_that_is_not_done_was_missed_but_for_those_run_by_hand(tmp_path: Path) -> None:
    nights.mark(tmp_path, "news", night(2), RUN, done=True)
    published_by_hand(tmp_path, 20)
    assert days(nights.missed(tmp_path, "news", [night(k) for k in range(18, 23)])) == [18, 19, 21, 22]


def test_a_night_that_began_and_was_not_done_is_missed_and_one_that_was_done_is_not(tmp_path: Path) -> None:
    for day in (20, 21, 22):
        nights.mark(tmp_path, "news", night(day), RUN, done=False)
        published_by_hand(tmp_path, day)  # what it had published when it was killed
    nights.mark(tmp_path, "news", night(21), RUN, done=True)
    assert days(nights.missed(tmp_path, "news", [night(k) for k in range(20, 24)])) == [20, 22, 23]
    (tmp_path / "nights" / "news" / "2026-11-21.json").write_text("{ torn")
    assert days(nights.missed(tmp_path, "news", [night(21)])) == [21]


def test_nights_of_another_profile_are_not_ours(tmp_path: Path) -> None:
    nights.mark(tmp_path, "commerce", night(20), RUN, done=True)
    assert nights.missed(tmp_path, "news", [night(20), night(21)]) == []
    assert not nights.is_done(tmp_path, "news", night(20))


def test_a_later_run_of_the_same_date_is_not_done_by_an_earlier_one(tmp_path: Path) -> None:
    nights.mark(tmp_path, "news", night(20, hour=6), RUN, done=True)
    assert nights.is_done(tmp_path, "news", night(20, hour=6))
    assert nights.is_done(tmp_path, "news", night(20, hour=2))
    assert not nights.is_done(tmp_path, "news", night(20, hour=12))
