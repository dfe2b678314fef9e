"""What the live page shows, kept up to date by the follow: streams with what is on now, and figures of the whole."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from nightdesk.tasks.config.profile import UNPLACED
from nightdesk.tasks.following.provisional.live_stream import LiveStream
from nightdesk.tasks.following.provisional.tail import TailNews
from nightdesk.tasks.following.settling.settled import Settled

CLOSED = 40  # documents that are over and settled of which something is shown, the last ones
TROUBLES = 5  # the last ones


@dataclass(slots=True)
class Figures:
    """Figures of the whole: chunks that wait, seconds of lag, dollars of the date and of the hour."""

    waiting: int = 0
    lag_s: float = 0.0
    dollars: float = 0.0
    dollars_hour: float = 0.0


class LiveState:
    """What is on now. Times are aware, in the time zone of the follow. every_s: seconds between two looks.

    categories: of the profile, in order.
    """

    def __init__(self, run_date: date, profile: str, categories: Sequence[str], every_s: float) -> None:
        self.run_date, self.profile, self.every_s = run_date, profile, every_s
        self.categories = (*categories, UNPLACED)
        self.total = Figures()
        self.troubles: deque[str] = deque(maxlen=TROUBLES)
        self.ended_by = ""
        self.closed = 0  # documents that are over and settled, since the follow began
        self._streams: dict[str, LiveStream] = {}
        self._sentences = 0  # of documents that are shown no more

    def arrived(
        self, doc_id: str, stream: str, sentences: int, at: datetime, title: str | None = None, is_over: bool = False
    ) -> None:
        """Note that sentences have come. sentences: that have come of the document in all."""
        its = self._streams.setdefault(doc_id, LiveStream(doc_id, stream))
        its.hear(sentences, at)
        its.title, its.is_over = title or its.title, is_over or its.is_over

    def tail(self, news: TailNews) -> None:
        """Note what the newest sentences of a document are filed under for now."""
        if news.doc_id in self._streams:
            self._streams[news.doc_id].file(news)

    def settled(self, settled: Settled) -> None:
        """Note what was settled of a document."""
        its = self._streams.get(settled.doc_id)
        if its is not None and not its.is_closed:
            its.settle(settled)
            if settled.is_closed:
                self._close()

    def _close(self) -> None:
        self.closed += 1
        closed = [s for s in self._streams.values() if s.is_closed]
        for old in closed[:-CLOSED]:
            self._sentences += self._streams.pop(old.doc_id).arrived

    def figures(
        self,
        waiting: int = 0,
        lag_s: float = 0.0,
        dollars: float = 0.0,
        dollars_hour: float = 0.0,
        troubles: Sequence[str] = (),
    ) -> None:
        """Set the figures of the whole: chunks that wait, lag, dollars of the date and of the hour.

        troubles: lines that are new; the last few are shown.
        """
        self.total = Figures(waiting, lag_s, dollars, dollars_hour)
        self.troubles.extend(troubles)

    def drop(self, doc_id: str) -> None:
        """Show nothing of a document any more."""
        if (its := self._streams.pop(doc_id, None)) is not None:
            self.troubles = deque((t for t in self.troubles if its.stream not in t), maxlen=TROUBLES)

    def ended(self, why: str) -> None:
        """Note that the follow has ended: the page says why, and does not refresh itself any more."""
        self.ended_by = why

    @property
    def documents(self) -> list[str]:
        """The documents of which something is shown."""
        return list(self._streams)

    @property
    def streams(self) -> list[LiveStream]:
        """The documents that go on, by name; then those that are over, the last first."""
        on = sorted(
            (s for s in self._streams.values() if not s.is_closed), key=lambda s: (s.stream.casefold(), s.doc_id)
        )
        return on + [s for s in reversed(self._streams.values()) if s.is_closed]

    def latest(self, most: int) -> list[LiveStream]:
        """Return the streams that were heard last, at most so many, in the order of `streams`."""
        streams = self.streams
        if len(streams) <= most:
            return streams
        heard = sorted((s.heard_at.timestamp() if s.heard_at else 0.0 for s in streams), reverse=True)[most - 1]
        return [s for s in streams if s.heard_at and s.heard_at.timestamp() >= heard][:most]

    @property
    def sentences(self) -> int:
        """Sentences that have come."""
        return self._sentences + sum(s.arrived for s in self._streams.values())

    @property
    def provisional(self) -> int:
        """Sentences that are filed and not settled."""
        return sum(s.provisional for s in self._streams.values())
