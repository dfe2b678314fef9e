"""The topics of the last nights and of a date that stand published, with their stories."""

import logging
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from nightdesk.tasks.reorganizing.joining.known_stories import KnownStories
from nightdesk.tasks.reorganizing.joining.packed import Mark, is_comparable
from nightdesk.tasks.tables.parts import Part, dates, find, read, read_parts, steadily

log = logging.getLogger("nightdesk")
NIGHTS = 7  # how far back a story is followed
MOST_KNOWN = 100_000  # topics of earlier nights that are compared, 1 kB each; nights that hold more are left out
_COLUMNS = ["doc_id", "topic_id", "story_id", "vector", "vector_kind", "terms"]


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
            rows = [_Row(**row) for row in self._earlier().to_pylist()]
            rows = [row for row in rows if is_comparable(row.vector_kind)]
            self._known.add([row.mark for row in rows], [row.story_id for row in rows])
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
            rows = [_Row(**row) for row in read_parts([part], "topics", _COLUMNS).to_pylist()]
            fresh = _KnownPart(stamp, [row for row in rows if is_comparable(row.vector_kind)])
            if place in self._parts:
                fresh.instead_of(self._parts[place], known)
            self._parts[place] = fresh


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_ino


@dataclass(frozen=True, slots=True)
class _Row:
    """A topic as it stands published."""

    doc_id: str
    topic_id: str
    story_id: str
    vector: bytes
    vector_kind: str | None
    terms: bytes | None

    @property
    def mark(self) -> Mark:
        return Mark(self.vector, self.terms)


@dataclass(slots=True)
class _KnownPart:
    """A part of this date: the topics that wait until their document is no later one, and the rows of the others."""

    stamp: tuple[int, int]
    waiting: list[_Row]
    rows: dict[str, int] = field(default_factory=dict)  # topic_id -> its row among the known topics

    def take_up(self, known: KnownStories, later: Set[str]) -> None:
        """Add the topics of documents that are no longer among the later ones."""
        now = [row for row in self.waiting if row.doc_id not in later]
        if not now:
            return
        self.waiting = [row for row in self.waiting if row.doc_id in later]
        first = len(known.story_ids)
        known.add([row.mark for row in now], [row.story_id for row in now])
        self.rows.update((row.topic_id, first + k) for k, row in enumerate(now))

    def instead_of(self, old: "_KnownPart", known: KnownStories) -> None:
        """Take over the topics that an older state of the part held as well; let go of its others."""
        waiting = []
        for row in self.waiting:
            at = old.rows.get(row.topic_id)
            if at is not None and _stands(known, at, row):
                self.rows[row.topic_id] = old.rows.pop(row.topic_id)
            else:
                waiting.append(row)
        self.waiting = waiting
        old.let_go(known)

    def let_go(self, known: KnownStories) -> None:
        """Take the part's topics out."""
        known.let_go(list(self.rows.values()))
        self.rows = {}


def _stands(known: KnownStories, at: int, row: _Row) -> bool:
    """Tell whether a known topic is the very one of a row."""
    return (
        known.story_ids[at] == row.story_id and known.codes[at].tobytes() == row.vector and known.terms[at] == row.terms
    )
