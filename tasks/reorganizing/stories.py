"""Stories: topics of different documents and nights that go on with each other share a story_id.

One pass over topic vectors only: each new topic takes the story of its nearest neighbour among the topics of the last
nights and of this night's other documents, if that is near enough; else it begins a story of its own.

Every pair is compared. A matrix product of 1,300 topics (a batch of 20,000 sentences) with 65,000 known ones takes 1 s
of CPU, 0.05 ms a sentence, and an index of neighbours saves less than it loses: topics that share two of their twelve
strongest dimensions are 5 % of all pairs, and 5 % of the nearest neighbours are not among them.
"""

import logging
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nightdesk.tasks.reorganizing.ids.first_sight import story_id
from nightdesk.tasks.tables.parts import Part, dates, find, read, read_parts, steadily

log = logging.getLogger("nightdesk")
NIGHTS = 7  # how far back a story is followed
MOST_KNOWN = 100_000  # topics of earlier nights that are compared, 0.5 kB each; nights that hold more are left out
NEAREST = 0.25  # least cosine of two topics of one story: to join two wrongly is worse than to miss one
_BLOCK = 1024  # new topics that are compared with others at once
_PAIRS = 4_000_000  # pairs of them, 20 bytes each
_KNOWN = 4096  # known topics that are compared at once: few new ones are done sooner if these fit into a cache
_NO_PAIR = -1e9  # below what any pair comes to
_COLUMNS = ["doc_id", "topic_id", "story_id", "vector"]

Codes = NDArray[np.int8]
"""Packed vectors, shape (topics, dimensions). Sums of products of up to 1,040 dimensions are whole numbers that float32
holds exactly, so that a pair is as near whatever it is compared beside."""


def pack(vector: NDArray[np.float32]) -> bytes:
    """Write a unit vector as one signed byte a dimension."""
    peak = float(np.abs(vector).max()) or 1.0
    return np.round(vector / peak * 127).astype(np.int8).tobytes()


def unpack(data: Sequence[bytes]) -> Codes:
    """Read packed vectors back, one row each; they are not of unit length."""
    if not data:
        return np.zeros((0, 1), np.int8)
    return np.frombuffer(b"".join(data), np.int8).reshape(len(data), -1)


def are_near(one: bytes, other: bytes) -> bool:
    """Tell whether two packed vectors are near enough to be of one story; those of two encoders never are."""
    if len(one) != len(other):
        return False
    a, b = (v.astype(np.float64) for v in unpack([one, other]))
    return bool(a @ b >= NEAREST * np.linalg.norm(a) * np.linalg.norm(b) > 0)


def _inverse_lengths(codes: Codes) -> NDArray[np.float32]:
    lengths = np.sqrt(np.square(codes.astype(np.float32)).sum(axis=1))
    inverse: NDArray[np.float32] = np.divide(np.float32(1), lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return inverse


@dataclass(slots=True)
class KnownStories:
    """Topics whose story is known. Rows beyond `story_ids` are room to grow; a scale of 0 takes a topic out."""

    codes: Codes = field(default_factory=lambda: np.zeros((0, 1), np.int8))
    scales: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    story_ids: list[str] = field(default_factory=list)

    def add(self, vectors: Sequence[bytes], story_ids: Sequence[str]) -> None:
        """Add topics."""
        if not vectors:
            return
        fresh, known = unpack(vectors), len(self.story_ids)
        if known + len(fresh) > len(self.codes):
            room = max(known + len(fresh), known + known // 4)
            codes, scales = np.zeros((room, fresh.shape[1]), np.int8), np.zeros(room, np.float32)
            if known:  # else there are no columns yet
                codes[:known], scales[:known] = self.codes[:known], self.scales[:known]
            self.codes, self.scales = codes, scales
        self.codes[known : known + len(fresh)] = fresh
        self.scales[known : known + len(fresh)] = _inverse_lengths(fresh)
        self.story_ids += story_ids

    def nearest(self, codes: Codes) -> list[tuple[float, str]]:
        """Return for each of some topics how near the nearest known one is (-1.0: none is), and its story.

        Of several as near it is the story whose id comes first, so that the order of the known ones does not matter.
        """
        best = [(-1.0, "")] * len(codes)
        for start in range(0, len(codes), _BLOCK):
            new = codes[start : start + _BLOCK].astype(np.float32)
            own = _inverse_lengths(codes[start : start + _BLOCK])
            step = min(_KNOWN, max(1, _PAIRS // len(new)))
            for first in range(0, len(self.story_ids), step):  # memory stays flat
                end = min(first + step, len(self.story_ids))
                similar = new @ self.codes[first:end].astype(np.float32).T
                similar *= self.scales[first:end]
                peaks = similar.max(axis=1)
                near = peaks * own
                for k in np.flatnonzero(near >= NEAREST).tolist():
                    score = float(near[k])
                    if score >= best[start + k][0]:
                        story = min(self.story_ids[first + j] for j in np.flatnonzero(similar[k] == peaks[k]).tolist())
                        if score > best[start + k][0] or story < best[start + k][1]:
                            best[start + k] = score, story
        return best


def relate(
    topic_ids: Sequence[str],
    doc_ids: Sequence[str],
    codes: Codes,
    known: KnownStories,
    kept: Mapping[str, str] = MappingProxyType({}),
    begins: Callable[[str], str] = story_id,
    has: Mapping[str, Set[str]] = MappingProxyType({}),
) -> list[str]:
    """Return the story of each new topic, in order.

    codes: their vectors as `unpack` returns them. kept: topic_id -> its story, of topics that were published before.
    begins: topic_id -> the story that it begins. has: doc_id -> the stories of its topics that are not among these.
    Topics of one document are never joined here: that they are different stories is what the relationship checker said.
    """
    stories: list[str] = []
    earlier = known.nearest(codes)
    before, near = _nearest_before(codes, doc_ids)
    taken = _taken(topic_ids, doc_ids, kept, has)
    for i, (topic, doc) in enumerate(zip(topic_ids, doc_ids, strict=True)):
        if topic in kept:
            stories.append(kept[topic])
            continue
        mine = taken[doc]
        score, name = earlier[i]
        story = name if score >= NEAREST else None
        if near[i] >= max(NEAREST, score):
            story = stories[before[i]]
        if story is None or story in mine:
            story = _unlike(begins(topic), mine)
        mine.add(story)
        stories.append(story)
    return stories


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


def _nearest_before(codes: Codes, doc_ids: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return for each topic the nearest of those that stand before it and are another document's, and how near it is.

    A topic with none before it has -1.0. Topics of a document that stand together are not compared at all, so that the
    time does not grow with the square of one document's topics.
    """
    n = len(doc_ids)
    best, score = np.zeros(n, np.int64), np.full(n, -1.0, np.float32)
    numbers: dict[str, int] = {}
    document = np.array([numbers.setdefault(d, len(numbers)) for d in doc_ids], np.int64)
    if len(numbers) < 2:
        return best, score
    begins = np.arange(n)  # of the topics of its document that stand together with it
    begins[1:][document[1:] == document[:-1]] = 0
    begins = np.maximum.accumulate(begins)
    scales = _inverse_lengths(codes)
    vectors = codes.astype(np.float32)
    start = 0
    while start < n:
        end = min(n, start + min(_BLOCK, max(1, _PAIRS // n)))
        if others := int(begins[end - 1]):
            similar = vectors[start:end] @ vectors[:others].T
            similar *= scales[:others]
            similar[np.arange(others) >= begins[start:end, None]] = _NO_PAIR
            similar[document[:others] == document[start:end, None]] = _NO_PAIR
            best[start:end] = similar.argmax(axis=1)
            score[start:end] = np.maximum(similar.max(axis=1) * scales[start:end], -1.0)
        start = end
    return best, score


class KnownTopics:
    """The topics of the last nights and of a date, read once and then followed part by part, for one run."""

    def __init__(self, out: Path, run_date: date) -> None:
        self._out, self._day = out, run_date
        self._known: KnownStories | None = None
        self._parts: dict[Path, _KnownPart] = {}

    def besides(self, later: Set[str]) -> KnownStories:
        """Return the topics of the last nights, and of this date's documents other than `later`, as they stand now.

        What `later` holds may only shrink from one call to the next.
        """
        if self._known is None:
            self._known = KnownStories()
            rows = self._earlier()
            self._known.add(rows["vector"].to_pylist(), rows["story_id"].to_pylist())
        known = self._known
        steadily(lambda: find(self._out, "topics", [self._day]), lambda parts: self._follow(parts, known))
        for part in self._parts.values():
            part.take_up(known, later)
        return known

    def _earlier(self) -> pa.Table:
        """Return the topics of the last nights, of as many whole nights as MOST_KNOWN holds, the newest always."""
        first = self._day - timedelta(days=NIGHTS)
        nights = [d for d in dates(self._out, "topics") if first <= d < self._day]
        rows = read(self._out, "topics", nights[-1:], _COLUMNS)
        for k, night in enumerate(reversed(nights[:-1])):
            more = read(self._out, "topics", [night], _COLUMNS)
            if len(rows) + len(more) > MOST_KNOWN:
                log.warning(
                    "stories are followed back %d nights, not %d, since these have %d topics", k + 1, NIGHTS, len(rows)
                )
                break
            rows = pa.concat_tables([rows, more])
        return rows

    def _follow(self, parts: Sequence[Part], known: KnownStories) -> None:
        """Read the parts that were added or replaced since; let go of those that are gone."""
        there = {part.place: part for part in parts}
        for place in [p for p in self._parts if p not in there]:
            self._parts.pop(place).let_go(known)
        for place, part in there.items():
            stamp = _stamp(part.path)
            if place in self._parts and self._parts[place].stamp == stamp:
                continue
            rows = read_parts([part], "topics", _COLUMNS).to_pydict()
            fresh = _KnownPart(stamp, list(zip(*(rows[c] for c in _COLUMNS), strict=True)))
            if place in self._parts:
                fresh.instead_of(self._parts[place], known)
            self._parts[place] = fresh


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_ino


@dataclass(slots=True)
class _KnownPart:
    """A part of this date: the topics that wait until their document is no later one, and the rows of the others."""

    stamp: tuple[int, int]
    waiting: list[tuple[str, str, str, bytes]]  # doc_id, topic_id, story_id, packed vector
    rows: dict[str, int] = field(default_factory=dict)  # topic_id -> its row among the known topics

    def take_up(self, known: KnownStories, later: Set[str]) -> None:
        """Add the topics of documents that are no longer among the later ones."""
        now = [row for row in self.waiting if row[0] not in later]
        if not now:
            return
        self.waiting = [row for row in self.waiting if row[0] in later]
        first = len(known.story_ids)
        known.add([row[3] for row in now], [row[2] for row in now])
        self.rows.update((row[1], first + k) for k, row in enumerate(now))

    def instead_of(self, old: "_KnownPart", known: KnownStories) -> None:
        """Take over the topics that an older state of the part held as well; let go of its others."""
        waiting = []
        for row in self.waiting:
            _, topic, story, vector = row
            at = old.rows.get(topic)
            if at is not None and known.story_ids[at] == story and known.codes[at].tobytes() == vector:
                self.rows[topic] = old.rows.pop(topic)
            else:
                waiting.append(row)
        self.waiting = waiting
        old.let_go(known)

    def let_go(self, known: KnownStories) -> None:
        """Take the part's topics out."""
        known.scales[list(self.rows.values())] = 0
        self.rows = {}
