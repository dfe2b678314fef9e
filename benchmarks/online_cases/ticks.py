"""A document that comes in many ticks, held against one run of the whole: calls, CPU, and which ids change."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path

from benchmarks.growth_cases.metering import metered_run
from benchmarks.growth_cases.rows import Case, Rows, at_most, exactly, told
from benchmarks.growth_cases.texts import stories, write_varied
from benchmarks.online_cases import seeing
from benchmarks.online_cases.following import PATIENCE_S, Follow
from benchmarks.online_cases.seeing import Prober
from nightdesk.tasks import tables

Ids = dict[int, tuple[str | None, str | None, bool]]
"""Position -> topic_id, story_id, and whether the sentence was settled."""
_TINY = 200  # sentences of the document by which everything is compiled and cached before it is measured


def _ticks(ticks: int, scratch: Path, env: Mapping[str, str]) -> Rows:
    write_varied(scratch / "tiny", _TINY, _TINY, seed=1)
    metered_run(env, scratch / "tiny", scratch / "out-tiny")
    lines = [" ".join(text.split()) for passage in stories() for text in passage]
    (scratch / "in").mkdir()
    (scratch / "in" / "whole.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    whole = metered_run(env, scratch / "in", scratch / "whole")
    sentences = tables.scan(scratch / "whole", "passages", columns=["position"]).num_rows
    follow = Follow(env, scratch / "followed", ["-"], "--every", "1s")
    seen = list(_grown(follow, lines, ticks))
    calls = [tables.scan(out, "calls", columns=["run_id"]).num_rows for out in (follow.out, scratch / "whole")]
    about = f"{sentences:,} sentences in {ticks} ticks: "
    return [
        at_most(f"{about}calls over those of one run of the whole", calls[0] / calls[1], 1.25),
        at_most(f"{about}CPU over that of one run of the whole", follow.cpu_s.total() / whole.total_s, 1.4),
        told(f"{about}CPU, s", follow.cpu_s.total()),
        told(f"{about}CPU of one run of the whole, s", whole.total_s),
        *(told(f"{about}CPU, {kind}, s", cpu_s) for kind, cpu_s in sorted(follow.cpu_s.items())),
        *(told(f"{about}CPU of the whole, {kind}, s", cpu_s) for kind, cpu_s in sorted(whole.cpu_s.items())),
        exactly(f"{about}sentences published, of the sentences of the whole", len(seen[-1]) / sentences, 1.0),
        *changes(about, seen, _merged_into(follow.out)),
    ]


def _grown(follow: Follow, lines: list[str], ticks: int) -> Iterator[Ids]:
    """Say the lines in so many portions, each when the one before is seen; yield the ids after each, and at the end."""
    with Prober(follow.out) as prober, follow:
        for k in range(ticks):
            before = prober.shown()
            follow.write(
                "".join(f"{line}\n" for line in lines[len(lines) * k // ticks : len(lines) * (k + 1) // ticks])
            )
            prober.wait(lambda before=before: prober.shown() > before, PATIENCE_S, follow.check)  # type: ignore[misc]
            yield _ids(follow.out)
        follow.end_stdin()
    yield _ids(follow.out)


def _ids(out: Path) -> Ids:
    return {
        row["position"]: (row["topic_id"], row["story_id"], not row["chunk_id"].endswith(seeing.OPEN))
        for row in _with_stories(out)
    }


def _with_stories(out: Path) -> list[dict[str, object]]:
    passages = seeing.rows(out, "topic_id").to_pylist()  # first: topics that are published meanwhile do no harm
    topics = tables.scan(out, "topics", columns=["topic_id", "story_id"]).to_pylist()
    of = {row["topic_id"]: row["story_id"] for row in topics}
    return [{**row, "story_id": of.get(row["topic_id"])} for row in passages]


def _merged_into(out: Path) -> dict[str, str]:
    """Return the topics that were merged away, and which they are a part of in the end."""
    rows = tables.scan(out, "topics", columns=["topic_id", "aliases"]).to_pylist()
    return {alias: row["topic_id"] for row in rows for alias in row["aliases"] or ()}


def changes(about: str, seen: list[Ids], merged: Mapping[str, str]) -> Rows:
    """Return how many sentences got other ids; a change is forgiven where the topic was merged into the new one."""
    changed, guessed, wrong = set[int](), set[int](), set[int]()
    for before, after in pairwise(seen):
        for position, (topic, story, was_settled) in before.items():
            now_topic, now_story, is_settled = after.get(position, (None, None, True))
            is_merged = merged.get(topic or "", topic) == merged.get(now_topic or "", now_topic) != topic
            if was_settled and not is_merged and (topic, story) != (now_topic, now_story):
                changed.add(position)
            if is_settled and not was_settled:
                guessed.add(position)
                if topic != now_topic:
                    wrong.add(position)
    total = max(1, len(guessed))
    return [
        exactly(f"{about}settled sentences whose topic_id or story_id changes without a merge", len(changed), 0),
        told(f"{about}share of the provisional sentences seen that settle under another topic_id", len(wrong) / total),
    ]


QUICK: dict[str, Case] = {"ticks-12": partial(_ticks, 12)}
LONG: dict[str, Case] = {"ticks-100": partial(_ticks, 100)}
