"""The weights of the organizer are what its script learns from the training text."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nightdesk.tasks.models.embedded.train_categories import TEXTS, WEIGHTS
from tests.tasks.models.embedded.made import CLEAR, COMMERCE, NEWS

ROOT = Path(__file__).parents[4]


def run_training(*arguments: str) -> str:
    """Run the script in a process of its own with one BLAS thread: two of them stall each other on a busy machine."""
    command = [sys.executable, "-m", "nightdesk.tasks.models.embedded.train_categories", *arguments]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True, timeout=120
    ).stdout


@pytest.mark.parametrize(("name", "categories"), [("news", NEWS), ("commerce", COMMERCE)])
def test_the_training_text_is_whole_and_shares_no_sentence_with_these_tests(name, categories):
    rows = [json.loads(line) for line in (TEXTS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {(row["language"], row["category"]) for row in rows} == {(c, k) for c in ("en", "zh") for k in categories}
    assert all(row["text"].strip() == row["text"] and row["text"] and row["document"] for row in rows)
    assert not {row["text"] for row in rows} & {sentence for found in CLEAR.values() for sentence in found}


def test_the_weights_are_what_the_script_learns_from_the_text(tmp_path):
    run_training("--output", str(tmp_path / "learnt.json"))
    learnt, kept = (json.loads(p.read_text(encoding="utf-8")) for p in (tmp_path / "learnt.json", WEIGHTS))
    assert WEIGHTS.stat().st_size < 200_000
    assert learnt.keys() == kept.keys()
    for key, model in kept.items():
        assert model["categories"] == learnt[key]["categories"]
        assert model["bias"] == pytest.approx(learnt[key]["bias"], abs=1e-6)
        assert list(model["cues"]) == list(learnt[key]["cues"])
        for ours, theirs in (
            (model["cues"].values(), learnt[key]["cues"].values()),
            (model["vectors"], learnt[key]["vectors"]),
        ):
            assert [x for row in ours for x in row] == pytest.approx([x for row in theirs for x in row], abs=1e-6)


def test_confidence_on_unseen_documents_is_near_the_share_that_is_right():
    """It is lower by what labels of other authors' text are in doubt (see cues.toml), which ours are not."""
    for line in run_training("--report").splitlines()[1:]:
        model, kind, _, accuracy, _, _, confidence = line.split()
        if kind == "static" and not model.endswith(".any"):
            assert float(accuracy) > 0.85, line
            assert abs(float(accuracy) - float(confidence)) < 0.15, line
