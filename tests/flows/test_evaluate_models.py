"""The flow that measures: its page shows the means and a line for each labelled document, as its result has them."""

import asyncio
import json
from pathlib import Path

import pytest

from nightdesk.flows.evaluate_models import evaluate
from nightdesk.flows.shared.parameters import EvaluateParameters
from tests.flows.conftest import Desk

pytestmark = pytest.mark.long

STORIES = {"bridge": "The harbour bridge is shut by cracks.", "vote": "The council will vote on the budget."}


def labelled(path: Path) -> str:
    """Write a labelled document of two stories."""
    sentences = [f"{text} ({k})" for text in STORIES.values() for k in range(6)]
    content = {
        "document": list(enumerate(sentences, 1)),
        "passages": [[1, 6, "bridge"], [7, 12, "vote"]],
        "topics": [{"topic": "bridge", "facts": [1, 2, 3, 4, 5, 6]}, {"topic": "vote", "future_plans": [7, 8, 9]}],
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


def test_what_was_measured_stands_on_the_page_and_in_the_verdict(in_process: Desk, tmp_path: Path) -> None:
    files = [labelled(tmp_path / f"{name}.json") for name in ("one", "two")]
    state = asyncio.run(evaluate(EvaluateParameters(labelled=files, greedy=True), return_state=True))
    result = asyncio.run(state.aresult())
    assert [r["document"] for r in result["documents"]] == ["one", "two"]
    assert result["mean"]["coverage"] == 1.0
    run_id = str(state.state_details.flow_run_id)
    run = in_process.get(f"/flow_runs/{run_id}")
    assert run["name"].startswith("evaluate-news/")
    assert "coverage 1.000" in run["state"]["message"]
    page = in_process.artifacts(run_id)["evaluation"]
    assert page["description"] == run["state"]["message"]
    cells = [[c.strip() for c in line.split("|")[1:-1]] for line in page["data"].splitlines() if line.startswith("|")]
    assert cells[0][:2] == ["document", "sentences"]
    assert [(row[0], row[1]) for row in cells[2:]] == [("mean", "24"), ("one", "12"), ("two", "12")]
    shown = dict(zip(cells[0], cells[2], strict=True))
    assert {name: shown[name] for name in result["mean"]} == {n: f"{v:.3f}" for n, v in result["mean"].items()}
