"""Runs of `serve` that are cancelled, killed and retried, or started twice: what stands, what was paid, what is said.

One serve for all of it, since each takes many seconds to start.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import eventually
from tests.stopping import ERROR, Slow, dollars, execute, retry_by_api, slow_serve
from tests.tables import rows

pytestmark = [pytest.mark.timeout(900), pytest.mark.long]
BATCH_1 = "after batch 1 was published; 1 of 3 documents are published and stand"


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slow]:
    """Serve with a model that takes its time."""
    with slow_serve(tmp_path_factory.mktemp("slow")) as one:
        yield one


def assert_looks_cancelled(slow: Slow, run_id: str, by: str) -> None:
    """The run's page says what stopped it, what stands and how to go on, and shows nothing that broke."""
    eventually(lambda: slow.tasks(run_id) == {"COMPLETED", "CANCELLED"})  # its server is told of tasks by and by
    log = eventually(lambda: (log := slow.log(run_id)) and "Finished in state" in log[-1]["message"] and log)
    assert [line["message"] for line in log if line["level"] >= ERROR] == []
    assert not any("Crash detected" in line["message"] for line in log)
    line = f"cancelled by {by} {BATCH_1}, what was answered is stored, and Retry goes on from there"
    assert any(line in said["message"] for said in log), [said["message"] for said in log]
    summary = slow.summary(run_id)
    assert summary.startswith("# Cancelled\n"), summary
    assert f"by {by} {BATCH_1}" in summary.replace("\\", "")  # escapes of Markdown
    assert "cancelled" in slow.served.ask(f"/flow_runs/{run_id}")["tags"]
    assert "Traceback" not in slow.said()


def test_a_run_that_was_cancelled_looks_so_and_retry_goes_on(slow: Slow) -> None:
    day = "2026-02-01"
    run_id = slow.begin(day, seed=100)
    slow.served.ask(f"/flow_runs/{run_id}/set_state", {"state": {"type": "CANCELLING", "name": "Cancelling"}})
    assert slow.served.ended(run_id)["type"] == "CANCELLED"
    assert_looks_cancelled(slow, run_id, "the UI or Prefect's API")
    assert len(rows(slow.served.out, "documents", day)) == 1
    # What serves it has the last word, some seconds after the run's process is gone.
    eventually(lambda: slow.served.state(run_id)["message"].startswith("Flow run was cancelled"))
    slow.release()
    retry_by_api(slow.served, run_id)
    state = slow.served.ended(run_id)
    assert state["type"] == "COMPLETED", (state, slow.said())
    slow.assert_paid_once(day, 100, run_id)


def test_a_killed_run_is_retried_and_every_dollar_stands(slow: Slow) -> None:
    day = "2026-02-02"
    run_id = slow.begin(day, seed=200)
    slow.kill()
    assert slow.served.ended(run_id)["type"] == "CRASHED"
    before = rows(slow.served.out, "calls", day)
    assert dollars(before) > 0
    slow.release()
    retry_by_api(slow.served, run_id)
    state = slow.served.ended(run_id)
    assert state["type"] == "COMPLETED", (state, slow.said())
    slow.assert_paid_once(day, 200, run_id)
    after = {c["call_id"]: c for c in rows(slow.served.out, "calls", day)}
    assert all(after[c["call_id"]] == c for c in before)


def test_a_completed_run_that_is_retried_pays_nothing(slow: Slow) -> None:
    day = "2026-02-03"
    run_id = slow.submit(day, seed=300)
    assert slow.served.ended(run_id)["type"] == "COMPLETED"
    slow.assert_paid_once(day, 300, run_id)
    requests = slow.server.counts()["requests"]
    retry_by_api(slow.served, run_id)
    assert slow.served.ended(run_id)["type"] == "COMPLETED"
    assert slow.server.counts()["requests"] == requests
    slow.assert_paid_once(day, 300, run_id)


def test_a_run_that_is_started_twice_pays_once(slow: Slow, tmp_path: Path) -> None:
    day = "2026-02-04"
    run_id = slow.begin(day, seed=400)
    command = [sys.executable, "-P", "-m", "nightdesk.flows.serve.pool_job"]
    with (tmp_path / "second.log").open("w+") as said:
        second = subprocess.Popen(command, env=execute(slow.served, run_id), stdout=said, stderr=subprocess.STDOUT)
        try:
            waits = "is under way"
            eventually(lambda: any(waits in line["message"] for line in slow.log(run_id)) or second.poll() is not None)
            slow.release()
            assert slow.served.ended(run_id)["type"] == "COMPLETED", slow.said()
            ended = eventually(lambda: second.poll() is not None and [second.returncode])
            assert ended == [0], (tmp_path / "second.log").read_text()
        finally:
            second.kill()
    slow.assert_paid_once(day, 400, run_id)


def test_the_end_of_serve_is_told_as_a_signal(slow: Slow) -> None:
    run_id = slow.begin("2026-02-05", seed=500)
    (process,) = slow.served.flow_processes()
    os.kill(process.pid, signal.SIGTERM)
    assert slow.served.ended(run_id)["type"] == "CANCELLED"
    assert_looks_cancelled(slow, run_id, "a signal (SIGTERM)")
    assert "cancelled by a signal" in slow.served.state(run_id)["message"]
    slow.release()
