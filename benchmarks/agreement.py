"""Whether `nightdesk evaluate` measures what the published scorer does: the largest difference for each measure.

The scorer is ../shared/tools/score_passages.py, so without that folder there is nothing to compare with.
"""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.common import ROOT, SHARED, nightdesk, scratch, show

SCORER = SHARED / "tools" / "score_passages.py"


def main() -> None:
    """Evaluate our own labelled documents and others, score the same tables by the scorer, and print."""
    if not SCORER.exists():
        print(f"{SCORER} is not there; nothing to compare with")
        return
    labels = sorted((ROOT / "datasets" / "labels").glob("*.json"))
    commerce = [p for p in labels if "order_urging" in p.read_text(encoding="utf-8")]
    theirs = [*SHARED.glob("data/gold/*.json"), *sorted(SHARED.glob("data/stories/*.json"))]
    groups = {"news": [p for p in labels if p not in commerce] + theirs, "commerce": commerce}
    largest: dict[str, float] = {}
    with scratch() as folder:
        for profile, group in groups.items():
            out = folder / profile
            told = nightdesk("evaluate", *group, "--profile", profile, "--out", out)
            for path, row in zip(group, told["documents"], strict=True):
                for measure, value in scored(out, path).items():
                    if measure in row and measure != "sentences":
                        largest[measure] = max(largest.get(measure, 0.0), abs(row[measure] - value))
    documents = sum(map(len, groups.values()))
    show("agreement", [{"measure": m, "documents": documents, "largest difference": d} for m, d in largest.items()])


def scored(out: Path, labelled: Path) -> dict[str, float]:
    """Return what the scorer says of a document."""
    command = [sys.executable, str(SCORER), str(out), labelled.stem, str(labelled), "--json"]
    done = subprocess.run(command, text=True, capture_output=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    main()
