"""A transcript that grows and is run again each time: which ids change of what was published of it.

Finder, locator and relationship checker of an embedded model in this process, as a night calls them; the ids by order
number (until 0.2) and at first sight, of the same topics. changed_topic, changed_story: share of the sentences that
stood before the last run of which the id was another one after some run. unmerged: of the changes of topic_id, those
that no alias leads over. gone_over: of these, sentences that the models now put in another published topic. Topics
renamed: those that have all of their sentences, and maybe more, and another id than before: the ids' own doing.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

from benchmarks.common import SHARED
from benchmarks.growth_cases.rows import Case, Rows, exactly, told
from benchmarks.topics import texts, topics_of
from nightdesk.tasks.models.embedded.answers import MODELS
from nightdesk.tasks.reorganizing.ids.first_sight import sentence_names, story_id
from nightdesk.tasks.reorganizing.ids.kept import Named, Standing, StandingTopic, name_topics

Topics = list[list[int]]  # positions of each, in order of appearance
NIGHT = "2026-01-05"
TRANSCRIPTS, RUNS = ("CN011", "EN020"), 12


class Run:
    """What one run published: of each of n sentences its topic_id and story_id, and of each topic its aliases."""

    def __init__(self, n: int, topics: Topics, named: Sequence[Named], stories: Sequence[str]) -> None:
        self.topics, self.named = topics, named
        self.topic_ids, self.story_ids = [""] * n, [""] * n
        for positions, its, story in zip(topics, named, stories, strict=True):
            for position in positions:
                self.topic_ids[position], self.story_ids[position] = its.topic_id, story
        self.now = {alias: its.topic_id for its in named for alias in its.aliases}
        self.stories = {its.topic_id: story for its, story in zip(named, stories, strict=True)}


Name = Callable[[Sequence[str], Topics, Run | None], tuple[Sequence[Named], Sequence[str]]]


def _run_again(_: Path, __: Mapping[str, str]) -> Rows:
    rows: Rows = []
    for transcript in TRANSCRIPTS:
        path = SHARED / "data" / "olp_mini" / f"{transcript}.json"
        if not path.exists():
            continue
        sentences = texts(path)
        model, language = MODELS["static"](), "zh" if transcript.startswith("CN") else "en"
        grown = [sentences[: len(sentences) * k // RUNS] for k in range(1, RUNS + 1)]
        found = [(so_far, positions_of(topics_of(model, so_far, language))) for so_far in grown]
        for ids, name in (("by order number", by_number), ("at first sight", at_first_sight)):
            about = f"{transcript}, {len(sentences)} sentences, run {RUNS} times, ids {ids}: "
            figures = compared(published(found, name))
            renamed = exactly if name is at_first_sight else lambda what, value, _: told(what, value)
            rows.append(renamed(f"{about}topics renamed", figures.pop("renamed"), 0))
            rows += [told(f"{about}{what}", value) for what, value in figures.items()]
    return rows


def positions_of(topics: Sequence[object]) -> Topics:
    """Return the positions of each topic. topics: that of every sentence."""
    positions: dict[object, list[int]] = defaultdict(list)
    for position, topic in enumerate(topics):
        positions[topic].append(position)
    return list(positions.values())


def by_number(_: Sequence[str], topics: Topics, __: Run | None) -> tuple[Sequence[Named], Sequence[str]]:
    """Name topics as 0.2 did."""
    named = [Named(f"d/t{number:04d}") for number in range(1, len(topics) + 1)]
    return named, [story_id(its.topic_id, NIGHT) for its in named]


def at_first_sight(
    sentences: Sequence[str], topics: Topics, before: Run | None
) -> tuple[Sequence[Named], Sequence[str]]:
    """Name topics by their first sentences, and keep what was published."""
    standing = None
    if before is not None:
        stood = {n.topic_id: StandingTopic(before.stories[n.topic_id], b"", n.aliases) for n in before.named}
        names = sentence_names(sentences[: len(before.topic_ids)])
        standing = Standing(date.fromisoformat(NIGHT), names, before.topic_ids, stood)
    named = name_topics("d", sentences, topics, standing)
    kept = before.stories if before is not None else {}
    return named, [kept.get(its.topic_id) or story_id(its.topic_id) for its in named]


def published(found: Sequence[tuple[Sequence[str], Topics]], name: Name) -> list[Run]:
    """Return what each run published, one after the other."""
    runs: list[Run] = []
    for sentences, topics in found:
        runs.append(Run(len(sentences), topics, *name(sentences, topics, runs[-1] if runs else None)))
    return runs


def compared(runs: Sequence[Run]) -> dict[str, float]:
    """Return the figures that the head of this module names."""
    topic, story, unmerged, gone_over = (set[int]() for _ in range(4))
    renamed = 0
    for before, after in pairwise(runs):
        for position, (was, its) in enumerate(zip(before.topic_ids, after.topic_ids, strict=False)):
            if before.story_ids[position] != after.story_ids[position]:
                story.add(position)
            if was != its:
                topic.add(position)
                if after.now.get(was) != its:
                    unmerged.add(position)
                    if its in before.stories:
                        gone_over.add(position)
        stood = len(before.topic_ids)
        same = {tuple(positions): its.topic_id for positions, its in zip(before.topics, before.named, strict=True)}
        for positions, its in zip(after.topics, after.named, strict=True):
            earlier = same.get(tuple(p for p in positions if p < stood))
            renamed += earlier is not None and earlier != its.topic_id
    n = len(runs[-2].topic_ids)
    return {"changed_topic": len(topic) / n, "changed_story": len(story) / n} | {
        "unmerged": len(unmerged) / n,
        "gone_over": len(gone_over) / n,
        "renamed": renamed,
    }


QUICK: dict[str, Case] = {"run-again": _run_again}
