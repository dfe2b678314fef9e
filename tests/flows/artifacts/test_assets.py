"""Assets: keys that Prefect takes whatever a place is called, events that a server keeps and that start deployments."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from prefect import flow
from prefect.assets import Asset
from prefect.client.orchestration import get_client
from prefect.context import AssetContext
from prefect.events.schemas.automations import AutomationCore

from nightdesk.flows.artifacts import reporting
from nightdesk.flows.artifacts.assets import (
    MOST_SOURCES,
    file_key,
    key_of,
    source_key,
    sources_of,
    tell_tables,
    tell_weights,
)
from nightdesk.flows.artifacts.reporting import Reporting
from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.edition.pages import write_edition
from nightdesk.tasks.reading.found_documents import Source
from nightdesk.tasks.reorganizing.run import Run
from tests.flows.conftest import Desk
from tests.serving import eventually
from tests.tables import rows
from tests.tasks.house import House
from tests.tasks.made import DAY
from tests.texts import write_evening

SUCCEEDED = "prefect.asset.materialization.succeeded"
names = st.text(st.characters(exclude_categories=()), max_size=300)  # surrogates, too: names that are no UTF-8


@given(names)
def test_every_place_has_a_key_that_prefect_takes(rest: str) -> None:
    key = key_of("file", rest)
    assert Asset(key=key).key == key
    assert key.isprintable()


@given(names, names)
def test_two_places_have_two_keys(one: str, other: str) -> None:
    assert (key_of("file", one) == key_of("file", other)) == (one == other)


def test_a_key_says_where_it_is(tmp_path: Path) -> None:
    assert file_key(tmp_path / "tables") == f"file://{tmp_path}/tables"
    assert file_key("/wires/a b#1.txt") == "file:///wires/a~20b~231.txt"
    assert source_key("-", "note") == "stdin://note"
    assert source_key(Path("/wires/../feeds/日記.txt")) == "file:///feeds/日記.txt"


def test_no_password_and_no_key_of_an_address_is_told() -> None:
    key = source_key("https://me:pass@Feeds.example.org/news?api_key=made-up#top")
    assert key.startswith("https://feeds.example.org/news~3f")
    assert not any(secret in key for secret in ("me:", "pass", "api_key", "made-up", "top"))
    assert source_key("HTTPS://feeds.example.org/news") == "https://feeds.example.org/news"
    assert source_key("https://feeds.example.org/n?id=1") != source_key("https://feeds.example.org/n?id=2")
    assert Asset(key=source_key("http://[::1/feed"))


def test_a_folder_is_one_source_and_no_event_has_more_sources_than_it_has_room_for() -> None:
    within = [Source(f"d{k}", Path(f"/wires/d{k}.txt"), Path("/wires")) for k in range(200)]
    assert sources_of(within) == [Asset(key="file:///wires")]
    apart = [Source(f"d{k}", Path(f"/wires/d{k}.txt")) for k in range(200)]
    assert len(sources_of(apart)) == MOST_SOURCES


@pytest.fixture
def published(house: House) -> Run:
    """A night that has published two documents."""
    for k in range(2):
        write_evening(house.source, f"d{k}", seed=k, passages=4)
    return house.night("run-1")


def told(desk: Desk, name: str, run_id: str) -> list[dict[str, Any]]:
    events = desk.post("/events/filter", {"filter": {"event": {"name": [name]}}, "limit": 50})["events"]
    return [e for e in events if e["payload"].get("run_id") == run_id]


def test_events_come_back_from_the_server_and_start_a_deployment(
    in_process: Desk, house: House, published: Run
) -> None:
    edition = str(write_edition(house.out, DAY))

    @flow(name="a-users-flow")
    def users(run_date: str, rows: int) -> None:
        """What a user's deployment runs: it is never run here."""

    @flow(name="published-run")
    def telling() -> None:
        tell_tables(published, edition)
        tell_weights(house.out, DAY, "news", published.run_id, 1)

    async def automated() -> str:
        async with get_client() as client:
            deployment = await client.create_deployment(await client.create_flow(users), "mine")
            sample = (folder("deployments") / "on-published.yaml").read_text(encoding="utf-8")
            sample = sample.replace("00000000-0000-0000-0000-000000000000", str(deployment))
            sample = sample.replace("/srv/nightdesk/out", str(house.out))
            await client.create_automation(AutomationCore.model_validate(yaml.safe_load(sample)))
        return str(deployment)

    deployment = asyncio.run(automated())
    telling()
    filled = published.totals.rows
    assert {"topics", "passages", "documents", "calls"} <= filled.keys()
    events = eventually(lambda: len(got := told(in_process, SUCCEEDED, published.run_id)) == len(filled) + 2 and got)
    by_key = {e["resource"]["prefect.resource.id"]: e for e in events}
    topics = by_key[f"file://{house.out}/tables/topics/run_date={DAY}"]
    assert topics["payload"] == {
        "profile": published.profile.name, "out": str(house.out), "run_date": str(DAY), "run_id": published.run_id,
        "table": "topics", "rows": len(rows(house.out, "topics")),
    }  # fmt: skip
    assert topics["resource"]["prefect.resource.name"] == f"topics {DAY}"
    upstream = {k: [r["prefect.resource.id"] for r in e["related"] if r["prefect.resource.role"] == "asset"]
                for k, e in by_key.items()}  # fmt: skip
    source = f"file://{house.source}"
    assert upstream[f"file://{house.out}/tables/topics/run_date={DAY}"] == [source]
    assert {source, f"file://{house.out}/tables/topics/run_date={DAY}"} < set(upstream[f"file://{edition}"])
    assert by_key[f"file://{edition}"]["payload"]["edition"] == edition
    weights = f"file://{house.out}/tables/weights/run_date={DAY}"
    assert set(upstream[weights]) == {f"file://{house.out}/tables/{t}/run_date={DAY}" for t in ("calls", "judgements")}
    roles = {r["prefect.resource.role"] for r in topics["related"]}
    assert {"flow-run", "flow", "asset-materialized-by"} <= roles
    asked = {"deployments": {"id": {"any_": [deployment]}}}
    (run,) = eventually(lambda: in_process.post("/flow_runs/filter", asked))
    assert run["parameters"] == {"run_date": str(DAY), "rows": topics["payload"]["rows"]}, json.dumps(run)


def test_what_fails_is_said_and_a_server_that_is_gone_is_not_waited_for(
    published: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.getLogger("nightdesk"), "propagate", True)
    asked = []

    def fails(self: AssetContext, state: Any) -> None:
        asked.append(state)
        raise OSError("no thread can be started")

    monkeypatch.setattr(AssetContext, "emit_events", fails)
    tell_tables(published, None)
    assert "not told of what was published, as assets (OSError: no thread" in caplog.text
    lost = Reporting()
    lost.lost = True
    monkeypatch.setattr(reporting, "STATE", lost)
    tell_tables(published, None)
    assert len(asked) == 1
