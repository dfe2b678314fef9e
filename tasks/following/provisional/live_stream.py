"""What the live page shows of one document of a stream: what is on now, its last sentences, and what just ended."""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from nightdesk.tasks.following.provisional.tail import Provisional, TailNews
from nightdesk.tasks.following.settling.settled import Settled

LAST = 4  # sentences of each category that are kept
RUNS = 12  # runs of sentences of one topic that are kept
ENDED = 3  # topics that have just ended
TIMES = 2_000  # arrivals whose times are known, the last ones
READ_BACK = 400  # sentences of a round of settling that are looked at
LONGEST = 400  # characters that are kept of a sentence or a title


@dataclass(frozen=True, slots=True)
class LiveSentence:
    """A sentence on the page. is_provisional: it is not settled yet."""

    position: int
    text: str
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class LiveTopic:
    """A topic, and from when to when it was on, as far as that is known."""

    topic_id: str
    title: str
    since: datetime | None
    until: datetime | None = None
    is_provisional: bool = False


@dataclass(slots=True)
class _Run:
    topic_id: str
    title: str
    first: int
    last: int


@dataclass(slots=True)
class LiveStream:
    """A document of a stream. arrived, settled: the last position. provisional: rows of its tail.

    is_over: nothing more will come. is_closed: and all of it is settled.
    """

    doc_id: str
    stream: str
    title: str | None = None
    language: str = ""
    arrived: int = 0
    settled: int = 0
    provisional: int = 0
    heard_at: datetime | None = None
    is_over: bool = False
    is_closed: bool = False
    _last: dict[str, deque[LiveSentence]] = field(default_factory=dict)  # settled ones by category
    _tail: tuple[Provisional, ...] = ()
    _since: int = 0  # position since which the last topic of the tail is on
    _runs: deque[_Run] = field(default_factory=lambda: deque(maxlen=RUNS))  # settled ones
    _times: deque[tuple[int, datetime]] = field(default_factory=lambda: deque(maxlen=TIMES))  # (first position, when)

    @property
    def waiting(self) -> int:
        """Sentences that have come and are not filed."""
        return max(0, self.arrived - self.settled - self.provisional)

    @property
    def settled_at(self) -> datetime | None:
        """When the last settled sentence came."""
        return self._time_of(self.settled) if self.settled else None

    @property
    def now(self) -> LiveTopic | None:
        """What is on now: the topic of the last sentence, as far as that is filed."""
        if self.is_closed:
            return None
        if self._tail and (last := self._tail[-1]).topic_id is not None:
            known = {run.topic_id for run in self._runs}
            since = self._time_of(self._since)
            return LiveTopic(last.topic_id, last.topic or "", since, None, last.topic_id not in known)
        if not self._runs:
            return None
        run = self._runs[-1]
        return LiveTopic(run.topic_id, run.title, self._time_of(run.first))

    @property
    def ended(self) -> list[LiveTopic]:
        """The settled topics that were on before the one that is on now, the last first."""
        now = self.now
        found: dict[str, LiveTopic] = {}
        for run in reversed(self._runs):
            if (now is None or run.topic_id != now.topic_id) and run.topic_id not in found:
                times = self._time_of(run.first), self._time_of(run.last)
                found[run.topic_id] = LiveTopic(run.topic_id, run.title, *times)
        return list(found.values())[:ENDED]

    def hear(self, sentences: int, at: datetime) -> None:
        """Note that `sentences` have come in all."""
        if sentences > self.arrived:
            self._times.append((self.arrived + 1, at))
            self.arrived, self.heard_at = sentences, at

    def file(self, news: TailNews) -> None:
        """Note what the tail is filed under now."""
        self.language, self.provisional, self._since = news.language or self.language, news.sentences, news.since
        self._tail = tuple(
            row._replace(text=row.text[:LONGEST], topic=(row.topic or "")[:LONGEST])
            for row in news.latest
            if row.position > self.settled
        )

    def settle(self, settled: Settled) -> None:
        """Note what was settled."""
        last = settled.passages[-READ_BACK:]
        for row in last:
            its = self._last.setdefault(row["category"], deque(maxlen=LAST))
            its.append(LiveSentence(row["position"], row["text"][:LONGEST], False))
            if row["topic_id"] is not None:
                self._go_on(row["topic_id"], (row["topic"] or "")[:LONGEST], row["position"])
        moved = max(0, settled.last - self.settled)
        self.settled, self.provisional = self.settled + moved, max(0, self.provisional - moved)
        self.arrived = max(self.arrived, self.settled)
        self._tail = tuple(row for row in self._tail if row.position > self.settled)
        self.language = settled.document.get("language") or self.language
        self._rename(settled)
        if settled.is_closed:
            self.is_over = self.is_closed = True

    def sentences(self, category: str, most: int) -> list[LiveSentence]:
        """Return the last sentences of a category, the last one last."""
        tail = (LiveSentence(row.position, row.text, True) for row in self._tail if row.category == category)
        return [*self._last.get(category, ()), *tail][-most:]

    def _go_on(self, topic_id: str, title: str, position: int) -> None:
        if self._runs and self._runs[-1].topic_id == topic_id:
            self._runs[-1].last = position
        else:
            self._runs.append(_Run(topic_id, title, position, position))

    def _rename(self, settled: Settled) -> None:
        titles = {row["topic_id"]: row["title"][:LONGEST] for row in settled.topics}
        runs: Sequence[_Run] = list(self._runs)
        self._runs.clear()
        for run in runs:
            run.topic_id = settled.merged.get(run.topic_id, run.topic_id)
            run.title = titles.get(run.topic_id, run.title)
            if self._runs and self._runs[-1].topic_id == run.topic_id:
                self._runs[-1].last = run.last
            else:
                self._runs.append(run)

    def _time_of(self, position: int) -> datetime | None:
        """Return when a sentence came; None if that is too long ago to be known."""
        at = bisect_right(self._times, position, key=lambda known: known[0]) - 1
        return self._times[at][1] if at >= 0 else None
