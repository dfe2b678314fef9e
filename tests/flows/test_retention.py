"""Nights whose profile has a [retention]: what is old goes when a night is over, and nothing is read or paid anew."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.flows.conftest import Desk, Finished
from tests.servers.playing import ROOT
from tests.tables import rows
from tests.texts import write_evening

DAYS = [f"2026-03-0{n}" for n in range(1, 6)]
RETENTION = "\n[retention]\nanswers = 2\ncalls = 2\neditions = 3\ndates = 4\n"


@pytest.fixture(scope="module")
def nights(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    """Run five nights of a document each; return where, and how the command ended."""
    home = tmp_path_factory.mktemp("retention")
    profile = (ROOT / "deployments/profiles/news.toml").read_text().partition("[[models]]")
    (home / "mine.toml").write_text(profile[0] + RETENTION + "\n" + profile[1] + profile[2])
    for n, day in enumerate(DAYS):
        (home / "in" / day).mkdir(parents=True)
        write_evening(home / "in" / day, f"doc-{n}", seed=n, passages=4)
    finished = _run(desk, home, f"{DAYS[0]}..{DAYS[-1]}")
    return home, finished


def _run(desk: Desk, home: Path, days: str, *more: str) -> Finished:
    options = ("--out", home / "out", "--profile", home / "mine.toml", "--date", days, "--json", *more)
    return desk.run("run", f"{home}/in/{{run_date}}", *options)


def test_after_the_last_night_everything_is_there_for_as_long_as_was_said(nights: tuple[Path, Finished]) -> None:
    home, finished = nights
    assert finished.code == 0, finished.err
    out = home / "out"

    def days(table: str) -> list[str]:
        return sorted(p.name.removeprefix("run_date=") for p in (out / "tables" / table).iterdir())

    assert days("calls") == DAYS[-2:]
    assert days("documents") == days("passages") == days("topics") == DAYS[-4:]
    assert sorted(p.parent.name for p in (out / "editions").glob("*/index.html")) == DAYS[-3:]
    with closing(sqlite3.connect(out / "answers.db")) as db:
        assert sorted({d for (d,) in db.execute("SELECT part FROM calls")}) == DAYS[-2:]
        assert {c for (c,) in db.execute("SELECT call_id FROM calls")} == {
            row["call_id"] for row in rows(out, "calls") if not row["from_cache"]
        }
    assert "pruned: " in finished.err


def test_a_document_of_a_pruned_date_is_not_run_again(desk: Desk, nights: tuple[Path, Finished]) -> None:
    home, _ = nights
    (text,) = (home / "in" / DAYS[0]).iterdir()
    (home / "in" / "2026-03-06").mkdir()
    (home / "in" / "2026-03-06" / text.name).write_bytes(text.read_bytes())
    told = _run(desk, home, "2026-03-06", "--only-missing").json
    assert told["documents"] == 0
    assert told["skipped"] == 1
