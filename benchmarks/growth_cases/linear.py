"""Whether CPU grows with the text alone: the embedded models by the sentence, stories and questions by the topic.

CPU a sentence is that of all four roles and of the topics' vectors, in this process and without the calls' own cost.
"""

import time
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.growth_cases.rows import Case, Rows, at_most, told
from benchmarks.growth_cases.texts import varied
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.models.embedded.answers import Static
from nightdesk.tasks.models.embedded.vectors import HASHED, hashed_terms
from nightdesk.tasks.models.topic_marks import TERM
from nightdesk.tasks.reorganizing import stories
from nightdesk.tasks.roles import content_organizer, relationship_checker, topic_finder, topic_locator
from nightdesk.tasks.roles.chunk_splitter import split_document

SENTENCES = 20_000
MOST_RATIO = 2.3  # of CPU, of a step that is to grow with its input alone
TOPICS_A_BATCH = 1_300  # of 20,000 sentences in documents of 25
_RULE, _TERMS = stories.Rule(0.065, 1.9), 60
NIGHT = 65_000  # topics of a million sentences


def by_sentence(folder: Path, env: Mapping[str, str]) -> Rows:
    """Measure what the embedded models take of a sentence, in short and in long documents."""
    rows = []
    for length, goal in ((25, 250), (2_000, 250)):
        texts = list(islice(varied(length), SENTENCES))
        documents = [texts[k : k + length] for k in range(0, SENTENCES, length)]
        model = Static()
        _reorganize(model, documents[-1])  # what is loaded once
        taken = _cpu(lambda d=documents, m=model: [_reorganize(m, document) for document in d])
        rows.append(
            at_most(f"embedded models, documents of {length}: CPU us a sentence", taken / SENTENCES * 1e6, goal)
        )
    return rows


def by_topic(folder: Path, env: Mapping[str, str]) -> Rows:
    """Measure how what is done with topics grows when they are twice as many."""
    rows: Rows = []
    for what, make, run, n in (
        ("questions about topics", _unit_rows, relationship_checker.candidate_calls, 8_192),
        ("stories of one document's topics", _one_document, _relate, 32_768),
    ):
        once, twice = (_least(run, make(k)) for k in (n, 2 * n))
        rows.append(at_most(f"{what}: CPU at {2 * n:,} topics over {n:,}", twice / once, MOST_RATIO))
    known = stories.KnownStories()
    known.add(_marks(NIGHT), [str(k) for k in range(NIGHT)])
    documents = [f"d{k}" for k in range(TOPICS_A_BATCH)]
    batch, rules = _marks(TOPICS_A_BATCH, seed=2), [_RULE] * TOPICS_A_BATCH
    taken = _cpu(lambda: stories.relate(documents, documents, batch, known, rules))
    # Over a night the known topics grow from none to all, so that a batch compares with half of them on average.
    spent = taken / 2 / 20_000 * 1e3
    rows.append(at_most("stories, a million sentences in documents of 25: CPU ms a sentence", spent, 0.05))
    rows.append(told("stories, last batch of that night: CPU s", taken))
    return rows


def _reorganize(model: Static, texts: list[str]) -> None:
    profile = load_profile("news")
    chunks = split_document("d", texts, profile.chunks)
    categories = list(profile.categories)
    titles: list[str] = []
    parts: list[list[str]] = []
    for chunk in chunks:
        shown = texts[chunk.start : chunk.end]
        found = model.compute(topic_finder.make_request(shown, "en")).groups
        names, anchors = [g.label for g in found], [g.numbers for g in found]
        located = model.compute(topic_locator.make_request(shown, "en", names, anchors)).groups
        titles += [names[int(g.label) - 1] for g in located]
        parts += [[shown[n - 1] for n in g.numbers] for g in located]
        model.compute(content_organizer.make_request(shown, "en", categories))
    vectors = hashed_terms([[title, *part[:30]] for title, part in zip(titles, parts, strict=True)])
    for call in relationship_checker.candidate_calls(vectors):
        some = [titles[k] for k in call], [parts[k] for k in call]
        model.compute(relationship_checker.make_request(*some, "en"))


def _unit_rows(n: int, seed: int = 1) -> Any:
    rows = np.random.default_rng(seed).normal(size=(n, HASHED)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _marks(n: int, seed: int = 1) -> list[stories.Mark]:
    dice = np.random.default_rng(seed)
    terms = np.zeros((n, _TERMS), TERM)
    terms["word"] = (50_000 * dice.random((n, _TERMS)) ** 3).astype(np.uint32)  # some come far more often than others
    terms["rarity"], terms["count"], terms["parts"] = 200, 1, 1
    return [stories.Mark(stories.pack(v), its.tobytes()) for v, its in zip(_unit_rows(n, seed), terms, strict=True)]


def _one_document(n: int) -> tuple[list[str], list[str], list[stories.Mark]]:
    return [f"t{k}" for k in range(n)], ["d"] * n, _marks(n)


def _relate(given: tuple[list[str], list[str], list[stories.Mark]]) -> None:
    stories.relate(*given, stories.KnownStories(), [_RULE] * len(given[0]))


def _least(run: Callable[[Any], object], given: Any) -> float:
    return min(_cpu(lambda: run(given)) for _ in range(3))


def _cpu(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


QUICK: dict[str, Case] = {"models": by_sentence, "topics": by_topic}
