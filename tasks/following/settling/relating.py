"""Relating: do the topics of newly closed chunks go on with topics that the document has already, or begin new ones?

What the new chunks share with the last one is stitched without asking. Then one question is asked for each document,
about its new topics, the topics that had a sentence last, and those that are most like the new ones. A topic is shown
by its pieces, each as an item of its own, because then the pairs that a model compares are runs of sentences as in a
night, and a topic does not look the more like everything the longer it is. The last question about a document shows as
many of its topics as one question holds, because two that were never in a question together may be one, and none will
follow.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.following.settling.open_topics import OpenTopic
from nightdesk.tasks.following.settling.stream_state import Settling, StreamState
from nightdesk.tasks.reorganizing.document_state import JoinedTopic, Work
from nightdesk.tasks.reorganizing.relating.rounds import Comparing, compare
from nightdesk.tasks.reorganizing.relating.topic_questions import Topics
from nightdesk.tasks.reorganizing.role_stages import topic_texts
from nightdesk.tasks.roles.relationship_checker import MOST_TOPICS, Topic, merge, stitch

RECENT = 6  # topics that are shown because they had a sentence last
NEAREST = 3  # for each new topic, because they are most like it
LEAST_NEAR = 0.05  # cosine of two topics' words: less is chance
NEAR = 0.2  # cosine from which two topics may well be one, so that the question is not put off
_LAST, _KNOWN = -1, -2  # chunks that do not exist: (_LAST, number in the last settled chunk), (_KNOWN, number)


@dataclass(slots=True)
class Related:
    """What came of the topics of newly closed chunks.

    known: topics that the document had before, in order of their first sentences, which the new ones were compared
    with. merged: of these, those that were found to be parts of earlier ones. is_put_off: whether the new ones are to
    be asked about in the next round.
    """

    work: Work
    known: list[OpenTopic]
    merged: list[tuple[OpenTopic, OpenTopic]] = field(default_factory=list)  # (later, earlier)
    is_put_off: bool = False

    def stories(self) -> tuple[list[tuple[JoinedTopic, OpenTopic]], list[JoinedTopic]]:
        """Return the topics of the new chunks: those that go on with a known one, and those that begin."""
        going_on, new = [], []
        for story in self.work.stories():
            if (its := self.topic_of(story.root)) is not None:
                going_on.append((story, its))
            else:
                new.append(story)
        return going_on, new

    def topic_of(self, root: Topic) -> OpenTopic | None:
        """Return the known topic that stands for a root; None if it is none."""
        return self.known[root[1]] if root[0] == _KNOWN else None


@dataclass(frozen=True, slots=True)
class _New:
    """The topics of a document's new chunks that go on with none by their overlap. going_on: roots that do -> whose."""

    going_on: dict[Topic, str]
    roots: list[Topic]
    titles: list[str]
    texts: list[list[str]]


async def relate(router: Router, asked: Sequence[Settling], works: Sequence[Work]) -> list[Related]:
    """Join the topics of newly closed chunks with each other and with those that the documents have already."""
    new = [_stitched(its.state, work) for its, work in zip(asked, works, strict=True)]
    vectors = await _vectors(router, new)
    pairs = [_compared(*each) for each in zip(asked, works, new, vectors, strict=True)]
    groups = await compare(router, [comparing for _, comparing in pairs], lambda done, of: None)
    for (related, _), its_groups in zip(pairs, groups, strict=True):
        _join(related, its_groups)
    return [related for related, _ in pairs]


def _stitched(state: StreamState, work: Work) -> _New:
    """Join what the new chunks share with each other and with the last one, without asking."""
    last = {p - work.before: number for p, number in state.placed.items()}
    first = stitch([last, *work.placed])  # chunk 0 of it is the last settled one
    work.joined = {(k - 1, t): (of - 1, root) for (k, t), (of, root) in first.items() if k}
    roots = set(work.joined.values())
    going_on = {(_LAST, n): topic_id for n, topic_id in state.topic_of.items() if (_LAST, n) in roots}
    new = [story for story in work.stories() if story.root not in going_on]
    texts = [[work.document.texts[p] for p in story.positions] for story in new]
    return _New(going_on, [story.root for story in new], [work.lead(story).title for story in new], texts)


async def _vectors(router: Router, new: Sequence[_New]) -> list[NDArray[np.float32]]:
    """Return the vectors of new topics, of all documents at once."""
    texts = [text for its in new for text in topic_texts(its.titles, its.texts)]
    vectors = await router.embed(texts) if texts else np.zeros((0, 1), np.float32)
    return np.split(vectors, np.cumsum([len(its.roots) for its in new])[:-1])


def _compared(its: Settling, work: Work, new: _New, vectors: NDArray[np.float32]) -> tuple[Related, Comparing]:
    """Return what is to be asked about the topics of a document. vectors: of the new ones."""
    state = its.state
    near = state.vectors.nearest(vectors, NEAREST)
    known = _known(
        state, [*new.going_on.values(), *(t for its_near in near for cosine, t in its_near if cosine >= LEAST_NEAR)]
    )
    is_last = its.is_over and its.waits is None
    if is_last:
        known = sorted([*known, *_further(state, known, MOST_TOPICS - len(new.roots))], key=lambda t: t.first)
    number = {topic.topic_id: k for k, topic in enumerate(known)}
    stands = {root: (_KNOWN, number[topic_id]) for root, topic_id in new.going_on.items()}
    work.joined = {topic: stands.get(root, root) for topic, root in work.joined.items()}
    related = Related(
        work, known, is_put_off=_can_wait(its, vectors, max((its[0][0] for its in near if its), default=0.0))
    )
    if related.is_put_off or its.waits is not None or not (new.roots or state.unasked or is_last):
        return related, Comparing(work, [], Topics([], [], work.document.language))
    pieces = [(k, piece) for k, topic in enumerate(known) for piece in topic.pieces]
    titles, texts = [known[k].title for k, _ in pieces], [piece for _, piece in pieces]
    topics = Topics([*titles, *new.titles], [*texts, *new.texts], work.document.language)
    return related, Comparing(work, [*((_KNOWN, k) for k, _ in pieces), *new.roots], topics)


def _join(related: Related, groups: Sequence[Sequence[Topic]]) -> None:
    """Carry out what a model has said.

    Known topics are one only if most pieces of each are in one group; else the group goes on with the topic that has
    most pieces in it.
    """
    shares = [Counter(k for chunk, k in group if chunk == _KNOWN) for group in groups]
    part_of: dict[int, int] = {}
    for its in shares:
        ones = sorted(k for k, n in its.items() if 2 * n > len(related.known[k].pieces))
        part_of |= dict.fromkeys(ones[1:], ones[0] if ones else 0)
    joins: list[list[Topic]] = [[(_KNOWN, later), (_KNOWN, earlier)] for later, earlier in part_of.items()]
    for group, its in zip(groups, shares, strict=True):
        new = [topic for topic in group if topic[0] != _KNOWN]
        if its:
            first = min(its, key=lambda k: (2 * its[k] <= len(related.known[k].pieces), -its[k], k))
            new.append((_KNOWN, part_of.get(first, first)))
        joins.append(new)
    related.merged = [(related.known[later], related.known[earlier]) for later, earlier in part_of.items()]
    related.work.joined = merge(related.work.joined, [join for join in joins if join])


def _can_wait(its: Settling, vectors: NDArray[np.float32], nearest: float) -> bool:
    """Tell whether the question can be put off to the next round, which then asks about both rounds' topics.

    So it is where no topic is near to a new one, but never twice, nor at the end. vectors: of the new ones; nearest:
    the cosine of the nearest pair of a new one and another.
    """
    if its.is_over or its.state.unasked or not len(vectors):
        return False
    among = vectors @ vectors.T - 2 * np.eye(len(vectors), dtype=np.float32)
    return max(nearest, float(among.max())) < NEAR


def _known(state: StreamState, wanted: Iterable[str]) -> list[OpenTopic]:
    """Return the topics that new ones are to be compared with, and those that go on, in order of first sentences."""
    recent = sorted(state.topics.values(), key=lambda t: (-t.last, t.topic_id))
    ids = dict.fromkeys([*wanted, *state.unasked, *(t.topic_id for t in recent[:RECENT])])
    known = [state.topics[topic_id] for topic_id in ids if topic_id in state.topics]
    silent = [topic_id for topic_id in ids if topic_id not in state.topics]
    return sorted([*known, *state.read_back(silent)], key=lambda t: t.first)


def _further(state: StreamState, known: Iterable[OpenTopic], room: int) -> list[OpenTopic]:
    """Return topics that are shown beside the known ones, the latest, as far as there is room for their pieces."""
    shown = {topic.topic_id for topic in known}
    room -= sum(len(topic.pieces) for topic in known)
    found: list[OpenTopic] = []
    for topic in sorted(state.topics.values(), key=lambda t: (-t.last, t.topic_id)):
        if topic.topic_id not in shown and len(topic.pieces) <= room:
            found.append(topic)
            room -= len(topic.pieces)
    silent = [name for name in state.vectors.standing() if name not in shown and name not in state.topics]
    return [*found, *state.read_back(silent[-room:] if room > 0 else [])]  # each has one piece
