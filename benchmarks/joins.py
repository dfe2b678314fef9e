"""Whether topics of different documents that become one story belong together, and whether a story that comes back is
found.

    python -m benchmarks.joins [--half design|kept_back|second_kept_back|all] [--seeds 5] [--wrong]

Pairs: our own texts of datasets/joins, each a document of one topic; all of a profile and language are known at once. A
pair is joined if the two would be one story were there no others to choose from. hard: of one place, person, agency,
company or brand, but two stories. kept_back was set aside until the rule stood, second_kept_back until that was mended.
Recurring: passages of ../shared/data/stories, each a document, over as many nights as a story has passages at most.
recall: of topics whose story an earlier document has told, those that go on with it; precision: of topics that go on
with another, those that go on with one of their story. Chinese paragraphs there are each their own story: every join is
wrong, or two paragraphs of one thing. Live commerce: how many topics ten transcripts share, by found topics.
"""

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from benchmarks.common import ROOT, SHARED, show
from benchmarks.topics import labelled, texts, topics_of
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.config.sections.stories import StorySettings
from nightdesk.tasks.models.embedded.answers import MODELS
from nightdesk.tasks.models.worker import terms_group
from nightdesk.tasks.reorganizing.ids.links import rule_of
from nightdesk.tasks.reorganizing.joining.known_stories import KnownStories
from nightdesk.tasks.reorganizing.joining.packed import Mark, marked
from nightdesk.tasks.reorganizing.stories import relate

JOINS = ROOT / "datasets" / "joins"
HALVES = ("design", "kept_back", "second_kept_back")


class Text(NamedTuple):
    """A topic of the labelled set. family: texts that look alike, of one story or not."""

    profile: str
    language: str
    family: str
    story: str
    sentences: list[str]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=(*HALVES, "all"), default="all")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--wrong", action="store_true", help="print the pairs that are judged wrongly, too")
    arguments = parser.parse_args()
    halves = HALVES if arguments.half == "all" else [arguments.half]
    show("joins-pairs", [row for half in halves for row in pairs(half, arguments.wrong)])
    show("joins-recurring", [recurring(path, arguments.seeds) for path in sorted(SHARED.glob("data/stories/*.json"))])
    talk = [texts(path) for path in sorted(SHARED.glob("data/olp_mini/*.json"))]
    show("joins-commerce", [shared_talk(name, talk) for name in ("commerce", "news")] if talk else [])


def of_half(half: str) -> list[Text]:
    """Read the texts of a half of the labelled set."""
    lines = (JOINS / f"{half}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = map(json.loads, lines)
    return [Text(r["profile"], r["language"], r["family"], r["story"], r["text"]) for r in rows]


def marks_of(passages: Sequence[Sequence[str]]) -> list[Mark]:
    """Return what topics of these sentences are known by."""
    found = terms_group(None, list(passages))
    return marked([vector for vector, _ in found], [terms for _, terms in found])


def pairs(half: str, tells: bool) -> list[dict[str, object]]:
    """Judge pairs of the labelled set: those of a family, and as many easy ones as families."""
    of: dict[tuple[str, str], list[Text]] = defaultdict(list)
    for text in of_half(half):
        of[text.profile, text.language].append(text)
    rows: list[dict[str, object]] = []
    for (profile, language), found in of.items():
        settings = load_profile(profile).stories
        for across in sorted({settings.across, True}):
            its = settings.model_copy(update={"across": across})
            rows.append(_judged(f"{half} {profile} {language}", found, its, language, tells))
    return rows


def _judged(name: str, found: list[Text], settings: StorySettings, language: str, tells: bool) -> dict[str, object]:
    marks = marks_of([text.sentences for text in found])
    counts = {"same": 0, "hard": 0, "easy": 0, "joined": 0, "wrong": 0, "missed": 0}
    first = {text.family: k for k, text in reversed(list(enumerate(found)))}
    easy = list(combinations(first.values(), 2))[: len(first)]
    for i, j in [*(p for p in combinations(range(len(found)), 2) if found[p[0]].family == found[p[1]].family), *easy]:
        same = (found[i].family, found[i].story) == (found[j].family, found[j].story)
        kind = "same" if same else "hard" if found[i].family == found[j].family else "easy"
        joined = is_joined(marks, i, j, settings, language)
        counts[kind] += 1
        counts["joined"] += joined
        counts["wrong"] += joined and not same
        counts["missed"] += same and not joined
        if tells and joined != same:
            print(f"{name}: {'joined' if joined else 'missed'}: {found[i].sentences[0]} / {found[j].sentences[0]}")
    right = counts["joined"] - counts["wrong"]
    precision = right / counts["joined"] if counts["joined"] else None
    return {"set": name, "across": settings.across, **counts, "precision": precision, "recall": right / counts["same"]}


def is_joined(marks: Sequence[Mark], i: int, j: int, settings: StorySettings, language: str) -> bool:
    """Tell whether two topics become one story on a night that has the others as well."""
    known = KnownStories()
    known.add(marks, [f"story {k}" for k in range(len(marks))])
    known.scales[[k for k in range(len(marks)) if k != i]] = 0  # the others count, but are not gone on with
    known.counts.add([marks[j].terms], times=-1)
    return relate(["new"], ["new"], [marks[j]], known, [rule_of(settings, language)]) == [f"story {i}"]


def recurring(path: Path, seeds: int) -> dict[str, object]:
    """Tell the passages of labelled stories night by night, each in a document of its own."""
    passages = labelled(path)
    language = "zh" if path.stem.endswith("zh") else "en"
    settings = load_profile("news").stories
    marks = marks_of([sentences for sentences, _ in passages])
    back = found = joined = right = 0
    for seed in range(seeds):
        nights: list[list[int]] = [[], [], []]
        order = list(range(len(passages)))
        random.Random(seed).shuffle(order)
        for k in order:
            nights[sum(passages[k][1] == passages[j][1] for night in nights for j in night) % 3].append(k)
        known, told = KnownStories(), dict[int, str]()
        for number, night in enumerate(nights):
            names = [f"{number}/{k}" for k in night]
            rules = [rule_of(settings, language)] * len(night)
            stories = relate(names, names, [marks[k] for k in night], known, rules)
            known.add([marks[k] for k in night], stories)
            for k, story in zip(night, stories, strict=True):
                before = [j for j, its in told.items() if its == story]
                same = any(passages[j][1] == passages[k][1] for j in before)
                back += any(passages[j][1] == passages[k][1] for j in told)
                found, joined, right = found + same, joined + bool(before), right + same
                told[k] = story
    return {
        "set": path.stem,
        "topics": len(passages),
        "recurring": back / seeds,
        "recall": found / back if back else None,
        "joined": joined / seeds,
        "precision": right / joined if joined else None,
    }


def shared_talk(profile: str, talk: Sequence[list[str]]) -> dict[str, object]:
    """Count the topics of transcripts that go on with one of another transcript, ten at a time."""
    settings = load_profile(profile).stories
    topics = shared = 0
    for start in range(0, len(talk), 10):
        marks: list[Mark] = []
        docs: list[str] = []
        languages: list[str] = []
        for k, sentences in enumerate(talk[start : start + 10]):
            language = "zh" if any("\u4e00" <= c <= "\u9fff" for s in sentences[:50] for c in s) else "en"
            of: dict[object, list[str]] = defaultdict(list)
            for topic, sentence in zip(topics_of(MODELS["static"](14.0), sentences, language), sentences, strict=True):
                of[topic].append(sentence)
            marks += marks_of(list(of.values()))
            docs += [str(k)] * len(of)
            languages += [language] * len(of)
        rules = [rule_of(settings, language) for language in languages]
        stories = relate([str(k) for k in range(len(docs))], docs, marks, KnownStories(), rules)
        topics, shared = topics + len(stories), shared + len(stories) - len(set(stories))
    return {"talk by the rules of": profile, "topics": topics, "that go on with another document's": shared}


if __name__ == "__main__":
    main()
