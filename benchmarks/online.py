"""A transcript that grows: what changes in what was published of it, when it is run again and again with more text.

changed: share of the sentences that stood after the run before last of which topic_id (story_id, title) was another one
after a later run, over all runs. apart: of them, those that did not change because two topics became one (merged: the
alias leads to the new id) or because the sentence went over to another topic that stood already; there an id changed.
renamed: topics whose first sentence stayed first, and which have another topic_id or story_id than before.
"""

import argparse
import json
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.common import SHARED, nightdesk, prefect_server, scratch, show
from nightdesk.tasks import tables

DAY = date(2026, 1, 5)
_IDS = ("topic_id", "story_id", "title")
State = list[dict[str, Any]]  # of each sentence, in order: topic_id, story_id, title; is_first: it begins its topic


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transcripts", nargs="*", default=["CN011", "EN020"], help="of ../shared/data/olp_mini")
    parser.add_argument("--runs", type=int, default=12)
    arguments = parser.parse_args()
    rows = []
    with prefect_server() as env, scratch() as folder:
        for name in arguments.transcripts:
            sentences = json.loads((SHARED / "data" / "olp_mini" / f"{name}.json").read_text(encoding="utf-8"))
            states = grown(folder / name, name, sentences, arguments.runs, env)
            rows.append({"transcript": name, "sentences": len(sentences), "runs": len(states), **compared(states)})
    show("online", rows)


def grown(folder: Path, name: str, sentences: list[Any], runs: int, env: dict[str, str]) -> list[tuple[State, Any]]:
    """Run a growing transcript; return after each run how it stands, and alias -> topic_id."""
    folder.mkdir()
    source, out, states = folder / f"{name}.json", folder / "out", []
    for k in range(1, runs + 1):
        source.write_text(json.dumps(sentences[: len(sentences) * k // runs]), encoding="utf-8")
        nightdesk("run", source, "--out", out, "--date", DAY, "--profile", "commerce", "--no-learn", env=env)
        states.append((state(out), aliases(out)))
    return states


def state(out: Path) -> State:
    """Return how the sentences stand."""
    topics = {t["topic_id"]: t for t in tables.scan(out, "topics").to_pylist()}
    found: State = []
    seen = set()
    for p in tables.scan(out, "passages", columns=["position", "topic_id"]).sort_by("position").to_pylist():
        topic = topics.get(p["topic_id"], {})
        found.append({name: topic.get(name) for name in _IDS} | {"is_first": bool(topic) and p["topic_id"] not in seen})
        seen.add(p["topic_id"])
    return found


def aliases(out: Path) -> dict[str, str]:
    """Return topic_id of a topic that became a part of another one -> topic_id of that."""
    rows = tables.scan(out, "topics").to_pylist()
    return {alias: row["topic_id"] for row in rows for alias in row.get("aliases") or ()}


def compared(states: list[tuple[State, Any]]) -> dict[str, float]:
    """Return the shares that the head of this module names."""
    changed: dict[str, set[int]] = {name: set() for name in _IDS}
    apart: set[int] = set()
    renamed = topics = 0
    for (before, _), (after, now) in pairwise(states):
        stood = {s["topic_id"] for s in before}
        for position, (was, its) in enumerate(zip(before, after, strict=False)):
            for name in _IDS:
                if was[name] is not None and was[name] != its[name]:
                    changed[name].add(position)
            gone_over = its["topic_id"] in stood or now.get(was["topic_id"]) == its["topic_id"]
            if was["topic_id"] is not None and not gone_over:
                apart.add(position)
            if was["is_first"] and its["is_first"]:
                topics += 1
                renamed += any(was[name] != its[name] for name in _IDS[:2])
    n = len(states[-2][0])
    shares = {f"changed_{name}": len(changed[name]) / n for name in _IDS}
    return {**shares, "apart": len(apart) / n, "renamed": renamed, "topics_again": topics}


if __name__ == "__main__":
    main()
