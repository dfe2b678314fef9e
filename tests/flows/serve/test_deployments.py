"""`nightdesk serve` with a server of its own: schedules, missed nights, form, event, cancelling, kills, the end.

One serve for all of it, since each takes many seconds to start. The tests run in this order.
"""

import json
import os
import signal
import sqlite3
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import psutil
import pytest

from nightdesk.tasks.reorganizing import missed_nights
from nightdesk.tasks.reorganizing.missed_nights import ScheduledNight
from tests.flows.conftest import NIGHTDESK
from tests.killing import calls_stored
from tests.processes import alive_of
from tests.servers.listening import Expected, listening, open_to_others, weaknesses
from tests.serving import PATIENCE_S, Served, basic, eventually, serving
from tests.tables import assert_whole, rows
from tests.texts import evening, write_evening

pytestmark = pytest.mark.slow

# A zone in which it is noon or so: its days do not end while the tests run.
HOURS = 12 - datetime.now(UTC).hour
ZONE = f"Etc/GMT{-HOURS:+d}" if HOURS else "Etc/GMT"  # the signs of these zones are turned round
PASTED = "The mayor opened the bridge. I think it is ugly. Next week the second lane will open.\nIt may rain."


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve an OUT in which two nights were missed, with a night to come in some minutes."""
    home = tmp_path_factory.mktemp("serve")
    source = home / "wires"
    for back in (2, 1, 0):
        folder = source / day(back).isoformat()
        folder.mkdir(parents=True)
        write_evening(folder, f"d{back}", seed=50 + back, passages=2)
    due = datetime.now(ZoneInfo(ZONE)) + timedelta(seconds=150)
    for back in (4, 3):
        missed_nights.mark(home / "out", "news", ScheduledNight(due - timedelta(days=back)), "0", done=True)
    cron = f"{due.minute} {due.hour} * * *"
    with serving(home, source, "--cron", cron, "--timezone", ZONE, "--sources", f"{source}/{{run_date}}") as one:
        yield one


def day(back: int) -> date:
    """Return today's date where the schedule is, or one before it."""
    return datetime.now(ZoneInfo(ZONE)).date() - timedelta(days=back)


def test_the_deployments_stand_with_their_schedule_and_their_form(served: Served) -> None:
    found = served.deployments()
    assert found.keys() >= {"nightly-news", "adhoc-news", "follow", "learn"}
    (schedule,) = found["nightly-news"]["schedules"]
    assert (schedule["active"], schedule["schedule"]["timezone"]) == (True, ZONE)
    assert found["nightly-news"]["global_concurrency_limit"]["limit"] == 1
    assert found["nightly-news"]["concurrency_options"]["collision_strategy"] == "ENQUEUE"
    form = found["adhoc-news"]["parameter_openapi_schema"]["definitions"]["AdhocParameters"]["properties"]
    assert {"news", "commerce"} <= set(form["profile"]["enum"])
    assert form["run_date"]["format"] == "date"
    assert all(f["title"] and f["description"] and f["type"] not in ("object", "null") for f in form.values())
    assert not any("anyOf" in f for f in form.values())


def test_a_pasted_text_is_run_and_the_learner_is_told(served: Served) -> None:
    run_id = served.start("adhoc-news", text=PASTED, run_date="2026-02-03", profile="news")
    state = served.ended(run_id)
    assert state["type"] == "COMPLETED", state
    assert state["message"].startswith("Good: 1 document, 4 sentences")
    run = served.ask(f"/flow_runs/{run_id}")
    assert run["name"] == "adhoc-news/2026-02-03"
    assert {"nightdesk", "adhoc", "good"} <= set(run["tags"])
    (document,) = rows(served.out, "documents", "2026-02-03")
    assert document["doc_id"] == document["content_hash"][:12]
    assert [p["text"] for p in rows(served.out, "passages", "2026-02-03")][-1] == "It may rain."
    learned = eventually(lambda: served.runs(name={"like_": "learn-news/"}, state={"type": {"any_": ["COMPLETED"]}}))
    assert learned[0]["parameters"]["parameters"] == {"profile": "news", "out": str(served.out)}
    assert run_id in {r for w in rows(served.out, "weights") for r in w["from_run_ids"]}
    logged = served.ask("/logs/filter", {"logs": {"flow_run_id": {"any_": [run_id]}}})
    said = [line["message"] for line in logged]
    for stage in ("split", "find", "locate", "relate", "organize", "check", "publish"):
        assert any(m.startswith(f"{stage} 1: 4 sentences") for m in said), said


def nightly(served: Served) -> dict[str, list[dict[str, Any]]]:
    """Return the nightly runs by the date that they are for, but for those that have only been planned."""
    found: dict[str, list[dict[str, Any]]] = {}
    for run in served.runs(name={"like_": "nightly-news/"}):
        found.setdefault(run["name"].rpartition("/")[2], []).append(run)
    return found


def test_missed_nights_are_run_once_oldest_first_each_for_its_own_date(served: Served) -> None:
    late, later = (day(back).isoformat() for back in (2, 1))

    def done() -> bool:
        runs = nightly(served)
        return all(day in runs and runs[day][0]["state"]["type"] == "COMPLETED" for day in (late, later))

    eventually(done)
    runs = nightly(served)
    assert [len(runs[d]) for d in (late, later)] == [1, 1]
    assert runs[late][0]["end_time"] < runs[later][0]["end_time"]
    for back in (2, 1):
        assert_whole(served.out, day(back).isoformat(), {f"d{back}": [s for _, s in evening(50 + back, 2)]})
    assert set(runs) <= {late, later, day(0).isoformat()}


def test_the_night_of_the_schedule_runs_by_itself_after_those_and_for_its_date(served: Served) -> None:
    tonight, before = day(0).isoformat(), day(1).isoformat()
    (run,) = eventually(
        lambda: (
            (r := nightly(served).get(tonight)) and r[0]["state"]["type"] in ("COMPLETED", "FAILED", "CRASHED") and r
        )
    )
    assert run["state"]["type"] == "COMPLETED", run["state"]
    assert run["auto_scheduled"]
    assert run["end_time"] > nightly(served)[before][0]["end_time"]  # it may have made those good itself
    assert_whole(served.out, tonight, {"d0": [s for _, s in evening(50, 2)]})
    assert {w["version"] for w in rows(served.out, "weights")} >= {1, 2, 3}  # a night learns by itself


def test_a_second_serve_of_the_same_out_says_so_in_one_line(served: Served) -> None:
    again = subprocess.run(served.command, env=served.env, capture_output=True, text=True, timeout=120, check=False)
    assert again.returncode == 2
    (line,) = again.stderr.splitlines()
    assert f"--out {served.out} is served already by process {served.process.pid}" in line
    other = [
        *served.command[: len(NIGHTDESK) + 1],
        "--out",
        str(served.out.with_name("other")),
        "--sources",
        str(served.source),
    ]
    on_the_same_server = subprocess.run(other, env=served.env, capture_output=True, text=True, timeout=120, check=False)
    assert on_the_same_server.returncode == 2
    assert f"by process {served.process.pid}" in on_the_same_server.stderr


def test_bad_values_are_refused_in_one_line(served: Served) -> None:
    deployment_id = served.deployments()["adhoc-news"]["id"]
    for bad in ({"profile": "sports"}, {"text": "x", "doc_id": "../x"}, {"text": "x", "colour": "red"}):
        with pytest.raises(urllib.error.HTTPError) as refused:
            served.ask(f"/deployments/{deployment_id}/create_flow_run", {"parameters": {"parameters": bad}})
        assert refused.value.code == 409
    empty = served.ended(served.start("adhoc-news"))
    assert empty["type"] == "FAILED"
    assert "nothing to read: paste a text, or name sources" in empty["message"]


def big(served: Served) -> Path:
    """Write a document that takes a while."""
    return write_evening(served.source, "big", seed=60, passages=2500)


def assert_closed_to_others(served: Served) -> None:
    """See that no socket is reached from elsewhere, that foreign websites get nothing, and who may read its files."""
    found = listening(served.process.pid)
    assert len(found) >= 4 and not open_to_others(found), found  # Dask's too
    expected = Expected("/api/admin/version", {"Authorization": basic(served.auth)}, ("POST", "/api/flow_runs/filter"))
    assert weaknesses("127.0.0.1", urlsplit(served.api).port or 0, expected) == []
    home = Path(served.env["PREFECT_HOME"])
    private = [*home.glob("prefect.db*"), home / "nightdesk-server.log", home / "nightdesk-auth"]
    assert {p.name: oct(p.stat().st_mode & 0o777) for p in private} == {p.name: "0o600" for p in private}


def test_a_cancelled_run_stops_calling_and_publishes_nothing(served: Served) -> None:
    before = calls_stored(served.out, "")
    run_id = served.start("adhoc-news", sources=[str(big(served))], run_date="2026-02-04")
    eventually(lambda: calls_stored(served.out, "") > before + 2)
    assert_closed_to_others(served)
    served.ask(f"/flow_runs/{run_id}/set_state", {"state": {"type": "CANCELLING", "name": "Cancelling"}})
    assert served.ended(run_id)["type"] == "CANCELLED"
    stored = calls_stored(served.out, "")
    assert rows(served.out, "documents", "2026-02-04") == rows(served.out, "passages", "2026-02-04") == []
    eventually(lambda: not served.flow_processes())
    assert calls_stored(served.out, "") == stored


def test_a_killed_run_is_told_and_serving_goes_on(served: Served) -> None:
    run_id = served.start("adhoc-news", sources=[str(big(served))], run_date="2026-02-05")
    eventually(lambda: served.state(run_id)["type"] == "RUNNING")
    (process,) = served.flow_processes()
    process.kill()
    assert served.ended(run_id)["type"] == "CRASHED"
    assert served.process.poll() is None
    again = served.ended(served.start("adhoc-news", text=PASTED, run_date="2026-02-05", doc_id="after"))
    assert again["type"] == "COMPLETED"
    assert {d["doc_id"] for d in rows(served.out, "documents", "2026-02-05")} == {"after"}


def test_ctrl_c_cancels_what_runs_and_ends_all_that_was_started(served: Served) -> None:
    # A text that nobody has asked about yet: what is stored already would be published before the signal is heard.
    unknown = write_evening(served.source, "unknown", seed=63, passages=4000)
    run_id = served.start("adhoc-news", sources=[str(unknown)], run_date="2026-02-06")
    eventually(lambda: served.state(run_id)["type"] == "RUNNING")
    os.killpg(served.process.pid, signal.SIGINT)  # as a terminal does it: to all processes of the session
    assert served.process.wait(timeout=PATIENCE_S) == 0, served.log.read_text()
    assert "KeyboardInterrupt" not in served.log.read_text()  # runs were told to end, one by one
    eventually(lambda: not alive_of(served.process.pid))
    with pytest.raises(OSError):
        urllib.request.urlopen(served.api + "/health", timeout=5)
    with closing(sqlite3.connect(Path(served.env["PREFECT_HOME"]) / "prefect.db")) as db:
        (state,) = db.execute("SELECT state_type FROM flow_run WHERE id = ?", (run_id,)).fetchone()
    assert state == "CANCELLED"
    assert rows(served.out, "documents", "2026-02-06") == []


def test_a_night_that_ended_with_the_machine_is_made_good_at_the_next_start(served: Served) -> None:
    tonight = served.out / "nights" / "news" / f"{day(0).isoformat()}.json"
    due = datetime.fromisoformat(json.loads(tonight.read_text())["due"])
    missed_nights.mark(served.out, "news", ScheduledNight(due), "0", done=False)  # it had begun
    home, options = served.out.parent, served.command[served.command.index("--cron") :]
    with serving(home, served.source, *options) as first:
        # The runs that it makes for missed nights are below it, and have no deployment.
        running = {"state": {"type": {"any_": ["RUNNING"]}}, "parent_task_run_id": {"is_null_": True}}
        (run,) = eventually(lambda: first.runs(**running))
        for process in [*first.flow_processes(), psutil.Process(first.process.pid)]:
            process.kill()
        first.process.wait()
        eventually(lambda: not alive_of(first.process.pid))
    with serving(home, served.source, *options) as second:
        assert second.state(run["id"])["type"] == "CRASHED"
        eventually(lambda: json.loads(tonight.read_text())["done"])
        assert second.deployments()["nightly-news"]["global_concurrency_limit"]["active_slots"] <= 1
