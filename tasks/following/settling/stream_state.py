"""What must be known of a document of a stream to settle what comes next of it, and a round's question about it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from nightdesk.tasks.config.profile import Chunks
from nightdesk.tasks.following.settling.closing import Closed, close_chunks
from nightdesk.tasks.following.settling.open_topics import SILENT, OpenTopic, TopicVectors
from nightdesk.tasks.following.settling.shelf import Shelf
from nightdesk.tasks.reading.language import detect_language
from nightdesk.tasks.reading.sentences import Spoken
from nightdesk.tasks.reorganizing.document_state import Lost
from nightdesk.tasks.roles.chunk_splitter import Chunk

LANGUAGE_FROM = 40  # sentences by which a document's language is told
MOST_NOTES = 5


@dataclass(slots=True)
class StreamState:
    """A document of a stream as far as it is settled; its memory does not grow but by a vector for each topic.

    weights_version: of the weights that serve it, from its first chunk on. language: "" before that chunk.
    closed: how far it is closed, which is how far it is settled. placed: 0-based position -> topic number of the last
    chunk; topic_of: of these numbers those whose topic stands -> its topic_id.
    topics: topic_id -> the open ones; unasked: those that were not compared with others yet; vectors: of all topics.
    content_hash: chained over its sentences (see chained).
    shelf: what is looked up in the journal. changed: topics that are to be saved.
    """

    doc_id: str
    source: str
    title: str | None
    weights_version: int
    shelf: Shelf
    language: str = ""
    closed: Closed = field(default_factory=Closed)
    content_hash: str = ""
    placed: dict[int, int] = field(default_factory=dict)
    topic_of: dict[int, str] = field(default_factory=dict)
    topics: dict[str, OpenTopic] = field(default_factory=dict)
    vectors: TopicVectors = field(default_factory=TopicVectors)
    unasked: list[str] = field(default_factory=list)
    unplaced: int = 0
    failed: int = 0
    unpaid: int = 0
    begun: int = 0  # topics, those that are parts of others by now included
    replaced: int = 0  # U+FFFD in its sentences
    notes: list[str] = field(default_factory=list)
    changed: dict[str, OpenTopic] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)  # topic_id -> the earlier one it is a part of; to be saved

    @property
    def settled(self) -> int:
        """How many of its sentences are settled."""
        return self.closed.owned

    @property
    def needed(self) -> int:
        """The position (from 1) of the first sentence that is needed to go on."""
        return self.closed.start + 1

    def read_back(self, silent: Sequence[str]) -> list[OpenTopic]:
        """Return topics that are no longer open, by their ids."""
        unsaved = [self.changed[topic_id] for topic_id in silent if topic_id in self.changed]
        saved = [topic_id for topic_id in silent if topic_id not in self.changed]
        return [*unsaved, *(self.shelf.topics(saved) if saved else [])]

    def fall_silent(self) -> None:
        """Close the topics that have had no sentence for long."""
        for topic in [t for t in self.topics.values() if t.last <= self.settled - SILENT]:
            topic.fall_silent()
            self.changed[topic.topic_id] = self.topics.pop(topic.topic_id)

    def note(self, notes: Sequence[str]) -> None:
        """Keep what a reader is to know of the document, the first few."""
        fresh = [n for n in dict.fromkeys(notes) if n not in self.notes]
        self.notes += fresh[: MOST_NOTES - len(self.notes)]

    def saved(self) -> None:
        """Take note that the transaction stands in which it was saved."""
        self.changed.clear()
        self.merged.clear()
        self.shelf.saved()


@dataclass(frozen=True, slots=True)
class Settling:
    """What a round is to settle of a document.

    window: its sentences from position state.needed on, as far as its chunks reach or further. chunks: those that are
    closed now, in order; their positions are of the document, 0-based. closed: how far it is closed with them.
    is_over: whether nothing will follow, and these chunks are its last. waits: why nothing is asked about it, so that
    its sentences are unplaced; None: it is asked.
    """

    state: StreamState
    window: Sequence[Spoken]
    chunks: Sequence[Chunk]
    closed: Closed
    is_over: bool = False
    waits: Lost | None = None

    @property
    def sentences(self) -> int:
        """How many sentences it settles."""
        return self.closed.owned - self.state.settled


def to_settle(
    state: StreamState,
    window: Sequence[Spoken],
    size: Chunks,
    is_over: bool = False,
    waits: Lost | None = None,
    most: int | None = None,
) -> Settling | None:
    """Return what can be settled of a document now; None if nothing can, and it is not over.

    window: its sentences from position state.needed on, all that there are. most: chunks of one round.
    """
    found = close_chunks(state.doc_id, [len(s.text) for s in window], state.closed, size, is_over)
    some = found if most is None else found[:most]
    if not some and not is_over:
        return None
    closed = some[-1][1] if some else state.closed
    return Settling(state, window, [chunk for chunk, _ in some], closed, is_over and len(some) == len(found), waits)


def chained(before: str, sentences: Sequence[Spoken]) -> str:
    """Return the SHA-256 of some sentences' ids and texts and of all before them; it does not depend on the rounds."""
    for sentence in sentences:
        told = json.dumps([before, sentence.id, sentence.text], ensure_ascii=False)
        before = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
    return before


def language_of(sentences: Sequence[Spoken]) -> str:
    """Return the language of a document by its first sentences."""
    return detect_language([s.text for s in sentences[:LANGUAGE_FROM]])
