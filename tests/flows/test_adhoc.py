"""Flows that people start: what they paste or name is published, and learning is left to the learner, who is told."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from nightdesk.flows.adhoc import adhoc, reorganize
from nightdesk.flows.shared.parameters import AdhocParameters, RunParameters
from nightdesk.tasks.config.shipped_data import folder
from tests.flows.conftest import Desk
from tests.tables import assert_whole, rows
from tests.texts import evening, write_evening

pytestmark = pytest.mark.long

DAY = "2026-03-01"
PASTED = "The mayor opened the bridge. I think it is ugly.\nNext week the second lane will open."
SENTENCES = ["The mayor opened the bridge.", "I think it is ugly.", "Next week the second lane will open."]
PATIENCE_S = 60


def told(desk: Desk, run_id: str) -> dict[str, Any]:
    """Wait for the event by which a run tells the learner that it has published."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        asked = {"filter": {"event": {"name": ["nightdesk.published"]}}}
        for event in desk.post("/events/filter", asked)["events"]:
            if event["payload"]["run_id"] == run_id:
                return dict(event)
        time.sleep(0.2)
    raise TimeoutError(f"run {run_id} has told nobody that it has published")


def test_a_pasted_text_is_kept_and_filed_together_with_the_files_that_are_named(
    in_process: Desk, source: Path, tmp_path: Path
) -> None:
    out, file = tmp_path / "out", write_evening(source, "a", seed=1, passages=2)
    asked = AdhocParameters(text=PASTED, doc_id="note", sources=[str(file)], run_date=DAY, out=str(out))
    result = asyncio.run(adhoc(asked))
    assert (out / "pasted" / "note.txt").read_text(encoding="utf-8") == PASTED
    assert_whole(out, DAY, {"note": SENTENCES, "a": [s for _, s in evening(1, 2)]})
    assert in_process.get(f"/flow_runs/{result['run_id']}")["name"] == f"adhoc-news/{DAY}"
    assert in_process.get(f"/flow_runs/{result['run_id']}")["state"]["message"] == result["verdict"]
    event = told(in_process, result["run_id"])
    assert event["resource"]["nightdesk.teaches"] == "true"
    assert event["resource"]["nightdesk.kind"] == "adhoc"
    told_of = {name: result[name] for name in ("run_id", "edition", "documents", "cost_usd")}
    assert event["payload"] == {"profile": "news", "out": str(out), "run_date": DAY, **told_of}
    assert result["new_weights_version"] is None
    assert all(c["teaches"] for c in rows(out, "calls"))


def test_where_the_profile_says_so_a_pasted_text_teaches_nothing(in_process: Desk, tmp_path: Path) -> None:
    profile = tmp_path / "mine.toml"
    shipped = (folder("profiles") / "news.toml").read_text(encoding="utf-8")
    assert "teaches = true" in shipped
    profile.write_text(shipped.replace("teaches = true", "teaches = false"), encoding="utf-8")
    out = tmp_path / "out"
    result = asyncio.run(adhoc(AdhocParameters(text=PASTED, run_date=DAY, out=str(out), profile=str(profile))))
    (document,) = rows(out, "documents", DAY)
    assert (out / "pasted" / f"{document['doc_id']}.txt").is_file()
    of_text = [c for c in rows(out, "calls") if c["doc_id"] == document["doc_id"]]
    assert of_text and not any(c["teaches"] for c in of_text)
    assert told(in_process, result["run_id"])["resource"]["nightdesk.teaches"] == "false"


def test_reorganize_does_not_learn_though_it_is_asked_to_and_tells_the_learner(
    in_process: Desk, source: Path, tmp_path: Path
) -> None:
    write_evening(source, "a", seed=1, passages=2)
    out = tmp_path / "out"
    result = asyncio.run(reorganize(RunParameters(sources=[str(source)], out=str(out), run_date=DAY, learn=True)))
    assert_whole(out, DAY, {"a": [s for _, s in evening(1, 2)]})
    assert result["new_weights_version"] is None
    assert not (out / "state").exists()
    assert told(in_process, result["run_id"])["resource"]["nightdesk.teaches"] == "true"
