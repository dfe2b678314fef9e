"""Topics of the embedded models on evenings put together at random: the worst and the mean over many seeds.

    python -m benchmarks.topics [--seeds 8 | --seed 5] [--model static] [--only "long document"]

One shuffled document says little, and a model tuned to it less. Here the passages that there are (our labelled samples
and the documents of our training text; of ../shared, where it is there, news stories, checked articles and stretches
of live commerce) are drawn, cut short and shuffled anew for every seed, and go through finder, locator and
relationship checker in this process. Long documents are made of versions of passages, as wire stories come again: a
version keeps 60 % of the sentences. stretch_f1, story_f1: B-cubed F1 of runs of one topic, and of topics. Stretches
of live commerce are cut out blindly, so a topic may really change inside one: they compare models, no more.
"""

import argparse
import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import inf
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import ROOT, SHARED, show
from nightdesk.tasks.calling.call_rows import Unit
from nightdesk.tasks.calling.outcomes import Outcome
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.models.embedded.answers import MODELS
from nightdesk.tasks.models.embedded.baseline import Embedded
from nightdesk.tasks.models.embedded.titles import title
from nightdesk.tasks.models.embedded.vectors import hashed_terms
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reorganizing.document_state import Batch, FoundTopic, Work
from nightdesk.tasks.reorganizing.relating.rounds import relate
from nightdesk.tasks.reorganizing.role_stages import make_ready
from nightdesk.tasks.roles import topic_finder, topic_locator
from nightdesk.tasks.roles.agreement import bcubed_f1
from nightdesk.tasks.roles.chunk_splitter import Chunk, split_document

Passage = tuple[list[str], str]  # sentences, and the story they are of
Evening = list[Passage]
Make = Callable[[random.Random], Evening]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--seed", type=int, help="this seed alone")
    parser.add_argument("--only", default="", help="what the name of an evening contains")
    parser.add_argument("--model", choices=list(MODELS), default="static")
    arguments = parser.parse_args()
    seeds = range(arguments.seeds) if arguments.seed is None else [arguments.seed]
    rows = []
    whole = [(measure, *row) for row in [*evenings(), *documents()]]
    for score_of, name, language, make in [*whole, *((measure_relating, *row) for row in repeated())]:
        if arguments.only not in name:
            continue
        scores, begun = [], time.process_time()
        for seed in seeds:
            evening = make(random.Random(seed))
            scores.append(score_of(MODELS[arguments.model](), evening, language))
        stretch, story = zip(*scores, strict=True)
        score = {**spread("stretch_f1", stretch), **spread("story_f1", story)}
        seconds = (time.process_time() - begun) / len(seeds)
        rows.append({"evening": name, "seeds": len(seeds), **score, "cpu_s": seconds})
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


def repeated() -> Iterator[tuple[str, str, Make]]:
    """Yield few of our own reports that come again and again: what is measured is how their versions are related."""
    for language in ("en", "zh"):
        reports = [p for p in training(language) if len(p[0]) >= 8]
        for n, times in ((1, 150), (2, 75), (5, 30)):
            if len(reports) >= n:
                name = f"{n} own reports {language}, {times} versions"
                yield name, language, lambda dice, r=reports, n=n, t=times: versions(dice, dice.sample(r, n), t)


def documents() -> Iterator[tuple[str, str, Make]]:
    """Yield whole labelled documents, in an order of their passages by the seed, and long ones of versions of them."""
    for path in [*sorted(SHARED.glob("data/gold/*.json")), *sorted(SHARED.glob("data/stories/*.json"))]:
        passages, language = labelled(path), "zh" if path.stem.endswith("_zh") else "en"
        yield f"document {path.stem}", language, lambda dice, p=passages: dice.sample(p, len(p))
        if path.stem == "dev_long":
            for times in (4, 11):
                name = f"long document {path.stem}, {times} versions"
                yield name, language, lambda dice, p=passages, t=times: versions(dice, p, t)


def versions(dice: random.Random, passages: Sequence[Passage], times: int) -> Evening:
    """Return so many versions of each passage, shuffled; each keeps 60 % of its sentences, at least 5."""
    made: Evening = []
    for _ in range(times):
        for sentences, story in passages:
            n = len(sentences)
            kept = sorted(dice.sample(range(n), min(n, max(5, round(0.6 * n)))))
            made.append(([sentences[k] for k in kept], story))
    dice.shuffle(made)
    return made


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


def measure_relating(model: Embedded, evening: Evening, language: str) -> tuple[float, float]:
    """Return stretch_f1 and story_f1 where each passage was found as a topic, so the first of them is 1."""
    work = Work(Document("d", "d", "", language, (), tuple(s for passage, _ in evening for s in passage)), 0)
    of = [k for k, (passage, _) in enumerate(evening) for _ in passage]
    work.chunks = [Chunk("d", 0, len(of), 0, len(of))]
    make_ready(work)
    work.found[0] = tuple(FoundTopic(title(passage, language, []), (1,), "") for passage, _ in evening)
    work.placed[0] = dict(enumerate(of))
    joined = related(model, work)
    return 1.0, bcubed_f1([evening[k][1] for k in of], joined)


def related(model: Embedded, work: Work) -> list[object]:
    """Relate the topics of a document as a run does; return the topic of every sentence."""
    asyncio.run(relate(cast(Router, InProcess(model)), Batch(0, [work]), lambda done, of: None))
    return [work.joined[k, work.placed[k][position]] for position, k in work.owned()]


def topics_of(model: Embedded, sentences: list[str], language: str) -> list[object]:
    """Return the topic of every sentence, by the three roles that say it, as the stages of a run ask them."""
    return related(model, located(model, sentences, language))


def located(model: Embedded, sentences: Sequence[str], language: str) -> Work:
    """Return a document whose topics are found and located, chunk by chunk, and not related yet."""
    work = Work(Document("d", "d", "", language, (), tuple(sentences)), 0)
    work.chunks = split_document("d", sentences, load_profile("news").chunks)
    make_ready(work)
    for k, chunk in enumerate(work.chunks):
        shown = work.texts(chunk)
        found = model.compute(topic_finder.make_request(shown, language)).groups
        work.found[k] = tuple(FoundTopic(g.label, g.numbers, "") for g in found)
        names, anchors = [g.label for g in found], [g.numbers for g in found]
        placed = model.compute(topic_locator.make_request(shown, language, names, anchors)).groups
        work.placed[k] = {chunk.start + n - 1: int(g.label) - 1 for g in placed for n in g.numbers}
    return work


class InProcess:
    """What the stage that relates topics needs of a router: one model, computed here, which reads any length."""

    def __init__(self, model: Embedded) -> None:
        self._model = model
        self.plans = self

    def budgets_of(self, role: str, version: int, language: str) -> Any:
        """Return budgets without a limit."""
        return SimpleNamespace(smallest=lambda least=0.0: inf, largest=inf)

    async def embed(self, texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """Return a unit row for every text."""
        return hashed_terms(texts)

    async def ask(self, units: Sequence[Unit], on_done: Callable[[], None]) -> list[Outcome]:
        """Answer questions."""
        return [Outcome(self._model.compute(unit.request), "static") for unit in units]


if __name__ == "__main__":
    main()
