"""Alarms of a real Prefect server arrive at a webhook on the loopback: each once, and saying what to look at."""

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule
from prefect.events import emit_event
from prefect.states import Failed, State

from nightdesk.flows.artifacts.verdict_event import JUDGED, LABEL
from nightdesk.flows.serve import alarms
from nightdesk.tasks.errors import InputError
from tests.flows.conftest import Desk
from tests.serving import eventually


class Webhook:
    """Keeps the messages that are sent to it, as Apprise writes them for json://."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        messages = self.messages

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"json://127.0.0.1:{self.server.server_port}/"

    def told(self, words: str) -> list[dict[str, Any]]:
        """Return the messages whose title or text has these words."""
        return [m for m in self.messages if words in m["title"] or words in m["message"]]


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    """Listen for messages."""
    one = Webhook()
    yield one
    one.server.shutdown()
    one.server.server_close()


@flow(name="some-night")
def some_night() -> None:
    """What is deployed: it is never run here."""


async def deployed(name: str, *crons: str, active: bool = True) -> Any:
    """Make a deployment of a nightly flow; return it as the server has it."""
    async with get_client() as client:
        schedules = [
            DeploymentScheduleCreate(schedule=CronSchedule(cron=c, timezone="UTC"), active=active) for c in crons
        ]
        made = await client.create_deployment(
            await client.create_flow(some_night), name, tags=["nightdesk", "night"], schedules=schedules
        )
        return await client.read_deployment(made)


async def in_state(state: State[Any], deployment: Any) -> str:
    """Make a run of a deployment that the server holds in a state, as if a process had told it."""
    async with get_client() as client:
        run = await client.create_flow_run_from_deployment(deployment.id)
        await client.set_flow_run_state(run.id, state, force=True)
        return run.name


@pytest.mark.slow
def test_every_alarm_arrives(in_process: Desk, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    soon = timedelta(seconds=12)  # nobody can wait for a day here

    async def no_time(*_: object) -> timedelta:
        return timedelta(0)

    async def four_seconds() -> int:
        return 4

    monkeypatch.setattr(alarms, "GRACE", soon)
    monkeypatch.setattr(alarms, "longest_gap", no_time)
    monkeypatch.setattr(alarms, "_heartbeat_s", four_seconds)

    async def night() -> tuple[str, str, str]:
        deployment = await deployed("nightly-alarmed", "0 2 * * *")
        names = await alarms.make_alarms(webhook.address, worth_a_look=True)
        assert "nightdesk: no night of nightly-alarmed" in names
        failed = await in_state(Failed(message="Bad: the models failed"), deployment)
        late = await in_state(State(type="SCHEDULED", name="Late"), deployment)
        async with get_client() as client:
            silent = await client.create_flow_run_from_deployment(deployment.id)
            await client.set_flow_run_state(silent.id, State(type="RUNNING"), force=True)
        emit_event(
            "prefect.flow-run.heartbeat",
            resource={"prefect.resource.id": f"prefect.flow-run.{silent.id}"},
            related=[{"prefect.resource.id": "prefect.tag.nightdesk", "prefect.resource.role": "tag"}],
        )
        judged = {"prefect.resource.id": "nightdesk.run.1", LABEL: "worth a look"}
        emit_event(JUDGED, judged, payload={"verdict": "Worth a look: 1 source missing", "run_date": "2026-02-03"})
        return failed, late, str(silent.id)

    failed, late, silent = asyncio.run(night())
    eventually(lambda: webhook.told(f"{failed} failed"))
    assert "Bad: the models failed" in webhook.told(f"{failed} failed")[0]["message"]
    eventually(lambda: webhook.told(f"{late} has not started"))
    eventually(lambda: webhook.told("2026-02-03: Worth a look: 1 source missing"))
    eventually(lambda: in_process.get(f"/flow_runs/{silent}")["state"]["type"] == "CRASHED")
    eventually(lambda: webhook.told("No sign of life"))
    eventually(lambda: webhook.told("no night of nightly-alarmed"))
    assert len(webhook.told(f"{failed} failed")) == 1


@pytest.mark.slow
def test_alarms_are_made_once_and_one_that_was_switched_off_stays_off(in_process: Desk, webhook: Webhook) -> None:
    async def twice() -> tuple[list[Any], list[Any]]:
        await deployed("nightly-twice", "0 2 * * *")
        await deployed("nightly-paused", "0 2 * * *", active=False)
        names = await alarms.make_alarms(webhook.address, worth_a_look=True)
        assert "nightdesk: no night of nightly-twice" in names
        assert "nightdesk: no night of nightly-paused" not in names
        async with get_client() as client:
            (late,) = await client.read_automations_by_name("nightdesk: a run is late")
            await client.pause_automation(late.id)
            before = await client.read_automations()
            await alarms.make_alarms(webhook.address, worth_a_look=False)
            return before, await client.read_automations()

    before, after = asyncio.run(twice())
    gone = {a.name for a in before} - {a.name for a in after}
    assert gone == {"nightdesk: a run is worth a look"}
    assert {a.id for a in after} < {a.id for a in before}
    assert [a.enabled for a in after if a.name == "nightdesk: a run is late"] == [False]
    blocks = in_process.post("/block_documents/filter", {})
    (kept,) = [b for b in blocks if b["name"] == alarms.BLOCK]
    assert "127.0.0.1" not in json.dumps(kept["data"])  # an address may hold a password


@pytest.mark.parametrize(
    ("crons", "hours"),
    [
        (("0 2 * * *",), 24),
        (("0 2 * * 1-5",), 72),
        (("0 2 * * 1", "0 2 * * 4"), 96),
        (("*/5 * * * *",), 24),
        ((), None),
    ],
)
def test_the_longest_gap_is_that_of_all_active_schedules(
    in_process: Desk, crons: tuple[str, ...], hours: int | None
) -> None:
    async def gap() -> timedelta | None:
        deployment = await deployed(f"gap-{len(crons)}-{hours}-{len(crons and crons[0])}", *crons)
        return await alarms.longest_gap(deployment, datetime(2026, 2, 3, 12, tzinfo=UTC))

    found = asyncio.run(gap())
    assert found == (None if hours is None else timedelta(hours=hours))


@pytest.mark.parametrize("address", ["", " ", "example.org", "nothing://x", "https://", "--json"])
def test_an_address_that_is_none_is_refused_without_being_repeated(address: str) -> None:
    with pytest.raises(InputError, match="is no address that messages can be sent to"):
        alarms.check_address(address)


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(InputError) as told:
        alarms.check_address("mailtoo://me:hunter22@example.org")
    assert "hunter22" not in str(told.value)


@pytest.mark.slow
def test_the_command_makes_them_and_sends_a_test(own_workers: Desk, webhook: Webhook) -> None:
    done = own_workers.run("notify", webhook.address)
    assert done.code == 0, done.err
    assert "nightdesk: a run failed" in done.out.splitlines()
    assert webhook.told("alarms come here")
    nowhere = own_workers.run("notify", "json://127.0.0.1:1/")
    assert nowhere.code == 1
    assert "a test message could not be sent" in nowhere.err
