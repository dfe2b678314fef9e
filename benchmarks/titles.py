"""Titles beside the first sentences of their topics, for a person to read: would an editor send them back?

    python -m benchmarks.titles [--titles 60] [--seed 0] [--model static]

Topics are drawn, as many of each kind, from the documents of ../shared: English news, Chinese web pages, transcripts
of live commerce in both languages. Each document goes whole through finder, locator and relationship checker in this
process, and its topics are named as a night names them. No verdict is given here: what can be told by rules is held by
tests, and what is left wants a reader.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.common import SHARED
from benchmarks.topics import owned
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.models.embedded.answers import MODELS
from nightdesk.tasks.models.embedded.baseline import Embedded
from nightdesk.tasks.roles import relationship_checker, topic_finder, topic_locator
from nightdesk.tasks.roles.chunk_splitter import split_document

KINDS = {
    "news": ("en", ("gold/*.json", "stories/dev_small.json", "stories/dev_large.json", "stories/dev_long.json")),
    "web zh": ("zh", ("stories/dev_zh.json",)),
    "talk en": ("en", ("olp_mini/EN*.json",)),
    "talk zh": ("zh", ("olp_mini/CN*.json",)),
}
SHOWN = 3  # sentences of a topic
WIDTH = 150  # characters of a sentence


class Named(NamedTuple):
    """A topic of a document: its title, its sentences, and their share of the document."""

    document: str
    title: str
    sentences: list[str]
    share: float


def main() -> None:
    """Draw and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--titles", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", choices=list(MODELS), default="static")
    arguments = parser.parse_args()
    if not (SHARED / "data").exists():
        print(f"{SHARED / 'data'} is not there; there are no documents to name")
        return
    number = 0
    for n, (kind, (language, patterns)) in enumerate(KINDS.items()):
        paths = sorted(path for pattern in patterns for path in (SHARED / "data").glob(pattern))
        most = arguments.titles * (n + 1) // len(KINDS) - arguments.titles * n // len(KINDS)
        print(f"\n== {kind} ==")
        for topic in drawn(paths, language, MODELS[arguments.model](), most, random.Random(arguments.seed)):
            number += 1
            print(f"\n{number}. {topic.title}")
            print(f"   {topic.document}, {len(topic.sentences)} sentences, {topic.share:.0%} of it")
            for sentence in topic.sentences[:SHOWN]:
                print(f"   | {' '.join(sentence.split())[:WIDTH]}")


def drawn(paths: Sequence[Path], language: str, model: Embedded, most: int, dice: random.Random) -> list[Named]:
    """Draw topics of documents: up to `most` documents, each as often as the others, so that long ones do not lead."""
    some = sorted(dice.sample(paths, min(most, len(paths))))
    topics = {path: list(named(path, language, model)) for path in some}
    for its in topics.values():
        dice.shuffle(its)
    found: list[Named] = []
    while len(found) < most and any(topics.values()):
        found += [its.pop() for its in topics.values() if its]
    return found[:most]


def named(path: Path, language: str, model: Embedded) -> Iterator[Named]:
    """Yield the topics of a document under the titles that a night gives them (see filing.titles_of)."""
    document = json.loads(path.read_text(encoding="utf-8"))
    rows = document["document"] if isinstance(document, dict) else document
    sentences = [text for _, text in rows if text.strip()]
    chunks = split_document(path.stem, sentences, load_profile("news").chunks)
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
    merged = relationship_checker.merge(first, joined)
    members: dict[relationship_checker.Topic, list[relationship_checker.Topic]] = {}
    for topic, root in merged.items():
        members.setdefault(root, []).append(topic)
    taken: set[str] = set()
    whole = owned(chunks, placed, merged)
    for root in dict.fromkeys(whole):
        its = sorted(members[root], key=lambda topic: (-list(placed[topic[0]].values()).count(topic[1]), topic))
        title = topic_finder.free_title([titles[k][t] for k, t in its], taken)
        taken.add(title)
        told = [s for s, topic in zip(sentences, whole, strict=True) if topic == root]
        yield Named(path.stem, title, told, len(told) / len(sentences))


if __name__ == "__main__":
    main()
