"""`nightdesk evaluate`: it measures labelled documents, and leaves nothing behind unless it is told to."""

import json
from pathlib import Path

from tests.flows.conftest import Desk
from tests.tables import rows


def test_evaluate_measures_labelled_documents_and_leaves_nothing_behind(desk: Desk, tmp_path: Path) -> None:
    stories = {"bridge": "The harbour bridge is shut by cracks.", "vote": "The council will vote on the budget."}
    sentences = [(n, f"{text} ({k})") for n, text in stories.items() for k in range(6)]
    labelled = {
        "document": [[k, s] for k, (_, s) in enumerate(sentences, 1)],
        "passages": [[1, 6, "bridge"], [7, 12, "vote"]],
        "topics": [{"topic": "bridge", "facts": [1, 2, 3, 4, 5, 6]}, {"topic": "vote", "future_plans": [7, 8, 9]}],
    }
    (tmp_path / "two.json").write_text(json.dumps(labelled))
    before = set(tmp_path.rglob("*"))
    told = desk.run("evaluate", tmp_path / "two.json", "--greedy", "--json").json
    assert set(tmp_path.rglob("*")) == before
    (row,) = told["documents"]
    assert (row["document"], row["sentences"], row["coverage"], row["unplaced"]) == ("two", 12, 1.0, 0.0)
    assert row["stretch_f1"] == row["story_f1"] == 1.0
    assert told["mean"] == {k: v for k, v in row.items() if k not in ("document", "sentences")}
    # In a folder that is named, the leading models alone have served, and nothing was judged.
    out = tmp_path / "kept"
    desk.run("evaluate", tmp_path / "two.json", "--greedy", "--out", out, "--json").json  # noqa: B018
    assert {(c["purpose"], c["propensity"]) for c in rows(out, "calls")} == {("serve", 1.0)}
    assert rows(out, "judgements") == []
