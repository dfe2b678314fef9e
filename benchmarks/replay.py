"""The learner on recorded rewards of real models, against the published rule and the best plan in hindsight.

Runs ../shared/tools/replay_bench.py on ../shared/data/replay where they are there: 4,000 rounds in nights of 75, 20
seeds, the policy `nightdesk.role_rl.replay:Default`, which is the production learner. Beside it stand the published
rule as a strategy of ours (`nightdesk.role_rl.replay:Published`: learning once a night) and what is asked of the
learner.

What noticing that difficulty persists could earn at best is worked out exactly: plans that are fixed for a night but
know the difficulty with which the last night ended, or what the last night was made of.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import ROOT, SHARED, show

STAY = 0.97


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4000)
    parser.add_argument("--night", type=int, default=75)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("recordings", nargs="*", type=Path, default=sorted((SHARED / "data/replay").glob("*.json")))
    a = parser.parse_args()
    tool = SHARED / "tools" / "replay_bench.py"
    if not tool.exists() or not a.recordings:
        print(f"nothing to replay: there is no {tool}, or no recording was named")
        return
    for recording in a.recordings:
        command = [sys.executable, str(tool), str(recording), "--json"]
        for name in ("Default", "Published"):
            command += ["--policy", f"nightdesk.role_rl.replay:{name}"]
        for option in ("rounds", "night", "seeds"):
            command += [f"--{option}", str(getattr(a, option))]
        done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
        if done.returncode:
            sys.exit(done.stderr)
        results = json.loads(done.stdout)
        print(f"{recording.stem}: {a.rounds} rounds in nights of {a.night}, {a.seeds} seeds")
        show(f"replay-{recording.stem}", [*rows(results), *possible(recording, a.night)])
        print(verdict(results))


def rows(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row for every policy and part."""
    return [
        {"policy": policy, "over": part, **figures}
        for policy, parts in results.items()
        for part, figures in parts.items()
    ]


def verdict(results: dict[str, Any]) -> str:
    """Say the four figures against what is asked."""
    ours, plan = results["nightdesk.role_rl.replay:Default"], results["best static plan (hindsight)"]
    last, whole = ours["last_quarter"], ours["all"]
    short = plan["last_quarter"]["net_reward"] - last["net_reward"]
    spend = last["spend_vs_dearest"] / plan["last_quarter"]["spend_vs_dearest"]
    ahead = whole["net_reward"] - results["published rule"]["all"]["net_reward"]
    return (
        f"last quarter: {short:+.3f} short of the best plan (at most 0.10), spend {spend:.2f} of its (at most 1.10), "
        f"judged {last['judged_per_decision']:.3f} a decision (at most 0.06); "
        f"all rounds: {ahead:+.3f} above the published rule (above 0)"
    )


def possible(recording: Path, night: int) -> list[dict[str, Any]]:
    """Net reward, nothing judged, of plans that are fixed for a night and know what the last one told of difficulty."""
    records = json.loads(recording.read_text(encoding="utf-8"))["records"]
    tasks, models, roles = (
        ("easy", "medium", "hard"),
        *(list(dict.fromkeys(r[name] for r in records)) for name in ("model", "role")),
    )
    worth = np.array(
        [[[_reward(records, task, model, role) for model in models] for task in tasks] for role in roles]
    )  # (roles, tasks, models)
    stays = float(np.mean(STAY ** np.arange(1, night + 1)))
    known = np.full((3, 3), (1 - stays) / 3) + stays * np.eye(3)  # difficulty at the end of a night -> of the next
    ended = np.einsum("et,rtm->erm", known, worth).max(axis=2).mean()
    ideal = worth.max(axis=2).mean()
    return [
        {"policy": "possible: difficulty at the last night's end known", "over": "mean", "net_reward": float(ended)},
        {"policy": "possible: difficulty of every round known", "over": "mean", "net_reward": float(ideal)},
    ]


def _reward(records: list[dict[str, Any]], task: str, model: str, role: str) -> float:
    found = next(r["reward"] for r in records if (r["task"], r["model"], r["role"]) == (task, model, role))
    return max(-10.0, min(10.0, float(found)))


if __name__ == "__main__":
    main()
