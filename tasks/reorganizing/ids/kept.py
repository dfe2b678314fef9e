"""Names for the topics of a document: what was published keeps its ids, what is new gets one from its first sentence.

Sentences are followed by their names (first_sight.sentence_names), so that text may be appended, inserted or removed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from nightdesk.tasks.reorganizing.ids.first_sight import sentence_names, topic_id


@dataclass(frozen=True, slots=True)
class StandingTopic:
    """A topic as it was published. vector: packed; aliases: ids that were published of what is a part of it now.

    vector_kind: None where the row names none.
    """

    story_id: str
    vector: bytes
    aliases: tuple[str, ...] = ()
    vector_kind: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A document as it was published last. Lists run over its sentences: their names, and the topics they are of."""

    run_date: date
    names: Sequence[str]
    topic_ids: Sequence[str | None]
    topics: Mapping[str, StandingTopic] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Named:
    """The id of a topic, and ids that were published of what is a part of it now."""

    topic_id: str
    aliases: tuple[str, ...] = ()


def name_topics(
    doc_id: str, texts: Iterable[str], topics: Sequence[Sequence[int]], standing: Standing | None = None
) -> list[Named]:
    """Return the ids of a document's topics.

    topics: the 0-based positions of the sentences of each, in order, at least one. A topic that begins with the
    sentence that a published one began with keeps its id. So does one that has most sentences of a published topic,
    of several that which came first in the document; the others are aliases from then on.
    """
    names = sentence_names(texts)
    if standing is None:
        return [Named(topic_id(doc_id, names[positions[0]])) for positions in topics]
    ids = _of_same_beginning(names, topics, standing)
    joined: list[list[str]] = [[] for _ in topics]
    for published, k in _gone_over(names, topics, standing, set(filter(None, ids))):
        if ids[k] is None:
            ids[k] = published
        else:
            joined[k].append(published)
    taken = set(filter(None, ids))
    for k, positions in enumerate(topics):
        if ids[k] is None:
            ids[k] = _free(doc_id, names, positions[0], taken)
    whole = [name for name in ids if name is not None]
    return [Named(name, _aliases(name, its, standing, set(whole))) for name, its in zip(whole, joined, strict=True)]


def _of_same_beginning(names: Sequence[str], topics: Sequence[Sequence[int]], standing: Standing) -> list[str | None]:
    """Return for each topic the published one that begins with the same sentence."""
    beginnings: dict[str, str] = {}  # topic_id -> name of its first sentence
    for name, topic in zip(standing.names, standing.topic_ids, strict=True):
        if topic is not None:
            beginnings.setdefault(topic, name)
    of = {name: topic for topic, name in beginnings.items()}
    return [of.get(names[positions[0]]) for positions in topics]


def _gone_over(
    names: Sequence[str], topics: Sequence[Sequence[int]], standing: Standing, kept: set[str]
) -> Iterator[tuple[str, int]]:
    """Yield (published topic, topic that has more than half of its sentences), but for those that are kept."""
    now = {names[position]: k for k, positions in enumerate(topics) for position in positions}
    sizes = Counter(topic for topic in standing.topic_ids if topic is not None)
    shares: dict[str, Counter[int]] = {topic: Counter() for topic in sizes if topic not in kept}
    for name, topic in zip(standing.names, standing.topic_ids, strict=True):
        if topic in shares and name in now:
            shares[topic][now[name]] += 1
    for topic, share in shares.items():
        for k, n in share.most_common(1):
            if 2 * n > sizes[topic]:
                yield topic, k


def _free(doc_id: str, names: Sequence[str], first: int, taken: set[str]) -> str:
    """Return the id of a new topic: that of its first sentence, with a further count if a published topic has it.

    That is one which kept its id after it lost its first sentence.
    """
    name = topic_id(doc_id, names[first])
    if name in taken:
        own = names[first].partition("-")[0]
        count = 1 + sum(other.partition("-")[0] == own for other in names)
        while topic_id(doc_id, f"{own}-{count}") in taken:
            count += 1
        name = topic_id(doc_id, f"{own}-{count}")
    taken.add(name)
    return name


def _aliases(name: str, joined: Sequence[str], standing: Standing, in_use: set[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for published in (name, *joined):
        found[published] = None
        if published in standing.topics:
            found |= dict.fromkeys(standing.topics[published].aliases)
    return tuple(alias for alias in found if alias not in in_use)
