"""How well the topics of a followed document are found, beside those of a run of the whole: worst and mean.

    python -m benchmarks.online_cases.quality [--model static] [--ticks 12 100] [--orders 5]

Labelled documents of ../shared arrive in so many pieces, in their own order and with their passages shuffled, and
are settled as `follow` settles them; the same text is taken through the roles at once. Both by one embedded model in
this process. stretch_f1, story_f1: B-cubed F1 of runs of one topic, and of topics. below_*: the whole run's less that
of the followed one. calls: calls of the followed document over those of the whole run; relates: questions which topics
are one. moved: sentences whose topic_id or story_id was another one after some tick, and by no merge.
"""

import argparse
import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import SHARED, scratch, show
from benchmarks.growth_cases.rows import Case, Rows, at_most, exactly
from benchmarks.topics import Evening, labelled, mixed
from nightdesk.tasks.calling.call_rows import Unit
from nightdesk.tasks.calling.outcomes import Outcome
from nightdesk.tasks.calling.question_size import Budgets
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.following.journal import Journal, document_id
from nightdesk.tasks.following.settling import states
from nightdesk.tasks.following.settling.settle import settle
from nightdesk.tasks.following.settling.stream_state import to_settle
from nightdesk.tasks.following.settling.stream_stories import StreamStories
from nightdesk.tasks.following.stream import Arrival, Poll
from nightdesk.tasks.models.embedded.answers import MODELS
from nightdesk.tasks.models.embedded.baseline import Embedded
from nightdesk.tasks.models.worker import embed_group, terms_group
from nightdesk.tasks.reading.documents import make_document
from nightdesk.tasks.reading.sentences import Spoken
from nightdesk.tasks.reorganizing.document_state import Batch, Work
from nightdesk.tasks.reorganizing.role_stages import ROLE_STAGES
from nightdesk.tasks.roles.agreement import bcubed_f1

DAY = date(2026, 1, 5)
DOCUMENTS = ("stories/dev_large", "stories/dev_small", "gold/multi_news_10", "stories/dev_long", "stories/dev_zh")


class InProcess:
    """Stands in for the router: one embedded model answers everything here. calls: how many, by role."""

    def __init__(self, model: Embedded) -> None:
        self.profile = load_profile("news")
        self.plans = SimpleNamespace(budgets_of=lambda role, version, language: Budgets(self.profile))
        self.calls: dict[str, int] = {}
        self._model = model

    async def ask(self, units: Sequence[Unit], on_done: Callable[[], None]) -> list[Outcome]:
        """Answer questions; categories are not measured, so those are answered by the first of them."""
        outcomes = []
        for unit in units:
            role = unit.request.role
            self.calls[role] = self.calls.get(role, 0) + 1
            model = self._model if role != "content_organizer" else MODELS["baseline"]()
            outcomes.append(Outcome(model.compute(unit.request), "embedded"))
            on_done()
        return outcomes

    async def embed(self, texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """Return vectors as the workers do."""
        return np.array(embed_group(None, texts))

    async def embed_with_terms(self, texts: Sequence[Sequence[str]]) -> tuple[NDArray[np.float32], list[bytes]]:
        """Return vectors and terms as the workers do."""
        found = terms_group(None, texts)
        return np.array([vector for vector, _ in found]), [terms for _, terms in found]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=list(MODELS), default="static")
    parser.add_argument("--ticks", type=int, nargs="*", default=[12, 100])
    parser.add_argument("--documents", nargs="*", default=list(DOCUMENTS), help="of ../shared/data")
    parser.add_argument("--orders", type=int, default=5)
    a = parser.parse_args()
    show("online-quality", list(quality(a.documents, a.model, a.ticks, a.orders)))


def quality(
    documents: Sequence[str] = DOCUMENTS, name: str = "static", ticks: Sequence[int] = (12, 100), orders: int = 5
) -> list[dict[str, Any]]:
    """Return a row for each document and number of ticks."""
    rows: list[dict[str, Any]] = []
    for document in documents:
        if not (path := SHARED / "data" / f"{document}.json").exists():
            continue
        language = "zh" if "zh" in document else "en"
        evenings = [ordered(labelled(path), order) for order in range(orders)]
        model = MODELS[name]()
        whole = [asyncio.run(at_once(model, evening, language)) for evening in evenings]
        for n in ticks:
            followed = [asyncio.run(follow(model, evening, n)) for evening in evenings]
            below = [
                [w - f for w, f in zip(scores(e, a[0]), scores(e, b[0]), strict=True)]
                for e, a, b in zip(evenings, whole, followed, strict=True)
            ]
            mean = [
                sum(its) / len(its)
                for its in zip(*(scores(e, a[0]) for e, a in zip(evenings, whole, strict=True)), strict=True)
            ]
            stretch, story = zip(*below, strict=True)
            rows.append(
                {"document": document, "sentences": sum(len(p) for p, _ in evenings[0]), "ticks": n}
                | {"stretch_f1": mean[0], "story_f1": mean[1]}
                | {"below_stretch_mean": sum(stretch) / orders, "below_stretch_worst": max(stretch)}
                | {"below_story_mean": sum(story) / orders, "below_story_worst": max(story)}
                | {"calls": sum(f[1] for f in followed) / sum(w[1] for w in whole)}
                | {"relates": sum(f[2] for f in followed) / orders, "merges": sum(f[3] for f in followed) / orders}
                | {"moved": sum(f[4] for f in followed)}
            )
    return rows


def ordered(passages: Evening, order: int) -> Evening:
    """Return passages in their own order (0), or shuffled."""
    return passages if order == 0 else mixed(random.Random(order), passages, 10_000, 10_000)


def scores(evening: Evening, topics: Sequence[object]) -> tuple[float, float]:
    """Return stretch_f1 and story_f1."""
    passage = [k for k, (found, _) in enumerate(evening) for _ in found]
    story = [name for found, name in evening for _ in found]
    runs = [0]
    for before, here in pairwise(topics):
        runs.append(runs[-1] + (here != before))
    return bcubed_f1(passage, runs), bcubed_f1(story, topics)


async def at_once(model: Embedded, evening: Evening, language: str) -> tuple[list[object], int]:
    """Take a document through the roles; return the topic of every sentence, and the calls."""
    router = InProcess(model)
    document = make_document("d", "d", [(str(k), s) for k, s in enumerate(s for p, _ in evening for s in p)])
    work = Work(document, 0)
    for stage in ROLE_STAGES.values():
        await stage(cast(Router, router), Batch(1, [work]), lambda done, of: None)
    topics: list[object] = [None] * len(document.texts)
    for k, story in enumerate(work.stories()):
        for position in story.positions:
            topics[position] = k
    return topics, sum(router.calls.values())


async def follow(model: Embedded, evening: Evening, ticks: int) -> tuple[list[object], int, int, int, int]:
    """Settle a document that arrives in pieces; return the topic of every sentence, calls, relates, merges, moved."""
    router = InProcess(model)
    sentences = [Spoken(str(k), s) for k, s in enumerate(s for p, _ in evening for s in p)]
    n = len(sentences)
    topics: list[str] = [""] * n
    merged: dict[str, str] = {}
    stories: dict[str, str] = {}
    moved = 0
    with scratch() as folder, Journal(folder, "news") as journal:
        doc_id = document_id("d", DAY)
        told = StreamStories(folder, DAY, journal.db)
        for tick in range(1, ticks + 1):
            piece = tuple(sentences[n * (tick - 1) // ticks : n * tick // ticks])
            journal.take(Poll([Arrival("d", "d", piece, None, tick == ticks)]), DAY)
            state = states.load(journal.db, doc_id) or states.begin(journal.db, doc_id, "d", None, 0)
            window = [s for _, s in journal.sentences(doc_id, state.needed)]
            its = to_settle(state, window, router.profile.chunks, tick == ticks)
            if its is None:
                continue
            (settled,) = await settle(cast(Router, router), [its], told)
            journal.db.transact(lambda state=state: states.save(journal.db, [state]))  # type: ignore[misc]
            state.saved()
            merged |= settled.merged
            for row in settled.topics:
                moved += stories.setdefault(row["topic_id"], row["story_id"]) != row["story_id"]
            for row in settled.passages:
                moved += topics[row["position"] - 1] != ""
                topics[row["position"] - 1] = row["topic_id"]

    def now(topic: str) -> str:
        while topic in merged:
            topic = merged[topic]
        return topic

    calls = sum(router.calls.values())
    return [now(t) for t in topics], calls, router.calls.get("relationship_checker", 0), len(merged), moved


def _case(folder: Path, env: Mapping[str, str]) -> Rows:
    """Return the rows of benchmarks/online.py."""
    rows: Rows = []
    for its in quality(DOCUMENTS[:3]):
        about = f"{its['document']} in {its['ticks']} ticks, topics in process: "
        rows += [
            at_most(f"{about}stretch_f1 below that of the whole", its["below_stretch_mean"], 0.01),
            at_most(f"{about}story_f1 below that of the whole", its["below_story_mean"], 0.02),
            at_most(f"{about}calls over those of the whole", its["calls"], 1.25),
            exactly(f"{about}ids that changed by no merge", its["moved"], 0),
        ]
    return rows


QUICK: dict[str, Case] = {"topics-in-process": _case}


if __name__ == "__main__":
    main()
