"""Topics of a followed document, as published, beside those of a run of the whole, on labelled documents.

The passages of each are shuffled by a seed, the order. stretch_f1, story_f1: B-cubed F1 of runs of one topic, and of
topics, by ../shared/tools/score_passages.py; without that folder nothing is measured.
"""

import bisect
import itertools
import json
import random
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks.common import SHARED
from benchmarks.growth_cases.metering import metered_run
from benchmarks.growth_cases.rows import Case, Rows, at_most, told
from benchmarks.online_cases.following import PATIENCE_S, Follow
from benchmarks.online_cases.seeing import Prober, stream_of
from benchmarks.online_cases.writing import append
from benchmarks.quality import SCORER, score
from benchmarks.topics import Evening, labelled, mixed
from nightdesk.tasks import tables

DOCUMENTS = {"dev_large": "stories", "dev_small": "stories", "multi_news_10": "gold"}
TICKS = 12
LONGEST = 10_000  # sentences of a passage: it is not cut
GOALS = {"stretch_f1": 0.01, "story_f1": 0.02}


def _quality(names: Sequence[str], orders: int, scratch: Path, env: Mapping[str, str]) -> Rows:
    if not SCORER.exists():
        print(f"{SCORER} is not there; the quality of followed documents is not measured")
        return []
    evenings = {
        f"{name}-{order}": mixed(random.Random(order), labelled(_path(name)), LONGEST, LONGEST)
        for name in names
        for order in range(orders)
    }
    whole, folder = scratch / "in", scratch / "growing"
    whole.mkdir()
    folder.mkdir()
    for name, evening in evenings.items():
        append(whole / f"{name}.txt", _lines(evening))
    metered_run(env, whole, scratch / "whole", "--no-learn")
    follow = Follow(env, scratch / "followed", [folder], "--every", "2s")
    _grow(follow, folder, evenings)
    follow.end_day()
    rows: Rows = []
    for name in names:
        scores = {
            out: [_score(scratch / out, f"{name}-{k}", evenings[f"{name}-{k}"]) for k in range(orders)]
            for out in ("whole", "followed")
        }
        for measure, goal in GOALS.items():
            means = {out: sum(its[measure] for its in found) / orders for out, found in scores.items()}
            about = f"{name}, {orders} orders, {measure}: "
            rows.append(at_most(f"{about}followed below run of the whole", means["whole"] - means["followed"], goal))
            rows += [told(f"{about}{out}", mean) for out, mean in means.items()]
    return rows


def _path(name: str) -> Path:
    return SHARED / "data" / DOCUMENTS[name] / f"{name}.json"


def _lines(evening: Evening) -> list[str]:
    return [" ".join(text.split()) for passage, _ in evening for text in passage]


def _grow(follow: Follow, folder: Path, evenings: Mapping[str, Evening]) -> None:
    """Write each document in TICKS portions, each when the ones before are seen; stop when all is seen."""
    with Prober(follow.out) as prober, follow:
        for tick in range(TICKS):
            before = prober.shown()
            for name, evening in evenings.items():
                lines = _lines(evening)
                append(folder / f"{name}.txt", lines[len(lines) * tick // TICKS : len(lines) * (tick + 1) // TICKS])
            # Every stream has at least this many more; a line may be held, or be cut to several sentences.
            least = before + sum(len(_lines(its)) // TICKS - 1 for its in evenings.values())
            prober.wait(lambda least=least: prober.shown() >= least, PATIENCE_S, follow.check)  # type: ignore[misc]
        follow.stop()


def _score(out: Path, name: str, evening: Evening) -> dict[str, float]:
    """Score a document of OUT against its passages, sentence by sentence as it was read."""
    columns = ["doc_id", "position", "sentence_id", "text"]
    found = [r for r in tables.scan(out, "passages", columns=columns).to_pylist() if stream_of(r["doc_id"]) == name]
    rows = sorted(found, key=lambda r: int(r["position"]))
    ends = list(itertools.accumulate(len(_bare(" ".join(passage))) for passage, _ in evening))
    starts = [0, *itertools.accumulate(len(_bare(row["text"])) for row in rows)]
    if starts[-1] != ends[-1]:
        raise RuntimeError(f"{name}: {starts[-1]} characters stand in the tables, {ends[-1]} were written")
    members: dict[int, list[str]] = {}
    for row, start in zip(rows, starts, strict=False):
        members.setdefault(bisect.bisect_right(ends, start), []).append(str(row["sentence_id"]))
    file = out / f"{name}.labels.json"
    labels = {
        "document": [[row["sentence_id"], row["text"]] for row in rows],
        "passages": [[ids[0], ids[-1], evening[k][1]] for k, ids in sorted(members.items())],
    }
    file.write_text(json.dumps(labels, ensure_ascii=False), encoding="utf-8")
    return score(out, rows[0]["doc_id"], file)


def _bare(text: str) -> str:
    return "".join(text.split())


QUICK: dict[str, Case] = {"quality-small": partial(_quality, ["dev_small", "multi_news_10"], 1)}
LONG: dict[str, Case] = {"quality": partial(_quality, list(DOCUMENTS), 5)}
