"""A night over lane batch by the command line: killed while a batch is out, and taken up again."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.flows.conftest import Desk
from tests.killing import wait_for
from tests.processes import wait_until_nothing_is_left_of
from tests.servers.playing import Playing
from tests.tables import assert_ledger_is_complete, assert_whole, rows
from tests.texts import evening, write_evening

pytestmark = pytest.mark.long

DAY = "2026-03-01"
WORLD = """
[[models]]
name = "patient"
family = "lowland"
brain = "lexical"
accuracy = { content_organizer = 1.0 }
"""
PROFILE = """
name = "nightly"
[categories]
facts = "what happened"
opinions = "what somebody thinks of it"
[limits]
max_cost_usd = 10.0
[provider_batches]
poll_s = 0.2
[[models]]
name = "patient"
family = "lowland"
provider = "openai"
base_url = "{url}"
form = "json_schema"
lane = "batch"
prices = {{ input = 2.0, output = 10.0 }}
"""


@pytest.fixture(scope="module")
def desk(own_workers: Desk) -> Desk:
    """Return the command line: what is killed here has workers of its own."""
    return own_workers


def _ids_stored(out: Path) -> int:
    if not (out / "answers.db").exists():
        return 0
    with closing(sqlite3.connect(out / "answers.db", timeout=5)) as db:
        try:
            return int(db.execute("SELECT count(batch_id) FROM batches").fetchone()[0])
        except sqlite3.OperationalError:  # not there yet
            return 0


def test_a_flow_killed_while_a_batch_is_out_resumes_it(
    desk: Desk, stand_in: Callable[..., Playing], source: Path, tmp_path: Path
) -> None:
    server, out, profile = stand_in(WORLD), tmp_path / "out", tmp_path / "nightly.toml"
    server.control("reset")
    server.control("batches", delay_s=5.0)
    profile.write_text(PROFILE.format(url=server.openai_url), encoding="utf-8")
    write_evening(source, "a", seed=50, passages=30)
    command = ("run", source, "--out", out, "--date", DAY, "--profile", profile, "--json")
    with desk.start(*command) as killed:
        wait_for(lambda: _ids_stored(out) > 0, killed)
        killed.kill()
    wait_until_nothing_is_left_of(killed.pid)
    assert server.counts()["batches"] == 1
    server.control("batches", delay_s=0.2)

    result = desk.run(*command).json
    assert result["unplaced"] == 0
    assert_whole(out, DAY, {"a": [s for _, s in evening(50, 30)]})
    assert_ledger_is_complete(out)
    counts, calls = server.counts(), rows(out, "calls")
    assert (counts["duplicates"], counts["models"]["patient"]["lane_batch"]) == (0, counts["requests"])
    assert counts["requests"] == len(calls) == result["calls"]
    assert {c["lane"] for c in calls} == {"batch"}
    assert sum(c["cost_usd"] for c in calls) > 0
