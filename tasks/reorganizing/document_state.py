"""Documents on their way through the stages: what is known of each so far."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from nightdesk.tasks.messages import Cause
from nightdesk.tasks.models.topic_marks import VECTOR_KIND
from nightdesk.tasks.reading.documents import Document, Unreadable
from nightdesk.tasks.roles.chunk_splitter import Chunk
from nightdesk.tasks.roles.relationship_checker import Topic


@dataclass(frozen=True, slots=True)
class FoundTopic:
    """A topic of one chunk as its finder named it; anchors are numbers 1..n in the chunk."""

    title: str
    anchors: tuple[int, ...]
    model: str


@dataclass(frozen=True, slots=True)
class Filed:
    """Where the organizer put one sentence."""

    category: str
    confidence: float | None
    model: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Why the sentences of a chunk have no topic, or no category: in words, and as data."""

    reason: str
    cause: Cause = "text"


@dataclass(slots=True)
class Work:
    """One document. Lists run over its chunks; positions are 0-based in the document.

    found: topics of a chunk. placed: position -> topic (index into found) for every sentence of the chunk, overlap
    included. filed: position -> category, likewise. not_located, not_organized: chunk -> why its sentences have no
    topic, or no category. joined: (chunk, topic) -> the first topic of its story in this document.
    notes: what a reader of the table `documents` is to know of it; filing adds them to its reason, a clause each.
    taken_up: the nights (YYYY-MM-DD) that have taken this text of the document up again, as a part of it was lost.
    unjoined: whether a question about which of its topics are one story got no answer, or could not be asked.
    waits: why nothing is asked about it in this run, because dollars do not reach for all of it; None if they do.
    before: sentences of the document that stand before those of `document`, because it is a window on a longer one;
    its chunks then own a part of the window.
    """

    document: Document
    weights_version: int
    chunks: list[Chunk] = field(default_factory=list)
    found: list[tuple[FoundTopic, ...]] = field(default_factory=list)
    placed: list[dict[int, int]] = field(default_factory=list)
    filed: list[dict[int, Filed]] = field(default_factory=list)
    not_located: dict[int, Lost] = field(default_factory=dict)
    not_organized: dict[int, Lost] = field(default_factory=dict)
    joined: dict[Topic, Topic] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    taken_up: tuple[str, ...] = ()
    unjoined: bool = False
    waits: Lost | None = None
    before: int = 0

    def texts(self, chunk: Chunk) -> tuple[str, ...]:
        """Return the sentences of a chunk."""
        return self.document.texts[chunk.start : chunk.end]

    def owned(self) -> Iterator[tuple[int, int]]:
        """Yield (position, index of the chunk that owns it) over the document, in order."""
        for k, chunk in enumerate(self.chunks):
            for position in range(chunk.own_start, chunk.own_end):
                yield position, k

    def lead(self, story: "JoinedTopic") -> FoundTopic:
        """Return the topic of one chunk whose title a story takes."""
        chunk, topic = story.lead
        return self.found[chunk][topic]

    def stories(self) -> list["JoinedTopic"]:
        """Return the stories of the document as they are joined so far, in order of appearance."""
        positions: dict[Topic, list[int]] = {}
        sizes: dict[Topic, dict[Topic, int]] = {}  # root -> its topics -> sentences of each
        for k, chunk in enumerate(self.chunks):
            placed, of_topic = self.placed[k], dict[int, list[int]]()
            for position in range(chunk.own_start, chunk.own_end):
                if (number := placed.get(position)) is not None:
                    of_topic.setdefault(number, []).append(position)
            for number, its in of_topic.items():
                root = self.joined[k, number]
                positions.setdefault(root, []).extend(its)
                sizes.setdefault(root, {})[k, number] = len(its)
        return [
            JoinedTopic(root, tuple(sorted(positions[root])), tuple(sorted(n)), min(n, key=lambda t: (-n[t], t)))
            for root, n in sizes.items()
        ]


@dataclass(frozen=True, slots=True)
class JoinedTopic:
    """Topics of single chunks that are one. lead: the one that has most of its sentences, whose title it takes."""

    root: Topic
    positions: tuple[int, ...]
    members: tuple[Topic, ...]
    lead: Topic


@dataclass(frozen=True, slots=True)
class TopicLink:
    """What ties a topic to others. vector, terms: packed; aliases: ids that were published of what is a part of it."""

    topic_id: str
    story_id: str
    vector: bytes
    aliases: tuple[str, ...] = ()
    terms: bytes | None = None
    vector_kind: str = VECTOR_KIND


@dataclass(slots=True)
class Batch:
    """Documents that go through the stages together."""

    number: int
    works: list[Work] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)

    @property
    def served(self) -> list[Work]:
        """Return the documents that the roles are asked about."""
        return [w for w in self.works if w.waits is None]

    @property
    def sentences(self) -> int:
        """Count the sentences of the batch."""
        return sum(len(w.document.texts) for w in self.works)
