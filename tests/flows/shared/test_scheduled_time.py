"""Which nights a schedule had: as Prefect's own server tells its dates, also on the days clocks change."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from prefect.client.schemas.schedules import CronSchedule
from prefect.server.schemas.schedules import CronSchedule as ServerCronSchedule

from nightdesk.flows.shared.scheduled_time import check_schedule, firings, nights_between, nights_passed
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reorganizing.missed_nights import ScheduledNight

BERLIN, CAIRO = "Europe/Berlin", "Africa/Cairo"
CLOCKS_CHANGE = {
    BERLIN: [datetime(2026, 3, 29, tzinfo=ZoneInfo(BERLIN)), datetime(2026, 10, 25, tzinfo=ZoneInfo(BERLIN))],
    CAIRO: [datetime(2026, 4, 24, tzinfo=ZoneInfo(CAIRO)), datetime(2026, 10, 30, tzinfo=ZoneInfo(CAIRO))],
}
CRONS = [
    "30 2 * * *",
    "0 0 * * *",
    "0 2 */2 * mon",
    "0 2 * * * 30",
    "@daily",
    "0 */6 * * *",
    "15 1 l * *",
    "0 2 * * L5",
]


def nights(cron: str, zone: str, after: datetime, before: datetime) -> list[ScheduledNight]:
    """Return the nights of a schedule."""
    return asyncio.run(nights_between(CronSchedule(cron=cron, timezone=zone), after, before))


@pytest.mark.parametrize("zone", [BERLIN, CAIRO])
@pytest.mark.parametrize("cron", CRONS)
def test_nights_are_the_last_of_prefects_own_dates_for_each_local_date(cron: str, zone: str) -> None:
    for change in CLOCKS_CHANGE[zone]:
        after, before = change - timedelta(days=9), change + timedelta(days=9)
        own = asyncio.run(ServerCronSchedule(cron=cron, timezone=zone).get_dates(start=after, end=before))
        last = {d.astimezone(ZoneInfo(zone)).date(): d.timestamp() for d in own}
        found = nights(cron, zone, after, before)
        assert {n.run_date: n.at for n in found if n.run_date in last} == last
        assert all(n.run_date == change.date() for n in found if n.run_date not in last)  # the date that is skipped


@pytest.mark.parametrize("cron", ["30 2 * * *", "0 0 * * *", "0 3 * * *"])
@pytest.mark.parametrize("zone", [BERLIN, CAIRO])
def test_a_daily_schedule_has_one_night_for_every_date_whatever_the_clocks_do(cron: str, zone: str) -> None:
    for change in CLOCKS_CHANGE[zone]:
        found = nights(cron, zone, change - timedelta(days=3), change + timedelta(days=3, hours=12))
        assert [n.run_date for n in found] == [change.date() + timedelta(days=k) for k in range(-3, 4)]


def test_the_midnight_that_cairo_skips_is_known_when_it_would_have_been_and_not_before() -> None:
    after = datetime(2026, 4, 22, 12, tzinfo=ZoneInfo(CAIRO))
    before_it, after_it = (datetime(2026, 4, 23, hour, 30, tzinfo=UTC) for hour in (21, 22))
    assert [n.run_date.day for n in nights("0 0 * * *", CAIRO, after, before_it)] == [23]
    found = nights("0 0 * * *", CAIRO, after, after_it)
    assert [(n.run_date.day, n.due.isoformat()) for n in found][1:] == [(24, "2026-04-24T01:00:00+03:00")]
    weekly = nights("0 0 * * fri", CAIRO, after, after + timedelta(days=9))
    assert [n.run_date.day for n in weekly if n.run_date.day != 23] == [24, 1]


def test_more_firings_than_prefect_tells_at_once_are_all_found() -> None:
    after = datetime(2026, 11, 20, tzinfo=UTC)
    every_minute = CronSchedule(cron="* * * * *", timezone="UTC")
    found = asyncio.run(firings(every_minute, after, after + timedelta(minutes=2500)))
    assert found == [after + timedelta(minutes=k) for k in range(2501)]


@pytest.mark.parametrize(
    ("cron", "last"),
    [("* * * * * *", (23, 59, 59)), ("*/2 * * * *", (23, 58, 0)), ("* 9 * * * *", (9, 59, 59))],
)
def test_of_a_schedule_that_fires_all_the_time_each_date_has_its_last(cron: str, last: tuple[int, int, int]) -> None:
    zone = ZoneInfo(BERLIN)
    found = nights(cron, BERLIN, datetime(2026, 3, 27, tzinfo=zone), datetime(2026, 4, 2, 23, 59, 59, 999, tzinfo=zone))
    assert [n.run_date.day for n in found] == [27, 28, 29, 30, 31, 1, 2]
    assert {(n.due.hour, n.due.minute, n.due.second) for n in found} == {last}


def test_a_schedule_whose_last_year_has_ended_had_its_nights_until_then() -> None:
    found = nights("0 2 * * * 0 2025", "UTC", datetime(2025, 12, 29, tzinfo=UTC), datetime(2026, 1, 4, tzinfo=UTC))
    assert [n.run_date.day for n in found] == [29, 30, 31]


def test_two_schedules_of_one_deployment_have_one_night_a_date_together() -> None:
    both = [CronSchedule(cron=c, timezone="UTC") for c in ("0 2 * * *", "0 14 * * mon")]
    found = asyncio.run(nights_passed(both, datetime(2026, 11, 25, 12, tzinfo=UTC)))
    assert [(n.run_date.day, n.due.hour) for n in found][-4:] == [(22, 2), (23, 14), (24, 2), (25, 2)]
    assert len(found) == 8  # of today and of the seven days before


@pytest.mark.parametrize("cron", ["0 2 * * *", "@daily", "0 2 * * * 30", "0 2 l * *", "0 2 * * L5", "0 2 29 2 *"])
def test_a_schedule_that_prefect_takes_is_taken(cron: str) -> None:
    schedule = check_schedule(cron, BERLIN)
    assert asyncio.run(ServerCronSchedule.model_validate(schedule.model_dump()).get_dates(n=1))


@pytest.mark.parametrize("cron", ["0 2 LW * *", "0 2 * * 5L", "nonsense", "", "0 2 * *", "H 2 * * *", "@reboot"])
def test_a_schedule_that_prefect_refuses_is_refused_in_one_line(cron: str) -> None:
    with pytest.raises(ValueError, match="cron"):
        ServerCronSchedule(cron=cron, timezone=BERLIN)
    with pytest.raises(InputError, match=r"^--cron .*: no schedule that Prefect takes; write minute hour .*$"):
        check_schedule(cron, BERLIN)


@pytest.mark.parametrize("cron", ["0 0 30 2 *", "0 2 31 6 *", "0 2 * * * 0 2020"])
def test_a_schedule_that_never_comes_is_refused(cron: str) -> None:
    with pytest.raises(InputError, match="never comes"):
        check_schedule(cron, "UTC")


def test_a_time_zone_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="--timezone Mars/Base: no such time zone"):
        check_schedule("0 2 * * *", "Mars/Base")


def test_a_run_by_hand_does_not_wait_for_prefects_server_modules() -> None:
    code = "import nightdesk.flows.nightly, sys; sys.exit('prefect.server.schemas.schedules' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
