"""Streams that are settled round by round, with the rows of each round, and a look at what is published of them."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from nightdesk.tasks.config.profile import UNPLACED
from nightdesk.tasks.following.journal import Journal, document_id
from nightdesk.tasks.following.publishing import held_rounds
from nightdesk.tasks.following.publishing.stream_parts import PublishedRound, publish_held
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.following.stream import Arrival, Poll
from nightdesk.tasks.reading.sentences import Spoken
from nightdesk.tasks.tables.audit import AuditReport
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.derived_columns import extent
from nightdesk.tasks.tables.places import table_folder
from nightdesk.tasks.tables.quarantine import Audit
from tests.tasks.made import CATEGORIES, DAY

RUN = "00000000-0000-4000-8000-00000000f011"
Row = dict[str, Any]


@dataclass
class Stream:
    """A document that grows. topic_of: position -> number of its topic; None: no place. changes: of single rows."""

    name: str
    topic_of: Callable[[int], int | None] = lambda position: (position - 1) // 7
    day: date = DAY
    at: int = 0
    topics: dict[str, list[int]] = field(default_factory=dict)
    published: dict[str, int] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    unplaced: int = 0
    titles: dict[str, str] = field(default_factory=dict)
    rows: dict[int, Row] = field(default_factory=dict)

    @property
    def doc_id(self) -> str:
        """What its document is called."""
        return document_id(self.name, self.day)

    def topic_id(self, number: int) -> str:
        """Return the id of a topic as it stands: that of the topic it was merged into, if it was."""
        name = f"{self.doc_id}/{number:010x}"
        while name in self.merged:
            name = self.merged[name]
        return name

    def settle(
        self, count: int, merge: tuple[int, int] | None = None, changes: Mapping[int, Row] | None = None
    ) -> Settled:
        """Settle some more sentences. merge: (later topic, earlier one). changes: of passages."""
        first, last = self.at + 1, self.at + count
        merged, changed = {}, set()
        if merge is not None:
            later, earlier = map(self.topic_id, merge)
            if later != earlier and {later, earlier} <= self.topics.keys():
                merged = {later: earlier}
                self.merged |= merged
                changed |= {earlier}
        passages = []
        for position in range(first, last + 1):
            number = self.topic_of(position)
            topic = None if number is None else self.topic_id(number)
            if topic is not None:
                self.topics.setdefault(topic, []).append(position)
                self.titles.setdefault(topic, f"Topic {number} of {self.name}")
                changed.add(topic)
            passages.append(self._passage(position, topic) | dict((changes or {}).get(position, {})))
            self.unplaced += topic is None
        self.rows |= {p["position"]: p for p in passages}
        topics = [self._topic(topic) for topic in sorted(changed)]
        before = {t: self.published.get(t, 0) for t in changed}
        self.published |= {t: len(self.topics[t]) for t in changed}
        self.at = last
        return Settled(self.doc_id, first, last, passages, topics, self._document(), before, merged)

    def _passage(self, position: int, topic: str | None) -> Row:
        has = topic is not None
        return {
            "doc_id": self.doc_id, "position": position, "sentence_id": str(position),
            "text": f"Sentence {position} of {self.name}.", "start_s": float(position), "end_s": position + 0.5,
            "speaker": None, "chunk_id": f"{self.doc_id}/c{position // 50:05}", "topic_id": topic,
            "topic": self.titles[topic] if topic is not None else None,
            "category": CATEGORIES[position % 4] if has else UNPLACED, "reason": None if has else "left out",
            "confidence": 0.9 if has else None, "organizer_model": "static" if has else None,
        }  # fmt: skip

    def _topic(self, topic: str) -> Row:
        return {
            "doc_id": self.doc_id, "topic_id": topic, "title": self.titles[topic], **extent(self.topics[topic]),
            "merged_from": [f"{topic}/t1"], "aliases": [a for a, e in self.merged.items() if e == topic] or None,
            "story_id": f"story-of-{topic}", "vector": b"\x00\x01\xff", "finder_model": "static",
        }  # fmt: skip

    def _document(self) -> Row:
        return {
            "doc_id": self.doc_id, "source": f"/in/{self.name}.txt", "title": None, "content_hash": f"hash-{self.at}",
            "language": "en", "sentences": self.at, "placed": self.at - self.unplaced, "unplaced": self.unplaced,
            "failed": 0, "unpaid": 0, "topics": len(self.topics), "status": "published", "reason": None,
            "taken_up": [], "profile": "news", "weights_version": 0,
        }  # fmt: skip


def unaudited(name: str, table: pa.Table, extra: Mapping[str, pa.Array], values: Mapping[str, Any]) -> AuditReport:
    """Let everything pass; what is published is looked at by the test itself."""
    return AuditReport(name, 0)


def open_rows(its: Sequence[Row]) -> pa.Table:
    """Return rows as a tail has them for passages_open."""
    return contract("passages").build([{**row, "run_id": RUN} for row in its])


def held_in(journal: Journal, *settled: Settled, day: date = DAY, run_id: str = RUN, attempt: str = "a1") -> None:
    """Hold a round as settling does: its sentences are in the journal and marked in the same transaction."""
    for its in settled:
        stream = its.doc_id.rpartition("@")[0]
        arrived = journal.document(its.doc_id)
        missing = its.last - (arrived.sentences if arrived else 0)
        spoken = tuple(Spoken(str(k), "A sentence.", None, None, None) for k in range(missing))
        journal.take(Poll([Arrival(stream, f"in/{stream}.txt", spoken)], {}), day)

    def settle() -> None:
        for its in settled:
            journal.db.execute("UPDATE documents SET settled = ? WHERE doc_id = ?", [its.last, its.doc_id])
        held_rounds.hold(journal.db, day, settled, run_id, attempt, journal.is_forgotten)

    journal.db.transact(settle)


def publish_all(out: Path, journal: Journal, audit: Audit = unaudited, day: date = DAY) -> list[PublishedRound]:
    """Publish what is held."""
    return asyncio.run(publish_held(out, day, journal, audit, CATEGORIES, RUN))


def rows(out: Path, table: str, day: date = DAY, names: bool = False) -> list[Row]:
    """Return the rows of a table of a date, file by file, as plain readers find them."""
    found = []
    for part in sorted((out / table_folder(table, day)).glob("*.parquet")):
        more = {"part": part.stem} if names else {}
        found += [row | more for row in pq.ParquetFile(part).read().to_pylist()]
    return found


def check(out: Path, streams: Iterable[Stream], day: date = DAY) -> None:
    """Check that everything that was settled is published, each row once, and that counts and extents agree."""
    passages = {(r["doc_id"], r["position"]): r for r in rows(out, "passages", day)}
    topics = {r["topic_id"]: r for r in rows(out, "topics", day)}
    documents = {r["doc_id"]: r for r in rows(out, "documents", day)}
    for table, unique in (("passages", passages), ("topics", topics), ("documents", documents)):
        assert len(rows(out, table, day)) == len(unique)
    assert passages.keys() == {(s.doc_id, k) for s in streams for k in range(1, s.at + 1)}
    positions: dict[str, list[int]] = {}
    for (_, position), row in passages.items():
        if row["topic_id"] is not None:
            positions.setdefault(row["topic_id"], []).append(position)
    assert positions.keys() == topics.keys()
    for topic, row in topics.items():
        assert row == row | extent(positions[topic])
    for stream in streams:
        its = [r for (doc_id, _), r in passages.items() if doc_id == stream.doc_id]
        placed = sum(r["category"] != UNPLACED for r in its)
        row = documents[stream.doc_id]
        assert (row["sentences"], row["placed"], row["unplaced"]) == (stream.at, placed, stream.at - placed)
        assert row["topics"] == sum(t["doc_id"] == stream.doc_id for t in topics.values())


def names_of(out: Path, table: str, day: date = DAY) -> list[str]:
    """Return the names of the parts of a table."""
    return sorted(part.stem for part in (out / table_folder(table, day)).glob("*.parquet"))


def texts(found: Sequence[Row]) -> list[tuple[str, int, str]]:
    """Return (doc_id, position, text) of passages, in order."""
    return sorted((r["doc_id"], r["position"], r["text"]) for r in found)
