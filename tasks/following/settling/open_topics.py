"""The topics of a document that still grows: what is known of each, and which of them new ones are compared with.

Topics that had a sentence lately are open: all is known of them. One that was silent for long is known by its id and
its vector alone, and is read back from the journal when a new topic is near to it, because it may have come back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.models.topic_marks import VECTOR_KIND
from nightdesk.tasks.reorganizing.joining.packed import Mark, unpack
from nightdesk.tasks.roles.relationship_checker import MOST_SENTENCES

SILENT = 2_000  # sentences of a document after which a topic that had none of them is no longer open
PIECES = 4  # that are kept of an open topic, each a run of its sentences that closed in one round
PIECE_SENTENCES = 15  # of a piece, spread over all of it
KEPT = 8  # sentences of a silent topic, of its longest piece
_BLOCK = 1_024  # topics that are compared at once: 2 MB, which the processor's cache holds


@dataclass(slots=True)
class OpenTopic:
    """A topic of a document of a stream. Positions count from 1.

    sentences: how many of its id there are. spans: runs of them, [first, last] each. members: the topics of single
    chunks that it was joined from. aliases: ids of topics that were found to be a part of it. pieces: what it is shown
    by, parts of its parts included. last: the last position of all these. head: its first sentences, as long as it has
    fewer than are compared as a vector; None: the vector is final. terms: packed, in hexadecimal
    digits; vector_kind: of its vector; None: an earlier version wrote none.
    """

    topic_id: str
    story_id: str
    title: str
    vector: bytes
    finder_model: str
    sentences: int = 0
    spans: list[list[int]] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    pieces: list[list[str]] = field(default_factory=list)
    head: list[str] | None = field(default_factory=list)
    last: int = 0
    terms: str | None = None
    vector_kind: str | None = None

    @property
    def first(self) -> int:
        """Its first position."""
        return self.spans[0][0]

    def add(self, positions: Iterable[int], texts: Sequence[str], members: Iterable[str]) -> None:
        """Take sentences in, which stand behind those it has. texts: theirs, in order."""
        for position in positions:
            if self.spans and self.spans[-1][1] == position - 1:
                self.spans[-1][1] = position
            else:
                self.spans.append([position, position])
            self.sentences += 1
            self.last = position
        if self.head is not None:
            self.head = [*self.head, *texts] if len(self.head) + len(texts) < MOST_SENTENCES else None
        self.pieces.append(spread(texts, PIECE_SENTENCES))
        self._let_go(PIECES)
        self.members += members

    def know_by(self, mark: Mark) -> None:
        """Be known in other documents by a vector and terms."""
        self.vector, self.vector_kind = mark.vector, VECTOR_KIND
        self.terms = mark.terms.hex() if mark.terms is not None else None

    def absorb(self, other: "OpenTopic") -> None:
        """Take note that another topic, which began later, is a part of this one; its sentences keep its id."""
        self.aliases += [other.topic_id, *other.aliases]
        self.members += other.members
        self.pieces += other.pieces
        self._let_go(PIECES)
        self.last = max(self.last, other.last)

    def fall_silent(self) -> None:
        """Let go of most that it is shown by."""
        self._let_go(1)
        self.pieces = [spread(piece, KEPT) for piece in self.pieces]

    def _let_go(self, most: int) -> None:
        """Keep the longest pieces, of those that are as long the latest."""
        while len(self.pieces) > most:
            self.pieces.remove(min(self.pieces, key=len))

    def row(self, doc_id: str) -> dict[str, Any]:
        """Return its row of the table `topics`, but run_id."""
        return {
            "doc_id": doc_id,
            "topic_id": self.topic_id,
            "title": self.title,
            "sentences": self.sentences,
            "first_position": self.spans[0][0],
            "last_position": self.spans[-1][1],
            "spans": [{"first": first, "last": last} for first, last in self.spans],
            "merged_from": list(self.members),
            "aliases": list(self.aliases) or None,
            "story_id": self.story_id,
            "vector": self.vector,
            "vector_kind": self.vector_kind,
            "terms": bytes.fromhex(self.terms) if self.terms is not None else None,
            "finder_model": self.finder_model,
        }


class TopicVectors:
    """The vectors of all topics of a document, in the order in which they began."""

    def __init__(self) -> None:
        self._codes = np.zeros((0, 1), np.int8)
        self._scales = np.zeros(0, np.float32)  # one over the length of each; 0: the topic takes no part
        self._ids: list[str] = []
        self._row: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def put(self, topic_id: str, vector: bytes) -> None:
        """Add a topic, or give it another vector."""
        codes = unpack([vector])[0]
        if topic_id not in self._row:
            self._row[topic_id] = len(self._ids)
            self._ids.append(topic_id)
            if len(self._ids) > len(self._codes):
                room = max(64, len(self._ids) * 5 // 4)
                grown, scales = np.zeros((room, len(codes)), np.int8), np.zeros(room, np.float32)
                if (n := len(self._codes)) > 0:
                    grown[:n], scales[:n] = self._codes, self._scales
                self._codes, self._scales = grown, scales
        row = self._row[topic_id]
        length = float(np.linalg.norm(codes.astype(np.float32)))
        self._codes[row], self._scales[row] = codes, 1 / length if length else 0.0

    def leave_out(self, topic_id: str) -> None:
        """Take a topic out, because it is a part of another one."""
        self._scales[self._row[topic_id]] = 0

    def standing(self) -> list[str]:
        """Return the topics that take part, in the order in which they began."""
        return [name for name, scale in zip(self._ids, self._scales.tolist(), strict=False) if scale]

    def nearest(self, vectors: NDArray[np.float32], most: int) -> list[list[tuple[float, str]]]:
        """Return for each of some unit vectors (cosine, topic) of the topics nearest to it, at most so many."""
        n, k = len(self._ids), min(most, len(self._ids))
        if not k or not len(vectors):
            return [[] for _ in vectors]
        near = np.empty((len(vectors), n), np.float32)
        for begin in range(0, n, _BLOCK):
            end = min(n, begin + _BLOCK)
            near[:, begin:end] = (self._codes[begin:end].astype(np.float32) @ vectors.T).T * self._scales[begin:end]
        some = np.argpartition(-near, k - 1, axis=1)[:, :k].tolist()
        return [
            [(float(own[j]), self._ids[j]) for j in sorted(row, key=lambda j: (-own[j], j))]
            for row, own in zip(some, near, strict=True)
        ]


def spread(texts: Sequence[str], most: int) -> list[str]:
    """Return up to `most` sentences, spread over all of them."""
    if len(texts) <= most:
        return list(texts)
    return [texts[int(k)] for k in np.linspace(0, len(texts) - 1, most)]
