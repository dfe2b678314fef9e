"""Quality of a fresh run's tables on labelled documents: worst of five dates, by the measures of the published scorer.

Ours (datasets/labels) are measured by the profile they are labelled in; the others, where they are there, by news.
stretch_f1, story_f1: B-cubed F1 of runs of one topic, and of topics. coverage: share of sentences that stand in their
place once. The scorer is ../shared/tools/score_passages.py, so without that folder there is nothing to measure with.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from benchmarks.common import ROOT, SHARED, nightdesk, prefect_server, scratch, show

DATES = [f"2026-01-{day:02d}" for day in range(5, 10)]
SCORER = SHARED / "tools" / "score_passages.py"
MEASURES = ("coverage", "unplaced", "stretch_f1", "story_f1", "category_acc", "category_f1", "topic_category_recall")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="also the coverage of every unlabelled transcript")
    arguments = parser.parse_args()
    if not SCORER.exists():
        print(f"{SCORER} is not there; the quality of tables is not measured")
        return
    samples, labels = ROOT / "datasets" / "samples", ROOT / "datasets" / "labels"
    ours = {p.stem: p for p in sorted(labels.glob("*.json"))}
    commerce = {k for k, p in ours.items() if "order_urging" in p.read_text(encoding="utf-8")}
    theirs = {p.stem: p for p in [*SHARED.glob("data/gold/*.json"), *sorted(SHARED.glob("data/stories/*.json"))]}
    rows = []
    with prefect_server() as env, scratch() as folder:
        for profile, group in (("news", {k: v for k, v in ours.items() if k not in commerce} | theirs),
                               ("commerce", {k: v for k, v in ours.items() if k in commerce})):  # fmt: skip
            sources = [samples, *(theirs[k] for k in group if k in theirs)]
            scores: dict[str, list[dict[str, float]]] = {k: [] for k in group}
            for date in DATES:  # a fresh OUT for each: another date draws other models
                out = folder / f"{profile}-{date}"
                nightdesk("run", *sources, "--out", out, "--date", date, "--profile", profile, "--no-learn", env=env)
                for doc_id, labelled in group.items():
                    scores[doc_id].append(score(out, doc_id, labelled))
            for doc_id, found in scores.items():
                worst = {m: (max if m == "unplaced" else min)(s[m] for s in found) for m in MEASURES if m in found[0]}
                rows.append({"document": doc_id, "profile": profile, "sentences": found[0]["sentences"], **worst})
        if arguments.all:
            rows += coverage(folder / "all", env)
    show("quality", rows)


def coverage(out: Path, env: dict[str, str]) -> list[dict[str, object]]:
    """Return coverage and unplaced of every unlabelled transcript, filed by the commerce profile."""
    transcripts = sorted((SHARED / "data" / "olp_mini").glob("*.json"))
    nightdesk("run", *transcripts, "--out", out, "--date", DATES[0], "--profile", "commerce", "--no-learn", env=env)
    rows: list[dict[str, object]] = []
    for path in transcripts:
        labelled = out / "document.json"
        labelled.write_text(json.dumps({"document": json.loads(path.read_text(encoding="utf-8"))}), encoding="utf-8")
        s = score(out, path.stem, labelled)
        row = {"document": path.stem, "profile": "commerce", "sentences": s["sentences"]}
        rows.append({**row, "coverage": s["coverage"], "unplaced": s["unplaced"]})
    return rows


def score(out: Path, doc_id: str, labelled: Path) -> dict[str, float]:
    """Score one document's passages by the published scorer."""
    command = [sys.executable, str(SCORER), str(out), doc_id, str(labelled), "--json"]
    done = subprocess.run(command, text=True, capture_output=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    main()
