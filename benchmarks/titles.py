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
from benchmarks.topics import located, related
from nightdesk.tasks.models.embedded.answers import MODELS
from nightdesk.tasks.models.embedded.baseline import Embedded
from nightdesk.tasks.reorganizing.filing import titles_of

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
    work = located(model, sentences, language)
    related(model, work)
    stories = work.stories()
    for story, title in zip(stories, titles_of(work, stories), strict=True):
        told = [sentences[position] for position in story.positions]
        yield Named(path.stem, title, told, len(told) / len(sentences))


if __name__ == "__main__":
    main()
