"""Relating: do the topics of newly closed chunks go on with topics that the document has already, or begin new ones?

What the new chunks share with the last one is stitched without asking. Then one question is asked for each document,
about its new topics, the topics that had a sentence last, and those that are most like the new ones. A topic is shown
by its pieces, each as an item of its own, because then the pairs that a model compares are runs of sentences as in a
night, and a topic does not look the more like everything the longer it is.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.following.settling.open_topics import OpenTopic
from nightdesk.tasks.following.settling.stream_state import Settling, StreamState
from nightdesk.tasks.reorganizing.document_state import JoinedTopic, Work
from nightdesk.tasks.reorganizing.role_stages import Comparing, compare, topic_texts
from nightdesk.tasks.reorganizing.topic_questions import Topics
from nightdesk.tasks.roles.relationship_checker import Topic, merge, stitch

RECENT = 6  # topics that are shown because they had a sentence last
NEAREST = 3  # for each new topic, because they are most like it
LEAST_NEAR = 0.05  # cosine of two topics' words: less is chance
_LAST, _KNOWN = -1, -2  # chunks that do not exist: (_LAST, number in the last settled chunk), (_KNOWN, number)


@dataclass(slots=True)
class Related:
    """What came of the topics of newly closed chunks.

    known: topics that the document had before, in order of their first sentences, which the new ones were compared
    with. merged: of these, those that were found to be parts of earlier ones.
    """

    work: Work
    known: list[OpenTopic]
    merged: list[tuple[OpenTopic, OpenTopic]] = field(default_factory=list)  # (later, earlier)

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


async def relate(router: Router, asked: Sequence[Settling], works: Sequence[Work]) -> list[Related]:
    """Join the topics of newly closed chunks with each other and with those that the documents have already."""
    found: list[Related] = []
    comparing: list[Comparing] = []
    for its, work in zip(asked, works, strict=True):
        state = its.state
        going_on = _stitched(state, work)
        stories = work.stories()
        new = [s for s in stories if s.root not in going_on]
        texts = [[work.document.texts[p] for p in s.positions] for s in new]
        titles = [work.lead(s).title for s in new]
        known = await _known(router, state, set(going_on.values()), titles, texts)
        number = {topic.topic_id: k for k, topic in enumerate(known)}
        stands = {root: (_KNOWN, number[topic_id]) for root, topic_id in going_on.items()}
        work.joined = {topic: stands.get(root, root) for topic, root in work.joined.items()}
        found.append(Related(work, known))
        pieces = [(k, piece) for k, topic in enumerate(known) for piece in topic.pieces] if new else []
        roots = [*((_KNOWN, k) for k, _ in pieces), *(s.root for s in new)]
        titles, texts = [*(known[k].title for k, _ in pieces), *titles], [*(piece for _, piece in pieces), *texts]
        comparing.append(Comparing(work, roots, Topics(titles, texts, work.document.language)))
    for related, groups in zip(found, await compare(router, comparing, lambda done, of: None), strict=True):
        _join(related, groups)
    return found


def _join(related: Related, groups: Sequence[Sequence[Topic]]) -> None:
    """Carry out what a model has said.

    Known topics are one only if most pieces of each are in one group; else the group goes on with the topic that has
    most pieces in it.
    """
    joins: list[list[Topic]] = []
    for group in groups:
        shares = Counter(k for chunk, k in group if chunk == _KNOWN)
        most = sorted(k for k, n in shares.items() if 2 * n > len(related.known[k].pieces))
        earlier, *later = most or sorted(shares, key=lambda k: (-shares[k], k))[:1] or [-1]
        related.merged += [(related.known[k], related.known[earlier]) for k in later]
        joins.append([*((_KNOWN, k) for k in (earlier, *later) if k >= 0), *(t for t in group if t[0] != _KNOWN)])
    related.work.joined = merge(related.work.joined, joins)


def _stitched(state: StreamState, work: Work) -> dict[Topic, str]:
    """Join what the new chunks share with each other and with the last one; return the roots that are known topics."""
    last = {p - work.before: number for p, number in state.placed.items()}
    first = stitch([last, *work.placed])  # chunk 0 of it is the last settled one
    work.joined = {(k - 1, t): (of - 1, root) for (k, t), (of, root) in first.items() if k}
    roots = set(work.joined.values())
    return {(_LAST, number): topic for number, topic in state.topic_of.items() if (_LAST, number) in roots}


async def _known(
    router: Router, state: StreamState, going_on: set[str], titles: Sequence[str], texts: Sequence[Sequence[str]]
) -> list[OpenTopic]:
    """Return the topics that new ones are to be compared with, and those that go on, in order of first sentences."""
    wanted = dict.fromkeys(going_on)
    if titles:
        recent = sorted(state.topics.values(), key=lambda t: (-t.last, t.topic_id))
        wanted |= dict.fromkeys(t.topic_id for t in recent[:RECENT])
        if len(state.vectors) > len(wanted):
            vectors = await router.embed(topic_texts(titles, texts))
            for near in state.vectors.nearest(vectors, NEAREST, LEAST_NEAR):
                wanted |= dict.fromkeys(near)
    silent = [topic_id for topic_id in wanted if topic_id not in state.topics]
    known = [state.topics[topic_id] for topic_id in wanted if topic_id in state.topics]
    return sorted([*known, *state.read_back(silent)], key=lambda t: t.first)
