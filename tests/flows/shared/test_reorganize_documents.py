"""The verdicts, row by row: what a run says and how it ends, when models, dollars or the audit fail it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.conftest import Desk, Finished
from tests.flows.verdict_nights import DAY, state_of
from tests.servers.playing import Playing
from tests.tables import assert_whole, rows

pytestmark = pytest.mark.long

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


@pytest.fixture
def run(desk: Desk, source: Path, tmp_path: Path) -> Callable[[Path], Finished]:
    """Return a function that runs the texts by hand."""
    return lambda profile: desk.run(
        "run", source, "--date", DAY, "--json", "--no-learn", "--out", tmp_path / "out", "--profile", profile
    )


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
