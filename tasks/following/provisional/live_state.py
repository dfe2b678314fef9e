"""What the live page shows, kept up to date by the follow: streams with what is on now, and figures of the whole."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from nightdesk.tasks.following.provisional.tail import TailNews
from nightdesk.tasks.following.settling.settled import Settled


class LiveState:
    """What is on now. Times are aware, in the time zone of the follow. every_s: seconds between two looks."""

    def __init__(self, run_date: date, profile: str, categories: Mapping[str, str], every_s: float) -> None:
        raise NotImplementedError

    def arrived(
        self, doc_id: str, stream: str, sentences: int, at: datetime, title: str | None = None, is_over: bool = False
    ) -> None:
        """Note that sentences have come. sentences: that have come of the document in all."""
        raise NotImplementedError

    def tail(self, news: TailNews) -> None:
        """Note what the newest sentences of a document are filed under for now."""
        raise NotImplementedError

    def settled(self, settled: Settled, at: datetime) -> None:
        """Note what was settled of a document."""
        raise NotImplementedError

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
        raise NotImplementedError

    def drop(self, doc_id: str) -> None:
        """Show nothing of a document any more."""
        raise NotImplementedError

    def ended(self, why: str) -> None:
        """Note that the follow has ended: the page says why, and does not refresh itself any more."""
        raise NotImplementedError
