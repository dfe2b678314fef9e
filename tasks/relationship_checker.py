"""The relationship checker: which topics of a document are one story, inside a chunk, across borders or far apart?

Before a model is asked, code joins what needs no opinion: topics of neighbouring chunks that claim the same sentences
of their overlap. Few topics are shown in one call; many are first cut by nearest neighbours into calls of candidates,
so that pairs grow linearly with the document.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tasks.measures import bcubed_f1
from tasks.requests import Answer, RoleRequest

VERSION = 1
PROMPT = """\
The numbered items are topics of one document: a title, then sentences of it. Some go on with the same story, product or
matter as another. Answer one group for every set of two or more topics that are one, with an empty label; leave out
topics that stand alone. The same field (two trials, two matches) is not the same story."""
MOST_TOPICS = 150  # shown in one call
MOST_SENTENCES = 30  # shown of one topic
NEIGHBOURS = 8

Topic = tuple[int, int]  # (chunk, group of the finder's answer)


def make_request(titles: Sequence[str], sentences: Sequence[Sequence[str]], language: str) -> RoleRequest:
    """Ask which topics are one; a topic's sentences are shown up to a limit, spread over all of it."""
    items = ["\n".join([title, *_spread(texts)]) for title, texts in zip(titles, sentences, strict=True)]
    return RoleRequest("relationship_checker", language, tuple(items))


def _spread(texts: Sequence[str]) -> Sequence[str]:
    if len(texts) <= MOST_SENTENCES:
        return texts
    return [texts[int(k)] for k in np.linspace(0, len(texts) - 1, MOST_SENTENCES)]


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


def candidate_calls(vectors: NDArray[np.float32]) -> list[list[int]]:
    """Share out many topics over calls so that topics which may be one are shown together.

    vectors: (topics, dimensions), unit rows. Returns index lists of at most MOST_TOPICS, each topic in exactly one.
    Every topic is linked to its NEIGHBOURS nearest; links are taken nearest first as long as what they join fits a
    call (single linkage with a size limit), then small sets are packed together, as one call costs less than two.
    """
    n = len(vectors)
    if n <= MOST_TOPICS:
        return [list(range(n))]
    links = []
    for start in range(0, n, 1024):  # a block of rows at a time: memory stays flat
        similar = vectors[start : start + 1024] @ vectors.T
        similar[np.arange(len(similar)), start + np.arange(len(similar))] = -np.inf
        nearest = np.argpartition(-similar, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        links += [(float(similar[i, j]), start + i, int(j)) for i in range(len(similar)) for j in nearest[i]]
    member = list(range(n))
    sets = {k: [k] for k in range(n)}
    for _, i, j in sorted(links, key=lambda x: (-x[0], x[1], x[2])):
        a, b = sorted((member[i], member[j]))
        if a != b and len(sets[a]) + len(sets[b]) <= MOST_TOPICS:
            for k in sets[b]:
                member[k] = a
            sets[a] += sets.pop(b)
    calls: list[list[int]] = []
    for topics in sorted(sets.values(), key=lambda s: (-len(s), min(s))):
        room = next((c for c in calls if len(c) + len(topics) <= MOST_TOPICS), None)
        if room is None:
            calls.append(list(topics))
        else:
            room += topics
    return [sorted(c) for c in calls]


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
