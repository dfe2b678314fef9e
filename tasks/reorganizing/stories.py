"""Stories: topics of different documents and nights that go on with each other share a story_id.

One pass over what topics are known by: each new topic takes the story of the one that is most like it among the topics
of the last nights and of this night's other documents, if the two have enough in common; else it begins a story of its
own. Vectors say which topics are compared (joining.candidates), terms whether two are of one story (joining.likeness).
"""

from collections.abc import Callable, Mapping, Sequence, Set
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from nightdesk.tasks.reorganizing.ids.first_sight import story_id
from nightdesk.tasks.reorganizing.joining.candidates import Candidates
from nightdesk.tasks.reorganizing.joining.known_stories import BLOCK, PAIRS, KnownStories
from nightdesk.tasks.reorganizing.joining.known_topics import NIGHTS, KnownTopics
from nightdesk.tasks.reorganizing.joining.likeness import Rule, TermCounts, alike
from nightdesk.tasks.reorganizing.joining.packed import Codes, Mark, are_near, inverse_lengths, pack, unpack

__all__ = [
    "NEAREST", "NIGHTS", "Codes", "KnownStories", "KnownTopics", "Mark", "Rule", "are_near", "pack", "relate", "unpack",
]  # fmt: skip

NEAREST = 0.35  # least cosine of two topics of one story of which one was published before terms were kept
_NO_PAIR = -1e9  # below what any pair comes to


class _Found(NamedTuple):
    """The story that a topic goes on with, and how like the topic is that it was found by."""

    likeness: float
    story: str


def relate(
    topic_ids: Sequence[str],
    doc_ids: Sequence[str],
    marks: Sequence[Mark],
    known: KnownStories,
    rules: Sequence[Rule | None],
    kept: Mapping[str, str] = MappingProxyType({}),
    begins: Callable[[str], str] = story_id,
    has: Mapping[str, Set[str]] = MappingProxyType({}),
) -> list[str]:
    """Return the story of each new topic, in order.

    rules: what makes each one a story with another; None: it goes on with no topic of another document.
    kept: topic_id -> its story, of topics that were published before. begins: topic_id -> the story that it begins.
    has: doc_id -> the stories of its topics that are not among these.
    Topics of one document are never joined here: that they are different stories is what the relationship checker said.
    """
    stories: list[str] = []
    codes = unpack([mark.vector for mark in marks])
    compared = _Compared(marks, known, stories)
    if any(rule is not None for rule in rules):
        compared.earlier = known.candidates(codes)
        compared.before = _before(codes, doc_ids)
    taken = _taken(topic_ids, doc_ids, kept, has)
    for i, (topic, doc) in enumerate(zip(topic_ids, doc_ids, strict=True)):
        if topic in kept:
            stories.append(kept[topic])
            continue
        rule, mine = rules[i], taken[doc]
        found = compared.best(i, rule) if rule is not None else None
        story = found.story if found is not None and found.story not in mine else _unlike(begins(topic), mine)
        mine.add(story)
        stories.append(story)
    return stories


class _Compared:
    """The topics of one call beside the known ones. stories: of those that have theirs, filled as they get it."""

    def __init__(self, marks: Sequence[Mark], known: KnownStories, stories: Sequence[str]) -> None:
        self._marks, self._known, self._stories = marks, known, stories
        self.earlier, self.before = Candidates(0), Candidates(0)
        self._new = TermCounts()
        self._new.add([mark.terms for mark in marks])

    def best(self, i: int, rule: Rule) -> _Found | None:
        """Return what a topic goes on with.

        Of stories as like it is the one whose id comes first, so that the order of the known ones does not matter.
        """
        cosines, rows = self.earlier.of(i)
        near, others = self.before.of(i)
        its_stories = [self._known.story_ids[row] for row in rows.tolist()] + [
            self._stories[j] for j in others.tolist()
        ]
        its_terms = [self._known.terms[row] for row in rows.tolist()] + [self._marks[j].terms for j in others.tolist()]
        its_cosines = np.concatenate([cosines, near])
        found: list[_Found] = []
        mine = self._marks[i].terms
        with_terms = [k for k, its in enumerate(its_terms) if its is not None and mine is not None]
        if with_terms and mine is not None:
            theirs = [its for its in its_terms if its is not None]
            like = alike(mine, theirs, its_cosines[with_terms], rule, self._known.counts, self._new)
            found += [_Found(likeness, its_stories[with_terms[n]]) for n, likeness in like]
        for k, cosine in enumerate(its_cosines.tolist()):
            if cosine >= NEAREST and (mine is None or its_terms[k] is None):
                found.append(_Found(cosine, its_stories[k]))
        return min(found, key=lambda its: (-its.likeness, its.story), default=None)


def _taken(
    topic_ids: Sequence[str], doc_ids: Sequence[str], kept: Mapping[str, str], has: Mapping[str, Set[str]]
) -> dict[str, set[str]]:
    """Return the stories that each document has already, those of its topics that keep theirs among them."""
    taken = {doc: set(has.get(doc, ())) for doc in set(doc_ids)}
    for topic, doc in zip(topic_ids, doc_ids, strict=True):
        if topic in kept:
            taken[doc].add(kept[topic])
    return taken


def _unlike(story: str, taken: Set[str]) -> str:
    """Return the id of a new story, or one derived from it where another topic of the document has gone on with it."""
    while story in taken:
        story = story_id(story)
    return story


def _before(codes: Codes, doc_ids: Sequence[str]) -> Candidates:
    """Return for each topic the nearest of those that stand before it and are another document's.

    Topics of a document that stand together are not compared at all, so that the time does not grow with the square of
    one document's topics.
    """
    n = len(doc_ids)
    found = Candidates(n)
    numbers: dict[str, int] = {}
    document = np.array([numbers.setdefault(d, len(numbers)) for d in doc_ids], np.int64)
    if len(numbers) < 2:
        return found
    begins = np.arange(n)  # of the topics of its document that stand together with it
    begins[1:][document[1:] == document[:-1]] = 0
    begins = np.maximum.accumulate(begins)
    scales = inverse_lengths(codes)
    vectors = codes.astype(np.float32)
    start = 0
    while start < n:
        end = min(n, start + min(BLOCK, max(1, PAIRS // n)))
        if others := int(begins[end - 1]):
            near = vectors[start:end] @ vectors[:others].T
            near *= scales[:others]
            near *= scales[start:end, None]
            near[np.arange(others) >= begins[start:end, None]] = _NO_PAIR
            near[document[:others] == document[start:end, None]] = _NO_PAIR
            found.offer(start, near, 0)
        start = end
    return found
