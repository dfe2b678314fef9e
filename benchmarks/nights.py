"""Seven nights of `nightdesk run` over real HTTP: benchmarks/models.toml as the stand-in server plays it.

Every night has texts of its own (passages of our labelled documents, reshuffled, with a sentence in each chunk that no
other has), a fresh profile knows of the models only their prices, and between the nights stands what `run` learned. One
row a night: calls, dollars of serving and judging, what the dearest model would have cost for the served calls, how
much was judged, and who leads each role afterwards with which weight.
"""

import argparse
import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from benchmarks.common import ROOT, nightdesk, prefect_server, scratch, shipped_categories, show
from nightdesk.role_rl import state_versions
from nightdesk.role_rl.simulation.environments import World, parse_world
from nightdesk.tasks import tables
from tests.servers.playing import Playing, playing

CHUNK = 40  # sentences
FIRST = date(2026, 3, 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=7)
    parser.add_argument("--chunks", type=int, default=100, help="of a night: calls of a role")
    parser.add_argument("--haste", type=float, default=0.0, help="what delays are multiplied with")
    a = parser.parse_args()
    text = (ROOT / "benchmarks" / "models.toml").read_text(encoding="utf-8")
    rows = []
    with playing(text, "--haste", a.haste) as server, prefect_server() as env, scratch() as folder:
        profile = folder / "nights.toml"
        profile.write_text(profile_text(parse_world(text), server), encoding="utf-8")
        for night in range(1, a.nights + 1):
            server.control("night", night=night)
            sources, day = folder / f"in-{night}", FIRST + timedelta(days=night - 1)
            write_night(sources, night, a.chunks)
            command = ("run", sources, "--out", folder / "out", "--profile", profile, "--date", day)
            result = nightdesk(*command, env=env)
            rows.append({"night": night, **figures(folder / "out", day), **leaders(folder / "out"),
                         "unplaced": result["unplaced"], "seconds": result["seconds"]})  # fmt: skip
            print(json.dumps(rows[-1]), flush=True)
    show("nights", rows)


def profile_text(world: World, server: Playing) -> str:
    """Write a profile whose pool is the world's models, of which only names, families and prices are said."""
    models = "".join(
        f"""
[[models]]
name = "{actor.name}"
family = "{actor.family}"
provider = "openai"
base_url = "{server.openai_url}"
prices = {{ input = {actor.prices["input"]}, cached = {actor.prices["cached"]}, output = {actor.prices["output"]} }}
"""
        for actor in world.actors
    )
    rewards = "\n".join(f"{name} = {value}" for name, value in world.rewards.items())
    return f"""name = "nights"
{shipped_categories()}
[chunks]
sentences = {CHUNK}
overlap = 0

[rewards]
{rewards}

[learner]
controls = 1

[judging]
judges = 1

[limits]
max_cost_usd = 100.0
{models}"""


def write_night(folder: Path, night: int, chunks: int) -> None:
    """Write a night's documents, ten chunks each."""
    labelled = [json.loads(p.read_text("utf-8")) for p in sorted((ROOT / "datasets/labels").glob("*.json"))]
    passages = []
    for document in labelled:
        at = {sentence_id: k for k, (sentence_id, _) in enumerate(document["document"])}
        texts = [text for _, text in document["document"]]
        if all(text.isascii() for text in texts):
            passages += [texts[at[first] : at[last] + 1] for first, last, _ in document["passages"]]
    folder.mkdir()
    dice = random.Random(night)
    for number in range(-(-chunks // 10)):
        sentences: list[str] = []
        while len(sentences) < 10 * CHUNK:
            sentences += dice.choice(passages)
        sentences = sentences[: 10 * CHUNK]
        for k in range(0, len(sentences), CHUNK // 2):
            sentences[k] += f" This was item {night}-{number}-{k} of the evening."
        lines = list(enumerate(sentences, 1))
        (folder / f"night-{night:02d}-{number:03d}.json").write_text(json.dumps(lines), encoding="utf-8")


def figures(out: Path, day: date) -> dict[str, Any]:
    """Return calls and dollars of a night."""
    calls = tables.scan(out, "calls", day, day, where=~pc.field("from_cache")).to_pandas()
    judging = calls[calls.purpose.isin(["judge", "duel"])]
    drawn = calls[calls.purpose == "serve"]
    # What the dearest model's calls cost in a role, times the calls that were served.
    dearest = calls[calls.model == "summit"].groupby("role").cost_usd.mean()
    dear = sum(dearest.get(role, 0.0) * n for role, n in drawn.role.value_counts().items())
    return {
        "calls": len(calls),
        "served": len(drawn),
        "judged": int((calls.judges > 0).sum()),
        "serving_usd": float(calls.cost_usd.sum() - judging.cost_usd.sum()),
        "judging_usd": float(judging.cost_usd.sum()),
        "dearest_usd": float(dear),
    }


def leaders(out: Path) -> dict[str, str]:
    """Return the leading model of each role after the last learn, with its weight."""
    newest, _ = state_versions.latest(out / "state" / "nights")
    if newest is None:
        return {}
    return {
        role: f"{plan.leader} {plan.weights[plan.leader]:.2f}"
        for (role, language), plan in sorted(newest.plans.items())
        if language == "en"
    }


if __name__ == "__main__":
    main()
