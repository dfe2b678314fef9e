"""Topics of the embedded models on evenings put together at random: the worst and the mean over many seeds.

    python -m benchmarks.topics [--seeds 8] [--model static]

One shuffled document says little, and a model tuned to it less. Here the passages that there are (our labelled samples
and the documents of our training text; of ../shared, where it is there, news stories, checked articles and stretches
of live commerce) are drawn, cut short and shuffled anew for every seed, and go through finder, locator and
relationship checker in this process. stretch_f1, story_f1: B-cubed F1 of runs of one topic, and of topics. Stretches
of live commerce are cut out blindly, so a topic may really change inside one: they compare models, no more.
"""

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from benchmarks.common import ROOT, SHARED, show
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.models.embedded.answers import MODELS, Embedded
from nightdesk.tasks.roles import relationship_checker, topic_finder, topic_locator
from nightdesk.tasks.roles.agreement import bcubed_f1
from nightdesk.tasks.roles.chunk_splitter import Chunk, split_document

Passage = tuple[list[str], str]  # sentences, and the story they are of
Evening = list[Passage]
Make = Callable[[random.Random], Evening]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--only", default="", help="measure the evenings whose name holds this")
    parser.add_argument("--model", choices=list(MODELS), default="static")
    arguments = parser.parse_args()
    rows = []
    for name, language, make in evenings():
        if arguments.only not in name:
            continue
        scores = []
        for seed in range(arguments.seeds):
            evening = make(random.Random(seed))
            scores.append(measure(MODELS[arguments.model](), evening, language))
        stretch, story = zip(*scores, strict=True)
        score = {**spread("stretch_f1", stretch), **spread("story_f1", story)}
        rows.append({"evening": name, "seeds": arguments.seeds, **score})
    show(f"topics-{arguments.model}", rows)


def spread(name: str, values: Sequence[float]) -> dict[str, float]:
    """Return the worst and the mean."""
    return {f"{name}_worst": min(values), f"{name}_mean": sum(values) / len(values)}


def evenings() -> Iterator[tuple[str, str, Make]]:
    """Yield what is measured: its name, its language, and how one is made."""
    for language in ("en", "zh"):
        reports = [*labelled(ROOT / "datasets" / "labels" / f"evening-{language}.json"), *training(language)]
        yield f"own reports {language}", language, lambda dice, r=reports: mixed(dice, dice.sample(r, 20), 5, 40)
    stories: dict[str, list[Passage]] = defaultdict(list)
    for path in sorted(SHARED.glob("data/stories/dev_[!z]*.json")):  # English
        for sentences, story in labelled(path):
            stories[path.stem + story].append((sentences, story))
    gold = [p for path in sorted(SHARED.glob("data/gold/*.json")) for p in labelled(path)]
    if stories:
        names = sorted(stories)

        def some(dice: random.Random, n: int, low: int, high: int, also: Sequence[Passage] = ()) -> Evening:
            return mixed(dice, [p for name in dice.sample(names, n) for p in stories[name]] + list(also), low, high)

        yield "8 stories", "en", lambda dice: some(dice, 8, 40, 40)
        yield "30 stories and others", "en", lambda dice: some(dice, 30, 40, 40, gold)
        yield "12 stories, 5 to 40", "en", lambda dice: some(dice, 12, 5, 40)
        yield "15 stories, 3 to 12", "en", lambda dice: some(dice, 15, 3, 12)
    yield from short_documents()
    for language, prefix in (("en", "EN"), ("zh", "CN")):
        talk = [texts(path) for path in sorted(SHARED.glob(f"data/olp_mini/{prefix}*.json"))]
        if talk:
            yield f"talk {language}, 8 to 25", language, lambda dice, t=talk: stretches(dice, t, 12, 8, 25)
            yield f"talk {language}, 20 to 60", language, lambda dice, t=talk: stretches(dice, t, 10, 20, 60)


def short_documents() -> Iterator[tuple[str, str, Make]]:
    """Yield documents of fifteen passages, of two stories and of one, all short, where ../shared is there."""
    for name, language in (("dev_large", "en"), ("dev_zh", "zh")):
        path = SHARED / "data" / "stories" / f"{name}.json"
        passages = labelled(path) if path.exists() else []
        one_each = list({story: (sentences, story) for sentences, story in passages}.values())
        for n, low, high in ((15, 3, 12), (2, 4, 7), (1, 3, 12), (1, 5, 40)):
            drawn = passages if n == 15 else one_each
            if drawn:
                make: Make = lambda dice, p=drawn, n=n, a=low, b=high: mixed(dice, dice.sample(p, n), a, b)  # type: ignore[misc]  # noqa: E731
                yield f"{n} of {name}, {low} to {high}", language, make


def labelled(path: Path) -> list[Passage]:
    """Read the passages of a labelled document."""
    labels = json.loads(path.read_text(encoding="utf-8"))
    place = {i: k for k, (i, _) in enumerate(labels["document"])}
    sentences = [text for _, text in labels["document"]]
    return [(sentences[place[first] : place[last] + 1], story) for first, last, story in labels["passages"]]


def training(language: str) -> list[Passage]:
    """Read the documents of the training text; one of a single category is a list of sentences, not a text."""
    documents: dict[str, list[dict[str, str]]] = defaultdict(list)
    with (ROOT / "datasets" / "training" / "news.jsonl").open(encoding="utf-8") as file:
        for row in map(json.loads, file):
            if row["language"] == language:
                documents[row["document"]].append(row)
    return [
        ([row["text"] for row in rows], name)
        for name, rows in documents.items()
        if len({row["category"] for row in rows}) > 1
    ]


def texts(path: Path) -> list[str]:
    """Read the sentences of a transcript."""
    return [text for _, text in json.loads(path.read_text(encoding="utf-8")) if text.strip()]


def stretches(dice: random.Random, talk: Sequence[list[str]], n: int, low: int, high: int) -> Evening:
    """Cut a stretch out of each of n transcripts."""
    long_enough = [(k, t) for k, t in enumerate(talk) if len(t) > high]
    drawn = dice.sample(long_enough, min(n, len(long_enough)))
    lengths = [dice.randint(low, high) for _ in drawn]
    starts = [dice.randrange(len(t) - length) for (_, t), length in zip(drawn, lengths, strict=True)]
    return [(t[a : a + length], str(k)) for (k, t), a, length in zip(drawn, starts, lengths, strict=True)]


def mixed(dice: random.Random, passages: Sequence[Passage], low: int, high: int) -> Evening:
    """Cut each passage to a length from low to high, and shuffle: neighbours are of two stories if they can be."""
    cut = [(sentences[: dice.randint(low, high)], story) for sentences, story in passages]
    for _ in range(200):
        dice.shuffle(cut)
        if all(a[1] != b[1] for a, b in pairwise(cut)):
            break
    return cut


def measure(model: Embedded, evening: Evening, language: str) -> tuple[float, float]:
    """Return stretch_f1 and story_f1 of the model's topics."""
    sentences = [s for passage, _ in evening for s in passage]
    topics = topics_of(model, sentences, language)
    passage = [k for k, (found, _) in enumerate(evening) for _ in found]
    story = [name for found, name in evening for _ in found]
    runs = [0]
    for before, here in pairwise(topics):
        runs.append(runs[-1] + (here != before))
    return bcubed_f1(passage, runs), bcubed_f1(story, topics)


def topics_of(model: Embedded, sentences: list[str], language: str) -> list[object]:
    """Return the topic of every sentence, by the three roles that say it, one call after the other."""
    chunks = split_document("d", sentences, load_profile("news").chunks)
    titles, placed = [], []
    for chunk in chunks:
        shown = sentences[chunk.start : chunk.end]
        found = model.compute(topic_finder.make_request(shown, language)).groups
        names, anchors = [g.label for g in found], [g.numbers for g in found]
        located = model.compute(topic_locator.make_request(shown, language, names, anchors)).groups
        titles.append(names)
        placed.append({chunk.start + n - 1: int(g.label) - 1 for g in located for n in g.numbers})
    first = relationship_checker.stitch(placed)
    of = owned(chunks, placed, first)
    roots = list(dict.fromkeys(of))
    parts = [[s for s, topic in zip(sentences, of, strict=True) if topic == root] for root in roots]
    request = relationship_checker.make_request([titles[k][t] for k, t in roots], parts, language)
    joined = [[roots[n - 1] for n in g.numbers] for g in model.compute(request).groups]
    return list(owned(chunks, placed, relationship_checker.merge(first, joined)))


def owned(
    chunks: Sequence[Chunk],
    placed: Sequence[dict[int, int]],
    first: dict[relationship_checker.Topic, relationship_checker.Topic],
) -> list[relationship_checker.Topic]:
    """Return the topic of every sentence, as the chunk that owns it has placed it."""
    return [first[k, placed[k][p]] for k, chunk in enumerate(chunks) for p in range(chunk.own_start, chunk.own_end)]


if __name__ == "__main__":
    main()
