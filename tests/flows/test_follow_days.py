"""How days of a follow begin and end as flow runs: midnight, --until, the end of the sources, a stop, days left open.

The streams themselves are played here, since what is looked at is the flow around them, by a clock that the tests set.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.flow_engine import run_flow_async
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from nightdesk.flows import follow as following
from nightdesk.flows.shared.following import going_on, one_date
from nightdesk.flows.shared.following.moments import NOW, UNTIL
from nightdesk.flows.shared.following.parameters import FollowParameters
from nightdesk.flows.shared.stopping.termination import STOPPING, Stopped, Stopping
from nightdesk.tasks.calling.answers.storage_errors import AGAIN
from nightdesk.tasks.errors import InputError, NoWorker, PoolLost, PublishError
from nightdesk.tasks.following.follower import Tick
from nightdesk.tasks.following.settling.settled import Settled
from tests.flows.conftest import Desk


@dataclass
class Played:
    """A follow that does nothing but say what it was told. opened: its dates and sources, in order.

    over_at: the look at which its sources have ended. on_tick: called at each look. left_open: dates before.
    """

    opened: list[tuple[date, list[str]]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    ticks: int = 0
    over_at: int = 0
    on_tick: Callable[[int], None] = lambda _: None
    left_open: list[date] = field(default_factory=list)
    on_settled: Callable[[Sequence[Settled]], None] = lambda _: None

    @asynccontextmanager
    async def open(self, _: str, run_date: date, sources: Sequence[str], *__: Any) -> AsyncIterator["Played"]:
        self.opened.append((run_date, list(sources)))
        yield self

    def clock(self, begins: str) -> Callable[[], float]:
        """Return a clock of which each look takes a second, and nothing else any time."""
        first = datetime.fromisoformat(begins).timestamp()
        return lambda: first + self.ticks

    async def tick(self, now: datetime) -> Tick:
        assert now.tzinfo is not None
        self.ticks += 1
        assert self.ticks < 100  # else it would never end
        self.on_tick(self.ticks)
        await asyncio.sleep(0)
        return Tick(arrived=self.ticks % 2, provisional=1, dollars=0.25, is_over=self.ticks == self.over_at)

    async def finish(self, why: str, looks: bool = True) -> Tick:
        assert not looks
        self.said.append(why)
        return Tick(dollars=0.25)

    async def stop(self) -> None:
        self.said.append("stopped")


@pytest.fixture
def server(own_workers: Desk) -> Iterator[Desk]:
    """Have flows that the test calls run against the session's server."""
    with temporary_settings(
        {PREFECT_API_URL: own_workers.api_url, PREFECT_HOME: Path(own_workers.env["PREFECT_HOME"])}
    ):
        yield own_workers


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    """Play the streams."""
    its = Played()
    monkeypatch.setattr(one_date, "open_follow", its.open)
    monkeypatch.setattr(following, "open_dates", lambda *_: its.left_open)
    return its


def run(
    played: Played, parameters: FollowParameters, begins: str, until: float | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Follow by a clock that shows `begins` at first; return the last day's figures, what was said of those before."""
    said: list[str] = []

    async def all_days() -> dict[str, Any]:
        NOW.set(played.clock(begins))
        UNTIL.set(until)
        return await following.follow_days(parameters, said.append)

    return asyncio.run(all_days()), said


def asked(tmp_path: Path, **more: Any) -> FollowParameters:
    """Return the parameters of a follow that looks often."""
    (tmp_path / "talk.txt").touch()
    more = {"every": "0.2s", "timezone": "UTC", **more}
    return FollowParameters(sources=[str(tmp_path / "talk.txt")], out=str(tmp_path / "out"), **more)


def test_until_ends_the_day_and_the_follow(server: Desk, played: Played, tmp_path: Path) -> None:
    result, said = run(played, asked(tmp_path, until="23:30"), "2026-03-01T23:29:57Z")
    assert (result["run_date"], result["goes_on"], said) == ("2026-03-01", False, [])
    assert played.opened == [(date(2026, 3, 1), [str(tmp_path / "talk.txt")])]
    assert played.said == ["it was to end at 23:30"]
    assert played.ticks > 2
    run_ = server.get(f"/flow_runs/{result['run_id']}")
    assert (run_["name"], run_["state"]["type"]) == ("follow-news/2026-03-01", "COMPLETED")
    assert run_["state"]["message"] == result["verdict"] == "Good: nothing new to read"
    tasks = server.post("/task_runs/filter", {"flow_runs": {"id": {"any_": [result["run_id"]]}}})
    assert sum(t["name"].startswith("tick-") for t in tasks) == (played.ticks + 1) // 2  # the looks that had news
    artifacts = server.artifacts(result["run_id"])
    assert artifacts.keys() == {"live", "summary"}


@pytest.mark.parametrize(
    ("zone", "begins", "days"),
    [
        ("Pacific/Auckland", "2026-03-01T10:59:57Z", ["2026-03-01", "2026-03-02"]),  # 13 hours ahead of UTC
        ("America/Los_Angeles", "2026-03-02T07:59:57Z", ["2026-03-01", "2026-03-02"]),  # 8 hours behind it
        ("Africa/Cairo", "2026-04-23T21:59:57Z", ["2026-04-23", "2026-04-24"]),  # clocks go from 00:00 to 01:00
    ],
)
def test_at_midnight_of_the_zone_the_next_day_begins_in_the_same_process(
    server: Desk, played: Played, tmp_path: Path, zone: str, begins: str, days: list[str]
) -> None:
    played.on_tick = lambda n: setattr(played, "over_at", n if len(played.opened) == 2 else 0)
    result, said = run(played, asked(tmp_path, timezone=zone), begins)
    assert [day.isoformat() for day, _ in played.opened] == days
    assert played.said == [f"midnight ({zone})", "its sources have ended"]
    assert said == [f"{days[0]}: Good: nothing new to read"]
    assert (result["run_date"], result["goes_on"]) == (days[1], False)


def test_what_was_left_open_is_ended_first_as_runs_below_that_of_today(
    server: Desk, played: Played, tmp_path: Path
) -> None:
    played.left_open, played.over_at = [date(2026, 2, 27), date(2026, 2, 28)], 1
    result, _ = run(played, asked(tmp_path), "2026-03-01T12:00:00Z")
    source = str(tmp_path / "talk.txt")
    assert played.opened == [(played.left_open[0], []), (played.left_open[1], []), (date(2026, 3, 1), [source])]
    assert played.said == ["an earlier follow had not ended it"] * 2 + ["its sources have ended"]
    below = server.post("/flow_runs/filter", {"flow_runs": {"parent_flow_run_id": {"any_": [result["run_id"]]}}})
    assert sorted(r["name"] for r in below) == ["follow-news/2026-02-27", "follow-news/2026-02-28"]


def test_an_earlier_day_that_cannot_be_ended_does_not_keep_today_from_being_followed(
    server: Desk, played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def finish(why: str, looks: bool) -> Tick:
        if why == one_date.NOT_ENDED:
            raise PublishError("out/tables: no space left on the device")
        return Tick()

    monkeypatch.setattr(played, "finish", finish)
    played.left_open, played.over_at = [date(2026, 2, 28)], 1
    result, _ = run(played, asked(tmp_path), "2026-03-01T12:00:00Z")
    assert result["run_date"] == "2026-03-01"
    assert "the day of 2026-02-28 could not be ended (out/tables: no space left" in caplog.text


def test_a_disk_that_is_full_for_a_while_does_not_end_a_follow_and_is_told_once(
    server: Desk, played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    full = f"out/follow/news.db: database or disk is full: make room on it, {AGAIN}"
    refused = iter([PublishError(full), PublishError(full), InputError("out: cannot be written")])

    def tick(n: int) -> None:
        if n >= 2 and (error := next(refused, None)) is not None:
            raise error

    monkeypatch.setattr(going_on, "FIRST_S", 0.01)
    played.on_tick, played.over_at = tick, 6
    with pytest.raises(InputError):  # it has gone on, so that this is no part of the trouble
        run(played, asked(tmp_path), "2026-03-01T12:00:00Z")
    played.ticks = 1
    result, _ = run(played, asked(tmp_path), "2026-03-01T12:00:00Z")
    assert result["why"] == "its sources have ended"
    assert [day for day, _ in played.opened] == [date(2026, 3, 1)] * 4
    assert caplog.text.count("make room on it; the follow tries again by itself") == 1
    assert "the follow goes on, after" in caplog.text


def test_workers_that_are_gone_for_long_end_a_follow_only_where_there_never_were_any(
    server: Desk, played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = iter([PoolLost("the Dask scheduler is gone"), InputError("no Dask scheduler answers there")])

    @asynccontextmanager
    async def opened(*given: Any) -> AsyncIterator[Played]:
        if played.ticks >= 2 and (error := next(refused, None)) is not None:
            raise error
        async with played.open(*given) as its:
            yield its

    def tick(n: int) -> None:
        if n == 2:
            raise NoWorker("the Dask scheduler has no worker that answers")

    monkeypatch.setattr(going_on, "FIRST_S", 0.01)
    monkeypatch.setattr(one_date, "open_follow", opened)
    played.on_tick, played.over_at = tick, 4
    result, _ = run(played, asked(tmp_path), "2026-03-01T12:00:00Z")
    assert result["why"] == "its sources have ended"
    refused, played.ticks = iter([NoWorker("no worker")]), 2
    with pytest.raises(NoWorker):
        run(played, asked(tmp_path), "2026-03-01T12:00:00Z")


def test_where_nothing_was_ever_followed_an_out_that_cannot_be_written_ends_it(
    server: Desk, played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def refuse(*_: Any) -> AsyncIterator[Played]:
        raise PublishError("out: no space left on the device")
        yield played

    monkeypatch.setattr(one_date, "open_follow", refuse)
    with pytest.raises(PublishError, match="no space left"):
        run(played, asked(tmp_path), "2026-03-01T12:00:00Z")


def test_a_stop_publishes_what_is_settled_and_says_how_to_go_on(server: Desk, played: Played, tmp_path: Path) -> None:
    flow_ = Stopping()
    STOPPING.set(flow_)
    played.on_tick = lambda n: flow_.tell("Ctrl-C") if n == 3 else None
    with pytest.raises(Stopped) as stopped:
        run(played, asked(tmp_path), "2026-03-01T12:00:00Z")
    assert played.said == ["stopped"]
    assert str(stopped.value) == (
        "cancelled by Ctrl-C; 0 sentences of 2026-03-01 are settled and published, the others are in the journal, and "
        "the same command goes on from there"
    )
    run_ = server.get(f"/flow_runs/{stopped.value.told_by}")
    assert (run_["state"]["type"], run_["state"]["message"]) == ("CANCELLED", str(stopped.value))
    assert "cancelled" in run_["tags"]


def test_a_day_ends_and_a_stop_is_told_though_the_server_is_gone_by_then(
    server: Desk, played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise ConnectionError("nobody listens there")

    flow_ = Stopping()

    def tick(n: int) -> None:
        monkeypatch.setitem(runtime.deployment.FIELDS, "id", gone)
        if n > 50:
            flow_.tell("Ctrl-C")

    played.on_tick = tick
    result, _ = run(played, asked(tmp_path, until="23:30"), "2026-03-01T23:29:57Z")
    assert result["verdict"] == "Good: nothing new to read"
    monkeypatch.setitem(runtime.deployment.FIELDS, "id", runtime.deployment.get_id)
    STOPPING.set(flow_)
    played.ticks = 50
    with pytest.raises(Stopped, match="the same command goes on from there"):
        run(played, asked(tmp_path), "2026-03-01T12:00:00Z")


def test_the_next_day_waits_for_a_server_that_is_gone_at_midnight(
    server: Desk, played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def unanswered(told: Coroutine[Any, Any, Any]) -> bool | None:
        told.close()
        return next(answers)

    answers = iter([None, None, True])
    monkeypatch.setattr(following, "report", unanswered)
    monkeypatch.setattr(following, "AGAIN_S", 0.01)
    played.on_tick = lambda n: setattr(played, "over_at", n if len(played.opened) == 2 else 0)
    result, _ = run(played, asked(tmp_path), "2026-03-01T23:59:57Z")
    assert (result["run_date"], [day for day, _ in played.opened]) == (
        "2026-03-02",
        [date(2026, 3, 1), date(2026, 3, 2)],
    )
    assert caplog.text.count("the next day begins once Prefect's server answers") == 1
    assert next(answers, "all") == "all"


def test_a_machine_that_slept_over_midnight_files_what_came_meanwhile_under_the_day_on_which_it_woke(
    server: Desk, played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept = 0.0

    def tick(n: int) -> None:
        nonlocal slept
        slept = 36 * 3600.0
        if len(played.opened) == 2:
            played.over_at = n

    played.on_tick = tick
    now = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
    said: list[str] = []

    async def all_days() -> dict[str, Any]:
        NOW.set(lambda: now + slept)
        UNTIL.set(None)
        return await following.follow_days(asked(tmp_path), said.append)

    asyncio.run(all_days())
    assert [day for day, _ in played.opened] == [date(2026, 3, 1), date(2026, 3, 3)]
    assert played.ticks == 2


@pytest.mark.timeout(120)
def test_a_clock_that_is_set_back_does_not_stop_the_looks(server: Desk, played: Played, tmp_path: Path) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
    played.over_at = 3

    async def all_days() -> None:
        NOW.set(lambda: noon - (7200.0 if played.ticks > 1 else 0.0))  # during the second look
        UNTIL.set(None)
        await following.follow_days(asked(tmp_path), lambda _: None)

    asyncio.run(all_days())
    assert played.ticks == 3


def test_a_run_of_the_deployment_starts_the_next_day_as_another_run_of_it_once(
    server: Desk, played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = asked(tmp_path, until="09:00").model_dump(mode="json")
    allowed = tmp_path / "allowed.toml"
    allowed.write_text(f"out = [{str(tmp_path / 'out')!r}]\nsources = [{str(tmp_path)!r}]\n")
    monkeypatch.setenv("NIGHTDESK_ALLOWED", str(allowed))
    flow_id = server.post("/flows/", {"name": "follow"})["id"]
    made = {"name": tmp_path.name, "flow_id": flow_id, "parameters": {"parameters": parameters}}
    deployment = server.post("/deployments/", made)["id"]
    due = {"type": "SCHEDULED", "state_details": {"scheduled_time": "2026-03-01T10:00:00Z"}}
    given = {"state": due, "parameters": {"parameters": {"profile": "commerce"}}}
    begun = server.post(f"/deployments/{deployment}/create_flow_run", given)["id"]

    async def day() -> None:
        async with get_client() as client:
            flow_run = await client.read_flow_run(UUID(begun))
        NOW.set(played.clock("2026-03-01T23:59:58Z"))
        await run_flow_async(following.follow, flow_run=flow_run, parameters={"parameters": {"profile": "commerce"}})

    asyncio.run(day())
    assert played.said == ["midnight (UTC)"]
    runs = server.post("/flow_runs/filter", {"deployments": {"id": {"any_": [deployment]}}})
    (after,) = (r for r in runs if r["id"] != begun)
    assert after["parameters"] == {"parameters": {"profile": "commerce"}}
    assert after["state"]["type"] == "SCHEDULED"
    assert after["state"]["state_details"]["scheduled_time"].startswith("2026-03-02T00:00:00")
