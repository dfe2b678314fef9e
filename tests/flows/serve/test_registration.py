"""What is edited in Prefect stays at the next start: against a real server, edited as both of its UIs do."""

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.schedules import Cron
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from nightdesk.flows.adhoc import adhoc
from nightdesk.flows.nightly import learn, nightly
from nightdesk.flows.serve.deployments import NIGHTLY, TAGS, one_at_a_time, published_trigger
from nightdesk.flows.serve.registration import Asked, KeepingRunner, Registered
from tests.flows.conftest import Desk

pytestmark = pytest.mark.long
AUTOMATION = "learn from what was published"


class Started:
    """Starts of a serve, one after the other, and what a person does in Prefect between them."""

    def __init__(self, desk: Desk, record: Path) -> None:
        self.desk, self.record = desk, record
        self.sources, self.out = ["/wires"], "/out"

    def again(
        self, cron: str = "0 2 * * *", zone: str = "Europe/Berlin", is_zone_named: bool = True, reset: bool = False
    ) -> Registered:
        """Start: register what a command line asks for."""
        asked = Asked(cron, zone, is_zone_named)
        runner = KeepingRunner(NIGHTLY, asked, self.record, reset, 5)
        where = {"profile": "news", "out": self.out}

        async def register() -> None:
            await runner.aadd_flow(
                nightly,
                NIGHTLY,
                schedule=Cron(cron, timezone=zone),
                concurrency_limit=one_at_a_time(),
                parameters={"parameters": {**where, "sources": self.sources}},
                tags=[*TAGS, "night"],
            )
            await runner.aadd_flow(adhoc, "adhoc-news", parameters={"parameters": where}, tags=[*TAGS, "adhoc"])
            await runner.aadd_flow(
                learn, "learn", parameters={"parameters": where}, triggers=[published_trigger()], tags=TAGS
            )

        asyncio.run(register())
        runner.keep()
        return runner.registered

    def deployment(self, name: str = NIGHTLY) -> dict[str, Any]:
        """Return a deployment as it stands in Prefect."""
        return {d["name"]: d for d in self.desk.post("/deployments/filter", {})}[name]

    def times(self, name: str = NIGHTLY) -> list[tuple[str, str, bool]]:
        """Return its schedules."""
        found = self.deployment(name)["schedules"]
        return sorted((s["schedule"]["cron"], s["schedule"]["timezone"], s["active"]) for s in found)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Change something in Prefect."""
        data = None if body is None else json.dumps(body).encode()
        url, headers = self.desk.api_url + path, {"Content-Type": "application/json"}
        request = urllib.request.Request(url, data, headers, method=method)
        while True:
            try:
                with urllib.request.urlopen(request, timeout=30) as reply:
                    text = reply.read()
                return json.loads(text) if text else None
            except urllib.error.HTTPError as e:
                if e.code != 503:  # a busy database: ask again, as Prefect's own client does
                    raise
                time.sleep(1)

    def edit(self, name: str = NIGHTLY, **fields: Any) -> None:
        """Change fields of a deployment."""
        self.ask("PATCH", f"/deployments/{self.deployment(name)['id']}", fields)

    def edit_schedule(self, **fields: Any) -> None:
        """Change the first schedule of the nightly deployment."""
        one = self.deployment()
        self.ask("PATCH", f"/deployments/{one['id']}/schedules/{one['schedules'][0]['id']}", fields)

    def move(self, cron: str, zone: str) -> None:
        """Have nights begin at another time."""
        self.edit_schedule(schedule={"cron": cron, "timezone": zone, "day_or": True})


@pytest.fixture
def started(own_workers: Desk, tmp_path: Path) -> Iterator[Started]:
    """Start for the first time, on a server on which nothing stands."""
    home = Path(own_workers.env["PREFECT_HOME"])
    with temporary_settings({PREFECT_API_URL: own_workers.api_url, PREFECT_HOME: home}):
        one = Started(own_workers, tmp_path / "applied.json")
        for deployment in one.desk.post("/deployments/filter", {}):
            one.ask("DELETE", f"/deployments/{deployment['id']}")
        assert one.again().differences == []
        yield one


def test_a_start_with_nothing_edited_changes_nothing_and_says_nothing(started: Started) -> None:
    own = ("updated", "last_polled", "status", "pull_steps")  # what Prefect itself changes
    before = started.deployment()
    assert started.again().differences == []
    after = started.deployment()
    assert [k for k in before if before[k] != after[k] and k not in own] == []


def test_a_paused_schedule_stays_paused_even_if_the_command_line_moves_it(started: Started) -> None:
    started.edit_schedule(active=False)
    again = started.again()
    assert again.differences == ["nightly-news: the schedule is paused in Prefect, and stays so; resume it there"]
    assert (again.crons, again.nights) == ([], "none by themselves")
    moved = started.again(cron="30 3 * * *")
    assert started.times() == [("30 3 * * *", "Europe/Berlin", False)]
    assert "paused" in "".join(moved.differences)


def test_a_moved_schedule_stays_until_the_command_line_itself_changes(started: Started) -> None:
    started.move("30 4 * * *", "Asia/Tokyo")
    again = started.again()
    assert again.differences == [
        "nightly-news: the schedule is 30 4 * * * (Asia/Tokyo) in Prefect, and stays so; "
        "the command line has 0 2 * * * (Europe/Berlin)"
    ]
    assert again.nights == "30 4 * * * (Asia/Tokyo)"
    assert len(started.again().differences) == 1  # and at every start after that
    assert started.times() == [("30 4 * * *", "Asia/Tokyo", True)]
    (line,) = started.again(cron="0 3 * * *").differences
    assert "is 0 3 * * * (Europe/Berlin) now, because the command line has changed; it was 30 4 * * *" in line
    assert started.times() == [("0 3 * * *", "Europe/Berlin", True)]


def test_without_a_time_zone_that_of_the_last_start_or_of_prefect_stays(started: Started) -> None:
    (line,) = started.again(zone="America/New_York", is_zone_named=False).differences
    assert "time zone Europe/Berlin, as at the last start" in line
    assert "--timezone America/New_York changes it" in line
    started.move("0 2 * * *", "Asia/Tokyo")
    started.again(zone="America/New_York", is_zone_named=False)
    assert started.times() == [("0 2 * * *", "Asia/Tokyo", True)]
    started.again(zone="America/New_York", is_zone_named=False, cron="0 5 * * *")
    assert started.times() == [("0 5 * * *", "Asia/Tokyo", True)]
    started.again(zone="UTC")
    assert started.times() == [("0 2 * * *", "UTC", True)]


def test_schedules_that_were_added_stay_and_one_that_was_deleted_stays_away(started: Started) -> None:
    for name, cron in ((NIGHTLY, "0 12 * * *"), ("adhoc-news", "0 6 * * 1")):
        new = [{"schedule": {"cron": cron, "timezone": "UTC"}, "active": True}]
        started.ask("POST", f"/deployments/{started.deployment(name)['id']}/schedules", new)
    assert started.again().differences == [
        "nightly-news: a schedule was added in Prefect, and stays: 0 12 * * * (UTC)",
        "adhoc-news: a schedule was added in Prefect, and stays: 0 6 * * 1 (UTC)",
    ]
    one = started.deployment()
    ours = next(s for s in one["schedules"] if s["schedule"]["cron"] == "0 2 * * *")
    started.ask("DELETE", f"/deployments/{one['id']}/schedules/{ours['id']}")
    again = started.again()
    assert "the schedule (0 2 * * * (Europe/Berlin)) was deleted in Prefect, and stays so" in again.differences[0]
    assert again.nights == "0 12 * * * (UTC)"
    started.again(cron="0 1 * * *")
    assert started.times() == [("0 1 * * *", "Europe/Berlin", True), ("0 12 * * *", "UTC", True)]
    assert started.times("adhoc-news") == [("0 6 * * 1", "UTC", True)]


def test_parameters_tags_description_limit_and_pause_stay(started: Started) -> None:
    edited = {"profile": "commerce", "out": "/out", "sources": ["/wires"], "learn": False}
    started.edit(
        parameters={"parameters": edited},
        tags=["nightdesk", "mine"],
        description="Ask Ada.",
        concurrency_limit=2,
        concurrency_options={"collision_strategy": "CANCEL_NEW"},
        paused=True,
    )
    again = started.again()
    one = started.deployment()
    assert one["parameters"] == {"parameters": edited}
    assert set(one["tags"]) == {"nightdesk", "mine"}
    assert (one["description"], one["global_concurrency_limit"]["limit"], one["paused"]) == ("Ask Ada.", 2, True)
    assert one["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    said = "\n".join(again.differences)
    assert again.crons == []
    for what in (
        "the parameter profile is commerce in Prefect, and stays so; the command line has news",
        "the parameter learn is False in Prefect, and stays so",
        "the tags are nightdesk, mine in Prefect, and stays so",
        "the description is another in Prefect",
        "the concurrency limit is 2 in Prefect",
        "the deployment is paused in Prefect",
    ):
        assert what in said
    started.sources = ["/other"]  # the command line changes: that, and nothing else
    (changed,) = [line for line in started.again().differences if "sources" in line] or [""]
    assert changed == ""  # it was not edited, so there is nothing to tell
    assert started.deployment()["parameters"] == {"parameters": {**edited, "sources": ["/other"]}}


def test_what_runs_write_at_the_end_of_a_description_is_no_edit_and_stays(started: Started) -> None:
    told = f"{started.deployment()['description']}\n\n**Last run**, for 2026-03-01: Good"
    started.edit(description=told)
    assert started.again().differences == []
    assert started.deployment()["description"] == told


def test_the_automation_of_the_learner_stays_off_or_deleted(started: Started) -> None:
    def automations() -> list[dict[str, Any]]:
        found = started.ask("GET", f"/automations/related-to/prefect.deployment.{started.deployment('learn')['id']}")
        return [a for a in found if a["name"] == AUTOMATION]

    (one,) = automations()
    started.ask("PATCH", f"/automations/{one['id']}", {"enabled": False})
    assert "is off in Prefect, and stays so" in "".join(started.again().differences)
    (one,) = automations()
    assert not one["enabled"]
    started.ask("DELETE", f"/automations/{one['id']}")
    assert "was deleted in Prefect, and stays so" in "".join(started.again().differences)
    assert automations() == []


def test_reset_undoes_it_all(started: Started) -> None:
    started.edit(tags=["mine"], paused=True, description="Mine.")
    started.move("30 4 * * *", "Asia/Tokyo")
    started.edit_schedule(active=False, slug="mine")
    assert started.again(reset=True).differences == []
    one = started.deployment()
    assert (set(one["tags"]), one["paused"]) == ({"nightdesk", "night"}, False)
    assert started.times() == [("0 2 * * *", "Europe/Berlin", True)]
    assert started.again().differences == []


def test_a_home_of_an_earlier_version_has_no_record_and_its_schedule_stays(started: Started) -> None:
    started.edit_schedule(active=False)
    started.record.unlink()
    started.out = "/new"
    said = "\n".join(started.again().differences)
    assert "the schedule is paused in Prefect, and stays so" in said
    assert "the parameter out is /new now, because what the last start had set is not known; it was /out" in said
    assert started.times() == [("0 2 * * *", "Europe/Berlin", False)]


def test_another_profile_and_out_on_the_same_home_are_the_command_lines(started: Started) -> None:
    started.edit_schedule(active=False)
    started.sources, started.out = ["/others"], "/other"
    started.again()
    assert started.deployment()["parameters"]["parameters"]["out"] == "/other"
    started.sources, started.out = ["/wires"], "/out"
    started.again()
    assert started.deployment()["parameters"]["parameters"] == {"profile": "news", "out": "/out", "sources": ["/wires"]}
    assert started.times() == [("0 2 * * *", "Europe/Berlin", False)]  # it is one deployment, so that is one schedule


def test_a_deployment_that_was_deleted_is_made_anew_since_nothing_runs_without_it(started: Started) -> None:
    started.ask("DELETE", f"/deployments/{started.deployment()['id']}")
    assert started.again().differences == ["nightly-news: it was deleted in Prefect, and is made anew"]
    assert started.times() == [("0 2 * * *", "Europe/Berlin", True)]
