"""Runs that are killed, interrupted, or not alone: nothing lost, nothing doubled, no answer computed twice."""

import json
import logging
import signal
import threading
from pathlib import Path
from typing import NamedTuple

import pyarrow.dataset as ds
import pytest

from tests.flows.conftest import Desk
from tests.killing import calls_stored, wait_for
from tests.prefect_home import ROOT
from tests.processes import PATIENCE_S, wait_until_nothing_is_left_of
from tests.tables import assert_ledger_is_complete, assert_whole, but_for_run_id, rows
from tests.texts import evening, write_evening

pytestmark = pytest.mark.slow

DAY = "2026-03-01"


class Undisturbed(NamedTuple):
    """A run that nothing happened to. calls: how many it made."""

    source: Path
    out: Path
    calls: int


@pytest.fixture(scope="module")
def desk(own_workers: Desk) -> Desk:
    """Return the command line: what is killed here has workers of its own."""
    return own_workers


@pytest.fixture(scope="module")
def undisturbed(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Run some evenings in peace."""
    home = tmp_path_factory.mktemp("undisturbed")
    (home / "in").mkdir()
    for k in range(3):
        write_evening(home / "in", f"d{k}", seed=10 + k, passages=60)
    whole = desk.run("run", home / "in", "--date", DAY, "--no-learn", "--json", "--out", home / "out").json
    return Undisturbed(home / "in", home / "out", whole["calls"])


@pytest.mark.parametrize("role", ["topic_finder", "topic_locator", "content_organizer"])
def test_a_killed_run_is_taken_up_where_it_was(desk: Desk, undisturbed: Undisturbed, tmp_path: Path, role: str) -> None:
    out = tmp_path / "out"
    command = ("run", undisturbed.source, "--date", DAY, "--no-learn", "--json", "--out")
    with desk.start(*command, out) as killed:
        wait_for(lambda: calls_stored(out, role) >= 3, killed)
        killed.kill()
    stored = calls_stored(out, "")
    assert 0 < stored < undisturbed.calls
    again = desk.run(*command, out).json
    assert again["calls"] == undisturbed.calls - stored
    assert_whole(out, DAY, {f"d{k}": [s for _, s in evening(10 + k, 60)] for k in range(3)})
    assert_ledger_is_complete(out)
    for table in ("passages", "topics", "documents"):
        assert but_for_run_id(rows(out, table)) == but_for_run_id(rows(undisturbed.out, table))
    drawn = [{(c["decision_id"], c["model"], c["purpose"]) for c in rows(o, "calls")} for o in (out, undisturbed.out)]
    assert drawn[0] == drawn[1]
    judged = [sorted((j["judge"], j["accuracy"]) for j in rows(o, "judgements")) for o in (out, undisturbed.out)]
    assert judged[0] == judged[1]
    wait_until_nothing_is_left_of(killed.pid)


def assert_looks_cancelled(desk: Desk, by: str) -> None:
    """The page of the newest run says what stopped it, and shows nothing that broke."""
    began = {"start_time": {"is_null_": False}}
    (run,) = desk.post("/flow_runs/filter", {"flow_runs": began, "sort": "START_TIME_DESC", "limit": 1})
    assert run["state"]["type"] == "CANCELLED"
    assert f"cancelled by {by} before its first batch was published" in run["state"]["message"]
    assert desk.artifacts(run["id"])["summary"]["data"].startswith("# Cancelled\n")
    of_run = {"flow_runs": {"id": {"any_": [run["id"]]}}}
    assert {t["state_type"] for t in desk.post("/task_runs/filter", of_run)} <= {"COMPLETED", "CANCELLED", "RUNNING"}
    log = desk.post("/logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}})
    assert [line["message"] for line in log if line["level"] >= logging.ERROR] == []


@pytest.mark.parametrize(
    ("how", "by"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "a signal (SIGTERM)")], ids=["SIGINT", "SIGTERM"]
)
def test_an_interrupted_run_ends_cleanly_and_goes_on(
    desk: Desk, source: Path, tmp_path: Path, how: signal.Signals, by: str
) -> None:
    out = tmp_path / "out"
    write_evening(source, "a", seed=20, passages=80)
    command = ("run", source, "--date", DAY, "--no-learn", "--json", "--out", out)
    with desk.start(*command) as process:
        wait_for(lambda: calls_stored(out, "topic_finder") >= 2, process)
        process.send_signal(how)
        printed, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert printed == ""
    assert "goes on from there" in said
    assert "Traceback" not in said, said
    assert said.rstrip().splitlines()[-1].startswith(f"cancelled by {by} before its first batch"), said
    assert_looks_cancelled(desk, by)
    wait_until_nothing_is_left_of(process.pid)
    assert rows(out, "passages") == rows(out, "documents") == []
    stored = calls_stored(out, "")
    assert desk.run(*command).json["calls"] > 0
    assert calls_stored(out, "") > stored
    assert_whole(out, DAY, {"a": [s for _, s in evening(20, 80)]})
    assert_ledger_is_complete(out)


def test_a_run_of_the_command_line_that_is_cancelled_in_prefect_ends(desk: Desk, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_evening(source, "a", seed=21, passages=900)
    with desk.start("run", source, "--date", DAY, "--no-learn", "--json", "--out", out) as process:
        wait_for(lambda: calls_stored(out, "topic_finder") >= 2, process)
        under_way = {"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}, "sort": "START_TIME_DESC"}
        of_this = (r for r in desk.post("/flow_runs/filter", under_way) if str(out) in json.dumps(r["parameters"]))
        desk.post(f"/flow_runs/{next(of_this)['id']}/set_state", {"state": {"type": "CANCELLING"}})
        printed, said = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, printed) == (130, "")
    assert said.rstrip().splitlines()[-1].startswith("cancelled by the UI or Prefect's API before its first batch"), (
        said
    )
    assert_looks_cancelled(desk, "the UI or Prefect's API")


def test_a_run_past_its_time_limit_ends_as_a_cancelled_one(desk: Desk, source: Path, tmp_path: Path) -> None:
    out, profile = tmp_path / "out", tmp_path / "hasty.toml"
    shipped = (ROOT / "deployments" / "profiles" / "news.toml").read_text(encoding="utf-8")
    profile.write_text(shipped.replace("max_hours = 12.0", "max_hours = 0.0005"))
    write_evening(source, "a", seed=25, passages=600)
    ended = desk.run("run", source, "--profile", profile, "--date", DAY, "--no-learn", "--json", "--out", out)
    limit = "the time limit of 0.0005 hours (limits.max_hours in the profile)"
    assert (ended.code, ended.out) == (130, "")
    assert ended.err.rstrip().splitlines()[-1].startswith(f"cancelled by {limit}"), ended.err
    assert_looks_cancelled(desk, limit)


def test_two_runs_at_once_into_one_out(desk: Desk, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    a, b, c = (write_evening(source, name, seed=30 + k, passages=20) for k, name in enumerate("abc"))
    both = [desk.start("run", *some, "--out", out, "--date", DAY, "--json") for some in ((a, b), (b, c))]
    for process in both:
        _, said = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, said
    assert_whole(out, DAY, {name: [s for _, s in evening(30 + k, 20)] for k, name in enumerate("abc")})
    calls = rows(out, "calls")
    assert len({c["call_id"] for c in calls}) == len(calls)
    keys = [(p["doc_id"], p["position"]) for p in rows(out, "passages")]
    assert len(set(keys)) == len(keys)
    topics = {t["topic_id"] for t in rows(out, "topics")}
    assert {p["topic_id"] for p in rows(out, "passages")} <= topics | {None}
    versions = sorted(int(p.stem) for p in (out / "state" / "news").glob("*.json"))
    assert versions == [1, 2]


def test_a_reader_never_sees_a_document_twice(desk: Desk, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_evening(source, "a", seed=40, passages=10)
    write_evening(source, "b", seed=41, passages=10)
    command = ("run", source, "--out", out, "--date", DAY, "--no-learn", "--json")
    sentences = desk.run(*command).json["sentences"]
    over = threading.Event()
    seen: list[int] = []
    wrong: list[object] = []

    def read() -> None:
        while not over.is_set():
            table = ds.dataset(out / "tables" / "passages", partitioning="hive").to_table(
                columns=["doc_id", "position"]
            )
            keys = set(zip(*table.to_pydict().values(), strict=True))
            seen.append(len(table))
            if len(keys) != len(table) or len(table) != sentences:
                wrong.append(len(table))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(3):
            assert desk.run(*command).json["sentences"] == sentences
    finally:
        over.set()
        reader.join()
    assert seen
    assert wrong == []
