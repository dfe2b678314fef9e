"""An OUT that version 0.1.0 wrote is read, learned from and run into."""

import shutil
from pathlib import Path

import nightdesk
from tests.flows.conftest import Desk
from tests.tables import rows

OLD = Path(__file__).parents[1] / "fixtures" / "out-0.1.0"
SAMPLES = Path(__file__).parents[2] / "datasets" / "samples"


def test_an_old_out_goes_on(desk: Desk, tmp_path: Path) -> None:
    out = Path(shutil.copytree(OLD, tmp_path / "out"))
    old = {t: len(rows(out, t)) for t in ("passages", "topics", "documents", "calls")}
    before = {d["doc_id"]: d for d in rows(out, "documents", "2026-11-20")}
    # The same text for the same date is assigned as it was then. The embedded models answer otherwise than in 0.1.0,
    # so they are asked once, and their answers stand beside the old ones.
    command = ("run", SAMPLES / "evening-en.json", "--out", out, "--date", "2026-11-20", "--json")
    assert desk.run(*command).json["weights_version"] == 0
    again = desk.run(*command).json
    assert (again["calls"], again["weights_version"]) == (0, 0)
    after = {d["doc_id"]: d for d in rows(out, "documents", "2026-11-20")}
    assert after.keys() == before.keys()
    assert all(after[k]["content_hash"] == before[k]["content_hash"] for k in before)
    # A new date is served by what was learned, and teaches.
    new = desk.run("run", SAMPLES / "wire.xml", "--out", out, "--date", "2026-11-22", "--json").json
    assert new["weights_version"] >= 2
    assert new["new_weights_version"] > new["weights_version"]
    assert len(rows(out, "passages")) == old["passages"] + new["sentences"]
    # Readers see one table of both versions; the edition of an old date can be made again.
    assert nightdesk.scan(out, "documents").num_rows == old["documents"] + new["documents"]
    assert desk.run("edition", "--out", out, "--date", "2026-11-21", "--json").json["edition"]
    assert desk.run("weights", "--out", out, "--json").code == 0
    assert desk.run("migrate", "--out", out).out.strip() == "answers: current\nstate: current\ntables: current"


def test_an_old_out_can_be_compacted(desk: Desk, tmp_path: Path) -> None:
    out = Path(shutil.copytree(OLD, tmp_path / "out"))
    command = ("run", SAMPLES / "wire.xml", "--out", out, "--date", "2026-11-21", "--json")
    asked = desk.run(*command).json
    assert asked["new_weights_version"] > asked["weights_version"]  # what it taught stands beside what 0.1.0 learned
    named = ("passages", "topics", "documents")
    before = {table: _by_id(out, table) for table in named}
    said = desk.run("compact", "--out", out, "--before", "2026-11-22").out
    assert "2026-11-21: 2 parts -> 1" in said  # one of either version
    assert {table: _by_id(out, table) for table in named} == before
    assert desk.run(*command).json["calls"] == 0  # the merged part is known, so its documents are replaced
    assert {table: len(rows(out, table)) for table in named} == {table: len(its) for table, its in before.items()}
    assert desk.run("learn", "--out", out, "--json").code == 0
    assert nightdesk.scan(out, "passages").num_rows == len(before["passages"])
    assert desk.run("edition", "--out", out, "--date", "2026-11-21", "--json").json["edition"]


def _by_id(out: Path, table: str) -> list[str]:
    return sorted(repr(sorted(row.items())) for row in rows(out, table))
