"""The verdicts, row by row: what a run says and how it ends, when models, dollars or the audit fail it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.flows.conftest import Desk, Finished
from tests.servers.playing import ROOT, Playing
from tests.tables import assert_whole, rows
from tests.texts import evening

pytestmark = pytest.mark.slow

DAY = "2026-03-01"
WORLD = """
[[models]]
name = "north"
family = "arctic"
accuracy = { topic_finder = 1.0, topic_locator = 1.0, relationship_checker = 1.0, content_organizer = 1.0 }
prices = { input = 5.0, cached = 0.5, output = 25.0 }
"""
PROFILE = """
name = "one"
[categories]
facts = "what happened"
opinions = "what somebody thinks of it"
assumptions = "what may be"
future_plans = "what is to come"
[chunks]
sentences = 60
overlap = 6
[document_batches]
sentences = 80
[limits]
max_cost_usd = {dollars}
attempts = 1
patience_s = 1
deadline_s = 1
[[models]]
name = "north"
family = "arctic"
provider = "openai"
base_url = "{url}/v1"
api_key_env = ""
prices = {{ input = 5.0, output = 25.0 }}
"""
RELATE = "The numbered items are topics of one document"
WITHHOLDS = """
from nightdesk.flows.cli.main import main
from nightdesk.tasks.tables import quarantine
from nightdesk.tasks.errors import AuditFailed
really = quarantine.clear

def clear(tables, *others):
    if "big" in tables["documents"]["doc_id"].to_pylist():
        raise AuditFailed("table passages: something is not whole; the batch is withheld")
    return really(tables, *others)

quarantine.clear = clear
main()
"""


@pytest.fixture(scope="module")
def server(stand_in: Callable[..., Playing]) -> Playing:
    return stand_in(WORLD)


@pytest.fixture
def texts(source: Path) -> dict[str, list[str]]:
    """Two evenings, and a few sentences of something that stands nowhere else: 3 % of them all."""
    odd = ["The zebra left.", "Nobody saw the zebra.", "The zebra may be back.", "A zebra costs 4 francs.", "Ask it."]
    told = {name: [s for _, s in evening(seed, 6)] for name, seed in (("big", 1), ("more", 2))} | {"odd": odd}
    for name, sentences in told.items():
        path = source / f"{name}.json"
        path.write_text(json.dumps(list(enumerate(sentences, 1))), encoding="utf-8")
        os.utime(path, (1_700_000_000, 1_700_000_000))  # it was there before any night of these tests
    return told


@pytest.fixture
def profile(server: Playing, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a profile for the server, which has no trouble yet."""
    server.control("reset")

    def write(dollars: float = 50.0) -> Path:
        path = tmp_path / "one.toml"
        path.write_text(PROFILE.format(dollars=dollars, url=server.url), encoding="utf-8")
        return path

    return write


@pytest.fixture
def run(desk: Desk, source: Path, tmp_path: Path) -> Callable[[Path], Finished]:
    """Return a function that runs the texts by hand."""
    return lambda profile: desk.run(
        "run", source, "--date", DAY, "--json", "--no-learn", "--out", tmp_path / "out", "--profile", profile
    )


def state_of(desk: Desk, run_id: str) -> dict[str, str]:
    """Return the state of a flow run."""
    state: dict[str, str] = desk.get(f"/flow_runs/{run_id}")["state"]
    return state


def failed_and_unpaid(out: Path) -> dict[str, tuple[int, int]]:
    return {d["doc_id"]: (d["failed"], d["unpaid"]) for d in rows(out, "documents", DAY)}


def test_nothing_was_lost_and_repaired_replies_are_no_concern(
    run: Callable[[Path], Finished], desk: Desk, server: Playing, profile: Callable[..., Path], texts: object
) -> None:
    one = profile()
    server.control("trouble", fault="truncated", times=4, unless="Answer again, rightly")
    done = run(one)
    assert sum(c["purpose"] == "repair" for c in rows(Path(done.json["out"]), "calls")) == 4
    assert (done.json["verdict"][:6], done.json["failed"], "WARNING" in done.err) == ("Good: ", 0, False)
    assert state_of(desk, done.json["run_id"])["type"] == "COMPLETED"


@pytest.mark.parametrize(
    ("fault", "where", "dollars", "said"),
    [
        ("server_error", "zebra", 50.0, "models failed on 5 sentences"),
        ("refusal", "zebra", 50.0, "no place for reasons of their own"),
        ("", "", 0.25, "the budget of $0.25 did not reach for"),
        ("truncated", RELATE, 50.0, "may have one story under several topics"),
    ],
)
def test_a_little_was_lost(
    run: Callable[[Path], Finished],
    desk: Desk,
    server: Playing,
    profile: Callable[..., Path],
    texts: dict[str, list[str]],
    fault: str,
    where: str,
    dollars: float,
    said: str,
) -> None:
    one = profile(dollars)
    if fault:
        server.control("trouble", fault=fault, where=where)
    done = run(one)
    result, out = done.json, Path(done.json["out"])
    assert result["verdict"].startswith("Worth a look: ")
    assert said in done.err
    assert state_of(desk, result["run_id"])["type"] == "COMPLETED"
    assert_whole(out, DAY, texts)
    failed, unpaid = zip(*failed_and_unpaid(out).values(), strict=True)
    assert (sum(failed) > 0) == (fault == "server_error")
    assert (sum(unpaid) > 0) == (dollars < 1)
    reasons = [d["reason"] or "" for d in rows(out, "documents", DAY)]
    assert any("not compared" in r for r in reasons) == (where == RELATE)


def test_models_failed_on_too_much(
    run: Callable[[Path], Finished],
    desk: Desk,
    server: Playing,
    profile: Callable[..., Path],
    texts: dict[str, list[str]],
) -> None:
    one = profile()
    server.control("trouble", fault="server_error")
    done = run(one)
    assert done.code == 1
    result = json.loads(done.out)
    assert result["verdict"].startswith("Bad: 3 documents, ")
    assert done.err.rstrip().splitlines()[-1] == f"nightdesk: {result['verdict']}"
    assert "Traceback" not in done.err
    state = state_of(desk, result["run_id"])
    assert (state["type"], state["name"], state["message"]) == ("FAILED", "Failed", result["verdict"])
    assert_whole(Path(result["out"]), DAY, texts)
    assert failed_and_unpaid(Path(result["out"])) == {name: (len(told), 0) for name, told in texts.items()}


def test_a_batch_that_the_audit_withholds_is_named_and_the_others_stand(
    desk: Desk, source: Path, tmp_path: Path, profile: Callable[..., Path], texts: dict[str, list[str]]
) -> None:
    out = tmp_path / "out"
    command = ["run", source, "--date", DAY, "--json", "--no-learn", "--out", out, "--profile", profile()]
    done = subprocess.run(
        [sys.executable, "-c", WITHHOLDS, *map(str, command)], env=desk.env, text=True, capture_output=True, check=False
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["withheld"] == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.rstrip().splitlines()[-1].startswith("nightdesk: Bad: 2 documents, ")
    published = {d["doc_id"] for d in rows(out, "documents", DAY)}
    assert published == {"more", "odd"}
    assert_whole(out, DAY, {name: texts[name] for name in published})
    assert state_of(desk, json.loads(done.stdout)["run_id"])["type"] == "FAILED"


@pytest.fixture
def night(desk: Desk, source: Path, tmp_path: Path) -> Callable[[Path, int], dict[str, str]]:
    """Return a function that runs the night that was due so many days ago, and returns the state it ended in."""
    cron = {"schedule": {"cron": "0 2 * * *", "timezone": "UTC"}, "active": False}
    allowed = tmp_path / "allowed.toml"

    def run(profile: Path, ago: int) -> dict[str, str]:
        may = {"out": [str(tmp_path / "out")], "sources": [str(source)]}
        lines = [f"{key} = {json.dumps(value)}" for key, value in may.items()]
        allowed.write_text("\n".join([*lines, "[profiles]", f"one = {json.dumps(str(profile))}"]), encoding="utf-8")
        asked = {"sources": [str(source)], "out": str(tmp_path / "out"), "profile": str(profile)}
        flow_id = desk.post("/flows/", {"name": "nightly"})["id"]
        deployment = desk.post(
            "/deployments/",
            {
                "name": tmp_path.name,
                "flow_id": flow_id,
                "entrypoint": "nightdesk.flows.nightly.nightly",
                "path": str(ROOT),
            }
            | {"schedules": [cron], "parameters": {"parameters": asked}, "enforce_parameter_schema": False},
        )
        due = {"type": "SCHEDULED", "state_details": {"scheduled_time": f"{day_of(ago)}T02:00:00Z"}}
        flow_run = desk.post(f"/deployments/{deployment['id']}/create_flow_run", {"state": due})
        subprocess.run(
            [sys.executable, "-m", "prefect", "flow-run", "execute", flow_run["id"]],
            env={**desk.env, "NIGHTDESK_ALLOWED": str(allowed)},
            cwd=ROOT,
            check=False,
            capture_output=True,
        )
        return state_of(desk, flow_run["id"])

    return run


def day_of(ago: int) -> str:
    """Return the date (UTC) of so many days ago."""
    return (datetime.now(UTC).date() - timedelta(days=ago)).isoformat()


def standing(out: Path, ago: int) -> dict[str, tuple[int, list[str]]]:
    """Return how the documents of a date stand: failed sentences, and the nights that took them up."""
    return {d["doc_id"]: (d["failed"], d["taken_up"]) for d in rows(out, "documents", day_of(ago))}


@pytest.mark.timeout(1200)  # nights that start their workers anew, on a machine that may be busy
def test_a_bad_night_is_run_again_by_the_next_and_succeeds(
    night: Callable[[Path, int], dict[str, str]],
    server: Playing,
    profile: Callable[..., Path],
    source: Path,
    tmp_path: Path,
    texts: dict[str, list[str]],
) -> None:
    one, out = profile(), tmp_path / "out"
    server.control("trouble", fault="server_error")
    assert night(one, 4)["message"].startswith("Bad: 3 documents, ")
    assert standing(out, 4) == {name: (len(told), []) for name, told in texts.items()}
    server.control("reset")
    new = [s for _, s in evening(3, 3)]
    (source / "new.json").write_text(json.dumps(list(enumerate(new, 1))), encoding="utf-8")
    os.utime(source / "new.json", (then := datetime.fromisoformat(f"{day_of(3)}T01:00:00Z").timestamp(), then))
    assert night(one, 3)["message"].startswith("Good: 1 document, ")
    assert standing(out, 4) == {name: (0, [day_of(3)]) for name in texts}
    assert_whole(out, day_of(4), texts)
    assert_whole(out, day_of(3), {"new": new})


@pytest.mark.timeout(1200)  # five nights in three runs
def test_what_models_failed_on_is_taken_up_on_three_nights_from_the_tables_and_then_given_up(
    night: Callable[[Path, int], dict[str, str]],
    server: Playing,
    profile: Callable[..., Path],
    source: Path,
    tmp_path: Path,
    texts: dict[str, list[str]],
) -> None:
    one, out = profile(), tmp_path / "out"
    server.control("trouble", fault="truncated", where="zebra")  # bad replies, which are stored: they are asked anew
    assert night(one, 5)["message"].startswith("Worth a look: 3 documents, ")
    (source / "odd.json").unlink()
    asked = server.counts()["requests"]
    assert night(one, 2)["message"] == "Worth a look: nothing new to read"  # and those that were missed, before it
    assert server.counts()["requests"] > asked
    failed, nights = standing(out, 5)["odd"]
    assert (failed, nights) == (len(texts["odd"]), [day_of(4), day_of(3), day_of(2)])
    (odd,) = (d for d in rows(out, "documents", day_of(5)) if d["doc_id"] == "odd")
    assert odd["reason"].startswith("given up, since 5 sentences still have no place after it was taken up again on")
    server.control("reset")
    assert night(one, 1)["message"] == "Good: nothing new to read"
    assert standing(out, 5)["odd"] == (failed, nights)
    assert_whole(out, day_of(5), texts)
