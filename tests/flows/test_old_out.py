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
    # The same text for the same date asks nothing again: keys of answers, weights and assignments are understood.
    again = desk.run("run", SAMPLES / "evening-en.json", "--out", out, "--date", "2026-11-20", "--json").json
    assert again["calls"] == 0
    assert again["weights_version"] == 0
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
