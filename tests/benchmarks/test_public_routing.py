"""Routing by a record: what policies earn is counted as it is said, and a line that is no prompt is named."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.public_routing import K_COST, play, policies
from benchmarks.routing_cases.policies import Fixed
from benchmarks.routing_cases.record import Record, read


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """600 prompts of two sources; the cheap model is the better one of sums, the dear one of letters."""
    path = tmp_path_factory.mktemp("record") / "made.jsonl"
    dice = np.random.default_rng(1)
    with path.open("w", encoding="utf-8") as file:
        for k in range(600):
            source = ("sums", "letters")[k % 2]
            right = {"cheap": 0.9 if source == "sums" else 0.3, "dear": 0.8, "poor": 0.1}
            arms = {
                name: {"reward": float(np.clip(dice.normal(mean, 0.1), 0, 1)), "cost": usd}
                for (name, mean), usd in zip(right.items(), (0.0002, 0.002, 0.0001), strict=True)
            }
            file.write(json.dumps({"source": source, "arms": arms}) + "\n")
    return read(path)


def test_a_plan_earns_the_mean_of_its_rewards_less_its_dollars(record: Record) -> None:
    net = record.net(K_COST)
    dear = record.models.index("dear")
    whole, *_ = play(record, Fixed([dear, dear]), 1, 0.0)
    assert whole == pytest.approx(100 * net[:, dear].mean())
    by_source, *_ = play(record, Fixed(record.best_per_source(K_COST).tolist()), 1, 0.0)
    assert whole < by_source < 100 * net.max(axis=1).mean()


@pytest.mark.parametrize("told", ["judged, nightly", "free, nightly"])
def test_ours_comes_to_serve_the_best_model_and_pays_for_what_it_judges(record: Record, told: str) -> None:
    price = float(np.median(record.prices))
    paid, free = (play(record, policies(record)["ours", told](3), 3, usd) for usd in (price, 0.0))
    best = 100 * record.net(K_COST).mean(axis=0).max()
    assert free[1] == pytest.approx(best, abs=5)
    assert paid[0] == pytest.approx(free[0] - 100 * K_COST * price * paid[2])
    assert paid[2] > 0


def test_policies_of_others_learn_as_well(record: Record) -> None:
    best = 100 * record.net(K_COST).mean(axis=0).max()
    for name in ("published rule", "LinUCB", "Thompson sampling"):
        assert play(record, policies(record)[name, "free"](2), 2, 0.0)[1] > best - 8, name


def test_a_line_that_is_no_prompt_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"source": "sums", "arms": {"a": {"reward": 1, "cost": 0}}}\n{"source": "sums"}\n')
    with pytest.raises(ValueError, match=r"bad\.jsonl, line 2"):
        read(path)
