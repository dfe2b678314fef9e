"""Nights: which a schedule had, which are done, which are to be made good, and what a late run does."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.reorganizing import missed_nights
from nightdesk.tasks.reorganizing.missed_nights import (
    LOOK_BACK,
    Mark,
    Marks,
    NightsToRun,
    ScheduledNight,
    decide,
    nights_of,
    read_marks,
)

BERLIN = ZoneInfo("Europe/Berlin")
CAIRO = ZoneInfo("Africa/Cairo")
RUN = "00000000-0000-0000-0000-000000000001"
LATER_RUN = "00000000-0000-0000-0000-000000000002"


def night(day: int, hour: int = 2) -> ScheduledNight:
    """A night of November 2026 in Berlin."""
    return ScheduledNight(datetime(2026, 11, day, hour, tzinfo=BERLIN))


def published_by_hand(out: Path, day: int) -> None:
    """Have OUT look as if documents had been published for a date."""
    (out / "tables" / "documents" / f"run_date=2026-11-{day:02}").mkdir(parents=True)


def missed(out: Path, found: list[ScheduledNight]) -> list[int]:
    """Return the days of the month of those nights that are to be made good."""
    return [n.run_date.day for n in missed_nights.missed(found, read_marks(out, "news"))]


def test_each_date_has_one_night_its_last_and_the_date_is_that_of_the_schedules_zone() -> None:
    firings = [datetime(2026, 11, 20, 23, 30, tzinfo=UTC), datetime(2026, 11, 21, 23, 30, tzinfo=UTC)]
    found = nights_of(f.astimezone(BERLIN) for f in [*firings, firings[0] + timedelta(hours=6)])
    assert [(n.run_date.day, n.due.hour) for n in found] == [(21, 6), (22, 0)]


def test_of_a_wall_time_that_comes_twice_the_second_is_the_later() -> None:
    first, second = (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=k) for k in (0, 1))
    assert [n.at for n in nights_of([second, first])] == [second.timestamp()]


def test_a_date_whose_hour_the_clocks_skip_has_a_night_when_they_have_gone_forward() -> None:
    walls = [datetime(2026, 4, day) for day in (23, 24, 25)]
    fired = [datetime(2026, 4, 23), datetime(2026, 4, 23, 23), datetime(2026, 4, 25)]  # what Prefect makes of them
    found = nights_of([f.replace(tzinfo=CAIRO) for f in fired], walls, "Africa/Cairo")
    assert [n.due.isoformat() for n in found] == [
        "2026-04-23T23:00:00+02:00",
        "2026-04-24T01:00:00+03:00",
        "2026-04-25T00:00:00+03:00",
    ]
    berlin = nights_of([datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN)], [datetime(2026, 3, 29, 2, 30)], "Europe/Berlin")
    assert [n.due.isoformat() for n in berlin] == ["2026-03-29T01:30:00+01:00"]


def test_where_nothing_was_ever_run_nothing_was_missed(tmp_path: Path) -> None:
    assert missed(tmp_path, [night(20), night(21)]) == []


def test_where_only_runs_by_hand_have_published_what_came_after_the_latest_was_missed(tmp_path: Path) -> None:
    published_by_hand(tmp_path, 19)
    published_by_hand(tmp_path, 21)
    assert missed(tmp_path, [night(k) for k in range(23, 16, -1)]) == [22, 23]


def test_a_run_by_hand_for_a_date_of_long_ago_makes_no_night_of_a_new_schedule_a_missed_one(tmp_path: Path) -> None:
    published_by_hand(tmp_path, 3)
    assert missed(tmp_path, [night(k) for k in range(17, 24)]) == []


def test_once_nights_are_marked_each_that_is_not_done_was_missed_but_for_those_run_by_hand(tmp_path: Path) -> None:
    missed_nights.mark(tmp_path, "news", night(2), RUN, done=True)
    published_by_hand(tmp_path, 20)
    assert missed(tmp_path, [night(k) for k in range(18, 23)]) == [18, 19, 21, 22]


def test_a_night_that_began_and_was_not_done_is_missed_and_one_that_was_done_is_not(tmp_path: Path) -> None:
    for day in (20, 21, 22):
        missed_nights.mark(tmp_path, "news", night(day), RUN, done=False)
        published_by_hand(tmp_path, day)  # what it had published when it was killed
    missed_nights.mark(tmp_path, "news", night(21), RUN, done=True)
    assert missed(tmp_path, [night(k) for k in range(20, 24)]) == [20, 22, 23]
    (tmp_path / "nights" / "news" / "2026-11-21.json").write_text("{ torn")
    (tmp_path / "nights" / "news" / "some-te-xt.json").write_text("no mark of ours")
    assert missed(tmp_path, [night(21)]) == [21]


def test_nights_of_another_profile_are_not_ours(tmp_path: Path) -> None:
    missed_nights.mark(tmp_path, "commerce", night(20), RUN, done=True)
    assert missed(tmp_path, [night(20), night(21)]) == []
    assert not read_marks(tmp_path, "news").is_done(night(20))


def test_a_later_night_of_the_same_date_is_not_done_by_an_earlier_one(tmp_path: Path) -> None:
    missed_nights.mark(tmp_path, "news", night(20, hour=6), RUN, done=True)
    marks = read_marks(tmp_path, "news")
    assert [marks.is_done(night(20, hour=h)) for h in (2, 6, 12)] == [True, True, False]
    assert missed(tmp_path, [night(20, hour=12)]) == [20]


def test_an_earlier_night_stays_done_while_a_later_one_of_its_date_is_under_way(tmp_path: Path) -> None:
    missed_nights.mark(tmp_path, "news", night(20, hour=6), RUN, done=True)
    missed_nights.mark(tmp_path, "news", night(20, hour=12), LATER_RUN, done=False)
    begun = read_marks(tmp_path, "news")
    assert [begun.is_done(night(20, hour=h)) for h in (6, 12)] == [True, False]
    assert begun.of[date(2026, 11, 20)].runs == {RUN}  # the later one is to skip what this run has published
    missed_nights.mark(tmp_path, "news", night(20, hour=12), LATER_RUN, done=True)
    assert read_marks(tmp_path, "news").of[date(2026, 11, 20)].runs == {RUN, LATER_RUN}


def test_a_night_that_begins_anew_is_not_done_until_it_ends_again(tmp_path: Path) -> None:
    for done in (True, False):
        missed_nights.mark(tmp_path, "news", night(20), RUN, done=done)
    assert missed(tmp_path, [night(20)]) == [20]


@pytest.mark.parametrize("done", [True, False])
def test_marks_that_earlier_versions_wrote_are_understood(tmp_path: Path, done: bool) -> None:
    path = tmp_path / "nights" / "news" / "2026-11-20.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"due": "2026-11-20T02:00:00+01:00", "run_id": RUN, "done": done}))
    assert missed(tmp_path, [night(20), night(21)]) == ([21] if done else [20, 21])
    assert read_marks(tmp_path, "news").is_done(night(20)) is done


def known(*done: int) -> Marks:
    """Say that the nights of some days are done."""
    return Marks({night(k).run_date: Mark(night(k).due, night(k).due, frozenset({RUN})) for k in done})


def told(plan: NightsToRun) -> tuple[list[int], int, datetime | None, str]:
    """Return a plan's missed days, its own day, by when it reads, and the first words of why it does nothing."""
    return [n.run_date.day for n in plan.missed], plan.own.run_date.day, plan.by, plan.over.partition(":")[0]


@pytest.mark.parametrize(
    ("due", "now", "passed", "done", "expected"),
    [
        pytest.param(20, (20, 2), range(13, 21), (19,), ([], 20, None, ""), id="on time"),
        pytest.param(20, (20, 9), range(13, 21), (19,), ([], 20, None, ""), id="hours late"),
        pytest.param(20, (21, 1), range(14, 21), (17,), ([18, 19], 20, None, ""), id="the last to have passed"),
        pytest.param(18, (20, 9), range(13, 21), (17,), ([], 18, night(18).due, ""), id="two days late"),
        pytest.param(
            18, (20, 9), range(13, 21), (15,), ([16, 17], 18, night(18).due, ""), id="late, and others before"
        ),
        pytest.param(18, (20, 9), range(13, 21), (17, 20), ([], 18, night(18).due, ""), id="a later one is done"),
        pytest.param(20, (20, 9), range(13, 21), (19, 20), ([], 20, None, "Done before"), id="done"),
        pytest.param(
            18, (20, 9), range(13, 21), (16, 18), ([17], 18, night(18).due, "Done before"), id="done, not all"
        ),
        pytest.param(13, (20, 9), range(13, 21), (12,), ([], 13, night(13).due, ""), id="a week late"),
        pytest.param(12, (20, 9), range(13, 21), (11,), ([], 12, None, "Too late"), id="more than a week late"),
        pytest.param(20, (20, 9), range(10, 21), (9,), ([*range(13, 20)], 20, None, ""), id="a week at most"),
        pytest.param(20, (20, 9), (), (15,), ([], 20, None, ""), id="no schedule"),
        pytest.param(20, (20, 9), range(13, 21), (), ([], 20, None, ""), id="nothing is known"),
    ],
)
def test_what_a_run_does(
    due: int,
    now: tuple[int, int],
    passed: range,
    done: tuple[int, ...],
    expected: tuple[list[int], int, datetime | None, str],
) -> None:
    plan = decide(night(due).due, night(*now).due, [night(k) for k in passed], known(*done))
    assert told(plan) == expected


def test_a_run_that_waits_tells_that_nights_were_missed_where_nothing_is_known_yet() -> None:
    passed = [night(k) for k in range(13, 21)]
    plan = decide(night(20).due, night(20, 9).due, passed, Marks(), since=night(18).run_date)
    assert told(plan) == ([18, 19], 20, None, "")


def test_the_first_run_of_a_date_does_its_last_night_that_has_passed() -> None:
    passed = [night(19, 18), night(20, 6)]  # every twelve hours
    late = decide(night(19, 6).due, night(20, 7).due, passed, known(18))
    assert (late.own, late.by) == (night(19, 18), night(19, 18).due)
    today = decide(night(20, 2).due, night(20, 7).due, passed, known(19))
    assert (today.own, today.by) == (night(20, 6), None)


def test_what_a_run_started_by_hand_has_read_since_is_not_read_for_an_earlier_night() -> None:
    by_hand = ScheduledNight(datetime(2026, 11, 21, 15, 12, tzinfo=BERLIN))  # no night of the schedule
    marks = Marks({night(19).run_date: Mark(night(19).due, night(19).due), by_hand.run_date: Mark(by_hand.due)})
    plan = decide(night(20).due, night(21, 16).due, [night(19), night(20)], marks)
    assert told(plan) == ([], 20, night(20).due, "")


HOURS = range(24 * 21)
MOMENTS = st.integers(0, len(HOURS) - 1)


@dataclass
class World:
    """Runs that each do what is decided for them, with files that came at some hour; now is the last of HOURS."""

    firings: list[datetime]
    files: list[datetime]
    now: datetime
    marks: dict[date, Mark]
    filed: dict[datetime, date] = field(default_factory=dict)
    ran: list[date] = field(default_factory=list)

    def passed(self) -> list[ScheduledNight]:
        """Return the nights of the last week."""
        first = (self.now - timedelta(days=LOOK_BACK)).date()
        return [n for n in nights_of(self.firings) if n.run_date >= first]

    def run(self, due: datetime, waiting: list[datetime]) -> None:
        """Do what a run does; the others wait."""
        since = min((w.date() for w in waiting if w <= due), default=None)
        plan = decide(due, self.now, self.passed(), Marks(self.marks), since)
        for missed_night in plan.missed:
            self.do(missed_night, missed_night.due)
        if not plan.over:
            self.do(plan.own, plan.by)
        else:
            self.marks.setdefault(plan.own.run_date, Mark(plan.own.due))

    def do(self, one: ScheduledNight, by: datetime | None) -> None:
        """Read what was there and is not filed yet."""
        self.ran.append(one.run_date)
        self.marks[one.run_date] = Mark(one.due, one.due)
        for file in self.files:
            if file <= (by or self.now):
                self.filed.setdefault(file, one.run_date)


@given(
    every=st.sampled_from([7, 12, 24, 48]),
    files=st.sets(MOMENTS, max_size=12),
    late=st.sets(st.integers(0, 80), max_size=6),
    last_done=st.none() | st.integers(0, 80),
    order=st.randoms(use_true_random=False),
)
def test_in_whatever_order_late_runs_start_each_file_has_its_first_night_and_each_date_one_run(
    every: int, files: set[int], late: set[int], last_done: int | None, order: Random
) -> None:
    start = datetime(2026, 10, 20, 1, 30, tzinfo=UTC)  # clocks go back on the way
    moments = [(start + timedelta(hours=h)).astimezone(BERLIN) for h in HOURS]
    firings, now = moments[::every], moments[-1]
    runs = [firings[k % len(firings)] for k in late] + [firings[-1]]  # what serve starts, or the next night
    world = World(firings, [moments[h] for h in files], now, {})
    known_from = min(r.date() for r in runs)
    if last_done is not None:
        done = ScheduledNight(firings[last_done % (len(firings) - 1)])
        world.marks = {done.run_date: Mark(done.due, done.due)}
        world.files = [f for f in world.files if f.timestamp() > done.at]  # it had read the others
        known_from = min(known_from, done.run_date)
    expected = [n for n in world.passed() if n.run_date >= known_from and not Marks(world.marks).is_done(n)]

    order.shuffle(runs)
    while runs:
        world.run(runs.pop(), runs)

    assert sorted(world.ran) == [n.run_date for n in expected]
    for file in world.files:
        first = next((n for n in expected if n.at >= file.timestamp()), expected[-1] if expected else None)
        assert world.filed.get(file) == (first.run_date if first else None)


def test_a_schedule_that_was_moved_to_a_later_hour_makes_no_night_missed_that_was_done_at_the_hour_before() -> None:
    days = [datetime(2026, 3, d, tzinfo=UTC) for d in (1, 2, 3)]
    done = {d.date(): Mark(d.replace(hour=2), d.replace(hour=2)) for d in days[:2]}  # the third was missed
    passed = [ScheduledNight(d.replace(hour=4, minute=30)) for d in days]
    moved = datetime(2026, 3, 3, 12, tzinfo=UTC)
    assert [n.run_date.day for n in missed_nights.missed(passed, Marks(done, changed=moved))] == [3]
    assert [n.run_date.day for n in missed_nights.missed(passed, Marks(done))] == [1, 2, 3]
    again = ScheduledNight(datetime(2026, 3, 2, 23, tzinfo=UTC))  # due after the change: a second night of its date
    assert not Marks(done, changed=again.due - timedelta(hours=1)).is_done(again)


def test_what_a_run_does_is_the_same_after_years_of_nights_and_takes_the_marks_of_the_last_ones_alone(
    tmp_path: Path,
) -> None:
    own, now = night(20), night(20).due + timedelta(minutes=1)
    passed = [night(day) for day in range(13, 21)]
    for day in (13, 14, 15, 17, 18, 19):
        missed_nights.mark(tmp_path, "news", night(day), RUN, done=True)
    before = decide(own.due, now, passed, read_marks(tmp_path, "news"))
    for years in (1, 2, 3):
        long_ago = ScheduledNight(own.due.replace(year=2026 - years))
        missed_nights.mark(tmp_path, "news", long_ago, RUN, done=True)
    (tmp_path / "nights" / "news" / "2021-11-20.json").mkdir()  # it cannot be read, and need not be
    assert decide(own.due, now, passed, read_marks(tmp_path, "news")) == before
    assert [n.run_date.day for n in before.missed] == [16]
    marks = read_marks(tmp_path, "news")
    assert date(2021, 11, 20) in marks.of
    assert len(marks.of) == len(list(marks.of)) == 10


def test_a_mark_of_a_later_date_tells_a_run_that_it_is_late(tmp_path: Path) -> None:
    own = night(20)
    assert decide(own.due, own.due, [own], read_marks(tmp_path, "news")).by is None
    missed_nights.mark(tmp_path, "news", night(21), RUN, done=False)
    assert decide(own.due, own.due, [own], read_marks(tmp_path, "news")).by == own.due
