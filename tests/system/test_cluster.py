"""On a cluster: a run that a person starts, the learner that hears of it, a night of the schedule, a failure told."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from distributed import Client

from tests.system.conftest import Cluster, eventually
from tests.tables import assert_ledger_is_complete, assert_whole, rows
from tests.texts import evening, write_evening

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[str, list[bytes]]]:
    """Something that hears of failures: its address, and what it heard."""
    heard: list[bytes] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", heard
    server.shutdown()


def test_an_ad_hoc_run_a_learner_and_a_night_complete_on_the_remote_workers(cluster: Cluster) -> None:
    wires = cluster.folder / "wires"
    write_evening(wires, "evening", seed=70, passages=12)
    parameters = {"parameters": {"text": "The bridge is open. I think it is ugly.", "run_date": "2026-02-03"}}
    cluster.prefect("deployment", "run", "adhoc/adhoc-news", "--params", json.dumps(parameters))
    adhoc = cluster.ended("adhoc-news/2026-02-03")
    assert adhoc["state"]["type"] == "COMPLETED", adhoc["state"]
    assert len(rows(cluster.out, "passages", "2026-02-03")) == 2
    learned = cluster.ended("learn-news/")
    assert learned["state"]["type"] == "COMPLETED", learned["state"]
    assert adhoc["id"] in {r for w in rows(cluster.out, "weights") for r in w["from_run_ids"]}
    tonight = cluster.due.date().isoformat()
    night = cluster.ended(f"nightly-news/{tonight}")
    assert night["state"]["type"] == "COMPLETED", night["state"]
    assert night["auto_scheduled"]
    assert_whole(cluster.out, tonight, {"evening": [s for _, s in evening(70, 12)]})
    assert_ledger_is_complete(cluster.out)
    with Client(cluster.dask, set_as_default=False) as client:
        assert len(client.scheduler_info()["workers"]) == 2
        assert client.run_on_scheduler(lambda dask_scheduler: "calls" in dask_scheduler.task_prefixes)


def test_a_failure_is_told_to_the_address_that_an_operator_has_named(
    cluster: Cluster, told: tuple[str, list[bytes]]
) -> None:
    url, heard = told
    cluster.run("nightdesk", "notify", url.replace("http://", "json://"))
    assert b"alarms come here" in heard[0]
    parameters = json.dumps({"parameters": {"sources": ["wires/nowhere"]}})
    cluster.prefect("deployment", "run", "adhoc/adhoc-news", "--params", parameters)
    eventually(lambda: any(b"wires/nowhere: no such file or folder" in message for message in heard))
