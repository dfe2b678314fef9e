"""`nightdesk prune`: one listing of what would go, then of what went; bad input is one line."""

import json
import os
from pathlib import Path

import pytest

from tests.flows.cli.typed import listing, nightdesk
from tests.tables import rows
from tests.tasks.forget.pruning.years import DAYS, put_all, standing


@pytest.fixture
def desk(home: Path) -> Path:
    put_all(home / "out", DAYS[:3])
    return home


def test_a_dry_run_lists_what_then_goes_and_changes_not_one_byte(desk: Path) -> None:
    before = listing(desk / "out")
    arguments = ("prune", "--out", "out", "--before", str(DAYS[2]))
    foretold = nightdesk(desk, *arguments, "--dry-run", "--json")
    assert listing(desk / "out") == before
    told = json.loads(foretold.stdout)
    assert {row["what"]: (row["number"], row["dates"]) for row in told["pruned"]} == {
        "answers": (2, ""), "calls": (0, ""), "editions": (2, f"{DAYS[0]}..{DAYS[1]} (2)"),
        "dates": (14, f"{DAYS[0]}..{DAYS[1]} (2)"),
    }  # fmt: skip
    went = json.loads(nightdesk(desk, *arguments, "--json").stdout)
    assert went == told | {"dry_run": False}
    assert standing(desk / "out")["documents"] == {DAYS[2]}
    again = json.loads(nightdesk(desk, *arguments, "--json").stdout)
    assert not any(row["number"] or row["bytes"] for row in again["pruned"])


def test_only_what_is_named_goes(desk: Path) -> None:
    told = nightdesk(desk, "prune", "--out", "out", "--before", str(DAYS[2]), "--what", "editions", "--what", "answers")
    assert told.returncode == 0, told.stderr
    assert "what went" in told.stdout
    found = standing(desk / "out")
    assert found["editions"] == found["answers"] == {DAYS[2]}
    assert found["documents"] == found["calls"] == set(DAYS[:3])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--before", "yesterday"), "--before yesterday: not a date"),
        (("--before", ""), "--before: names no date"),
        ((), "Missing option '--before'"),
        (("--before", "2026-03-01", "--what", "weights"), "weights"),
        (("--before", "2026-03-01", "--out", "nowhere"), "--out nowhere: no such folder"),
    ],
)
def test_bad_input_is_one_line(home: Path, arguments: tuple[str, ...], said: str) -> None:
    ended = nightdesk(home, "prune", *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    assert said in line


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_link_in_out_is_refused(desk: Path, options: tuple[str, ...]) -> None:
    (desk / "out" / "editions").rename(desk / "elsewhere")
    (desk / "out" / "editions").symlink_to(desk / "elsewhere")
    before = listing(desk / "elsewhere")
    ended = nightdesk(desk, "prune", "--out", "out", "--before", "2027-01-01", *options)
    assert ended.returncode == 2
    assert "this link leads out of" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert listing(desk / "elsewhere") == before
    assert len(rows(desk / "out", "documents")) == 6


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_an_out_that_cannot_be_written_is_one_line(desk: Path) -> None:
    (desk / "out").chmod(0o500)
    try:
        ended = nightdesk(desk, "prune", "--out", "out", "--before", "2027-01-01")
        foretold = nightdesk(desk, "prune", "--out", "out", "--before", "2027-01-01", "--dry-run")
    finally:
        (desk / "out").chmod(0o700)
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert foretold.returncode == 0
