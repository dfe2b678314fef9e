"""What is said of the weights in words: who serves, why, what it saves, and what would change it."""

from pathlib import Path
from typing import Any

import pytest

from nightdesk.role_rl import state_versions as states
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.learning.catching_up import state_folder
from nightdesk.tasks.learning.in_words import in_words
from nightdesk.tasks.learning.learn import weights_rows
from tests.role_rl.made import some

NEWS = load_profile("news")
V, K_COST = NEWS.settings().v, NEWS.settings().k_cost


def row(model: str, weight: float, accuracy: float, dollars: float) -> dict[str, Any]:
    value = V * accuracy - K_COST * dollars
    return {"role": "r", "language": "en", "model": model, "lane": "sync", "weight": weight, "accuracy": accuracy,
            "dollars": dollars, "value": value}  # fmt: skip


def said(out: Path, *rows: dict[str, Any]) -> str:
    (line,) = in_words(out, NEWS, rows)
    return line


def test_a_cheap_model_serves_for_what_it_saves_in_a_month(tmp_path: Path) -> None:
    states.save(state_folder(tmp_path, "news"), some(1, decisions={("r", "en"): 100.0}))
    line = said(tmp_path, row("dear", 0.0, 0.9, 0.02), row("cheap", 1.0, 0.85, 0.001))
    assert line.startswith("r/en: cheap serves 100%, because it is right in 5 of 100 answers less than dear, but costs")
    assert "$19.00 less for 1,000 calls" in line
    assert "it saves $57.00 a month against dear" in line  # 0.019 dollars, 100 decisions, 30 nights
    assert line.endswith("dear would serve if it cost $14.00 less for 1,000 calls.")  # no accuracy makes up for that


def test_a_model_that_would_serve_for_less_is_said_to(tmp_path: Path) -> None:
    line = said(tmp_path, row("dear", 0.0, 0.9, 0.02), row("cheap", 1.0, 0.899, 0.001))
    gap = row("cheap", 1, 0.899, 0.001)["value"] - row("dear", 0, 0.9, 0.02)["value"]
    assert f"cost ${1000 * gap / K_COST:.2f} less for 1,000 calls" in line
    assert "it saves $19.00 for 1,000 calls against dear" in line  # no night is known yet


@pytest.mark.parametrize(("weight", "word"), [(0.8, "looks better by"), (0.1, "because it is right")])
def test_a_change_that_the_gate_limits_is_said_to_wait(tmp_path: Path, weight: float, word: str) -> None:
    line = said(tmp_path, row("old", weight, 0.7, 0.01), row("new", 1 - weight, 0.9, 0.01))
    assert word in line


def test_every_role_of_a_fresh_profile_has_its_sentence(tmp_path: Path) -> None:
    rows, _ = weights_rows(tmp_path, NEWS, None)
    lines = in_words(tmp_path, NEWS, rows)
    assert [line.split("/")[0] for line in lines] == sorted({r["role"] for r in rows})
    assert all(" serves " in line for line in lines)
