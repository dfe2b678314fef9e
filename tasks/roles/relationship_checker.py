"""The relationship checker: which topics of a document are one story, inside a chunk, across borders or far apart?

Before a model is asked, code joins what needs no opinion: topics of neighbouring chunks that claim the same sentences
of their overlap. Few topics are shown in one call; many, or more than fit a model's context, are first cut by nearest
neighbours into calls of candidates, so that pairs grow linearly with the document.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.messages import Answer, RoleRequest
from nightdesk.tasks.roles.agreement import bcubed_f1

VERSION = 1
PROMPT = """\
The numbered items are topics of one document: a title, then sentences of it. Some go on with the same story, product or
matter as another. Answer one group for every set of two or more topics that are one, with an empty label; leave out
topics that stand alone. The same field (two trials, two matches) is not the same story."""
MOST_TOPICS = 150  # shown in one call
MOST_LINKED = MOST_TOPICS // 4  # topics that are shown together because they are alike
MOST_SENTENCES = 30  # shown of one topic
LEAST_SENTENCES = 3  # shown of one topic, where it has them: fewer do not tell what it is about
NEIGHBOURS = 8
_AROUND = 1_024  # topics before and after one that it may be linked to

Topic = tuple[int, int]  # (chunk, group of the finder's answer)
Shown = frozenset[int]
"""Numbers of the questions that a topic was in."""


def make_request(
    titles: Sequence[str], sentences: Sequence[Sequence[str]], language: str, most: int = MOST_SENTENCES
) -> RoleRequest:
    """Ask which topics are one; of each topic up to `most` sentences are shown, spread over all of it."""
    items = ["\n".join([title, *_spread(texts, most)]) for title, texts in zip(titles, sentences, strict=True)]
    return RoleRequest("relationship_checker", language, tuple(items))


def _spread(texts: Sequence[str], most: int) -> Sequence[str]:
    if len(texts) <= most:
        return texts
    return [texts[int(k)] for k in np.linspace(0, len(texts) - 1, most)]


def check(request: RoleRequest, answer: Answer) -> list[str]:
    """Return what is wrong with an answer's labels: nothing can be, as they say nothing."""
    return []


def agreement(request: RoleRequest, answer: Answer, reference: Answer) -> float:
    """B-cubed F1 of two answers' stories; a topic that is in no group is a story of its own."""
    n = len(request.items)
    return bcubed_f1(_stories(reference, n), _stories(answer, n))


def _stories(answer: Answer, n: int) -> list[int]:
    story = {number: k for k, g in enumerate(answer.groups) for number in g.numbers}
    return [story.get(i, -i) for i in range(1, n + 1)]


def stitch(placed: Sequence[dict[int, int]]) -> dict[Topic, Topic]:
    """Join topics of neighbouring chunks that claim the same sentences.

    placed: per chunk, the topic number of every position it placed, overlap included.
    Returns each (chunk, topic) that was placed -> the first topic of its set. Two topics are joined when they share at
    least half of what the smaller of them has in the overlap, and are each other's best partner.
    """
    first: dict[Topic, Topic] = {(k, t): (k, t) for k, chunk in enumerate(placed) for t in chunk.values()}
    for k, (left, right) in enumerate(pairwise(placed)):
        shared = left.keys() & right.keys()
        both = Counter((left[p], right[p]) for p in shared)
        in_left, in_right = Counter(left[p] for p in shared), Counter(right[p] for p in shared)
        used_left, used_right = set(), set()
        for (a, b), n in sorted(both.items(), key=lambda x: (-x[1], x[0])):
            if a in used_left or b in used_right or 2 * n < min(in_left[a], in_right[b]):
                continue
            used_left.add(a)
            used_right.add(b)
            first[k + 1, b] = first[k, a]
    return first


def candidate_calls(
    vectors: NDArray[np.float32], sizes: Sequence[float] = (), room: float = inf, shown: Sequence[Shown] = ()
) -> list[list[int]]:
    """Share out many topics over calls so that topics which may be one are shown together.

    vectors: (topics, dimensions), unit rows. sizes: of each topic, in tokens (() = nothing); room: tokens of a call, at
    least as much as any two topics take; shown: of each, the questions that it was in before (() = none).
    Returns index lists of at most MOST_TOPICS that fit, each topic in exactly one; one topic is alone only where no
    call of three or more could lend it a companion.
    Every topic is linked to its NEIGHBOURS nearest; links are taken nearest first as long as they join MOST_LINKED at
    most that fit a call (single linkage with a size limit), then sets are packed together, as one call costs less than
    two. Topics that were shown together before are not linked, because what was not joined then stays apart.
    A call is not filled by one set, because a model that holds topics against the others of its call would find
    nothing alike where all are of one story, and join none.
    """
    n = len(vectors)
    size = list(sizes) or [0.0] * n
    if n <= MOST_TOPICS and sum(size) <= room:
        return [list(range(n))]
    member = list(range(n))
    sets = {k: _TopicGroup([k], size[k]) for k in range(n)}
    for _, i, j in _links(vectors, shown):
        a, b = sorted((member[i], member[j]))
        if a != b and sets[a].takes(sets[b], room, MOST_LINKED):
            for k in sets[b].topics:
                member[k] = a
            sets[a].add(sets.pop(b))
    calls = _packed(sorted(sets.values(), key=lambda s: (-len(s.topics), min(s.topics))), room)
    _pair_lone(calls, vectors, size)
    return [sorted(c.topics) for c in calls]


@dataclass(slots=True)
class _TopicGroup:
    """Topics that are shown in one call, and what they take of it in tokens."""

    topics: list[int]
    size: float

    def takes(self, other: "_TopicGroup", room: float, most: int) -> bool:
        return len(self.topics) + len(other.topics) <= most and self.size + other.size <= room

    def add(self, other: "_TopicGroup") -> None:
        self.topics += other.topics
        self.size += other.size


def _packed(sets: Sequence[_TopicGroup], room: float) -> list[_TopicGroup]:
    """Put each set into the first call that takes it; calls are looked at all at once, because they are many."""
    calls: list[_TopicGroup] = []
    topics, sizes = np.zeros(len(sets), np.int64), np.zeros(len(sets))  # of each call
    for some in sets:
        n, size = len(some.topics), some.size
        fits = (topics[: len(calls)] + n <= MOST_TOPICS) & (sizes[: len(calls)] + size <= room)
        at = int(fits.argmax()) if fits.any() else len(calls)
        if at == len(calls):
            calls.append(_TopicGroup(list(some.topics), size))
        else:
            calls[at].add(some)
        topics[at], sizes[at] = len(calls[at].topics), calls[at].size
    return calls


def _links(vectors: NDArray[np.float32], shown: Sequence[Shown] = ()) -> list[tuple[float, int, int]]:
    """Return (similarity, topic, neighbour) for the NEIGHBOURS nearest of every topic, nearest first.

    Topics are compared with those up to _AROUND before and after them, so that time grows with their number alone.
    """
    near = min(NEIGHBOURS, len(vectors) - 1)
    before = _incidence(shown)
    links = []
    for start in range(0, len(vectors), 1024):  # a block of rows at a time: memory stays flat
        first = max(0, start - _AROUND)
        similar = vectors[start : start + 1024] @ vectors[first : start + 1024 + _AROUND].T
        similar[np.arange(len(similar)), start - first + np.arange(len(similar))] = -np.inf
        if shown:
            similar[before[start : start + 1024] @ before[first : start + 1024 + _AROUND].T > 0] = -np.inf
        nearest = np.argpartition(-similar, near, axis=1)[:, :near]
        links += [
            (float(similar[i, j]), start + i, first + int(j))
            for i in range(len(similar))
            for j in nearest[i]
            if similar[i, j] > -np.inf
        ]
    return sorted(links, key=lambda x: (-x[0], x[1], x[2]))


def _incidence(shown: Sequence[Shown]) -> NDArray[np.float32]:
    """Return which topic was in which question, shape (topics, questions)."""
    column = {number: k for k, number in enumerate(sorted(frozenset().union(*shown)))}
    incidence = np.zeros((len(shown), len(column)), np.float32)
    for row, numbers in zip(incidence, shown, strict=True):
        row[[column[number] for number in numbers]] = 1
    return incidence


def _pair_lone(calls: list[_TopicGroup], vectors: NDArray[np.float32], size: Sequence[float]) -> None:
    """Give a topic that is alone in its call the topic most like it of the calls that have three or more."""
    for call in calls:
        if len(call.topics) == 1:
            (alone,) = call.topics
            lending = [
                (float(vectors[alone] @ vectors[k]), -k, c) for c in calls if len(c.topics) > 2 for k in c.topics
            ]
            if lending:
                _, k, lender = max(lending, key=lambda x: x[:2])
                lender.topics.remove(-k)
                lender.size -= size[-k]
                call.add(_TopicGroup([-k], size[-k]))


def merge(first: dict[Topic, Topic], groups: Sequence[Sequence[Topic]]) -> dict[Topic, Topic]:
    """Carry out the joins that a model named: every topic -> the first topic of its story."""
    story = {member: min(group) for group in groups for member in group}
    return {topic: story.get(root, root) for topic, root in first.items()}


def members(first: dict[Topic, Topic]) -> dict[Topic, list[Topic]]:
    """Turn topic -> first of its set around: first -> its topics in order."""
    sets: dict[Topic, list[Topic]] = defaultdict(list)
    for topic in sorted(first):
        sets[first[topic]].append(topic)
    return dict(sets)
