"""Tails: sentences of streams behind the last settled one, filed at once by an embedded model.

What they are filed under is provisional: it stands in passages_open until the pool has settled it, and teaches nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from nightdesk.tasks.calling.dask.pool import FanOut
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.reading.sentences import Spoken


class Provisional(NamedTuple):
    """A sentence of a tail as it is filed now."""

    position: int
    text: str
    topic_id: str | None
    topic: str | None
    category: str


@dataclass(frozen=True, slots=True)
class TailNews:
    """What the newest sentences of a document are filed under, for the live page.

    latest: the last few rows of its tail, in order. since: the position at which the run of sentences begins that are
    of the last one's topic. sentences: rows of the whole tail. language: of its text.
    """

    doc_id: str
    latest: tuple[Provisional, ...]
    since: int
    sentences: int
    language: str


@dataclass(frozen=True, slots=True)
class LastTopic:
    """A settled topic that a tail may go on with. texts: a few of its first and last sentences."""

    topic_id: str
    title: str
    texts: tuple[str, ...]


class Tails:
    """The tails of all documents of a follow of one date. Used from one event loop."""

    def __init__(self, pool: FanOut, profile: Profile, run_id: str) -> None:
        raise NotImplementedError

    def begin(
        self,
        doc_id: str,
        settled: int = 0,
        language: str = "",
        before: Sequence[tuple[str, str | None]] = (),
        topics: Sequence[LastTopic] = (),
        names: Mapping[str, int] | None = None,
    ) -> None:
        """Go on with a document of which sentences are settled already, after a kill; a new one need not be begun.

        settled: the last settled position. language: ISO 639-1 ("": it is told by the text). before: (text, topic_id)
        of the last few settled sentences. topics: the settled topics that were heard last, the latest last.
        names: digest -> settled sentences that have it (first_sight.sentence_names), read and not changed.
        """
        raise NotImplementedError

    def arrived(self, doc_id: str, first: int, sentences: Sequence[Spoken]) -> None:
        """Take in new sentences of a document, from position `first` on; those that are known already are passed over.

        Raises:
            ValueError: they do not go on where the tail ends.
        """
        raise NotImplementedError

    def settled(self, settled: Settled, names: Mapping[str, int] | None = None) -> None:
        """Drop the rows of sentences that are settled now, and go on with the topics that these have.

        names: as for begin.
        """
        raise NotImplementedError

    def drop(self, doc_id: str) -> None:
        """Forget a document: it is closed, or it was forgotten."""
        raise NotImplementedError

    async def file(self) -> list[TailNews]:
        """File the sentences that have come; return what there is to show of the documents that have changed.

        If more have come than can be filed in a few seconds, the others are left for the next call, the documents
        taking turns. What a worker fails on is filed as unplaced, with the reason, until it is filed anew.

        Raises:
            NightdeskError: no worker can be used.
        """
        raise NotImplementedError

    def table(self) -> pa.Table:
        """Return the rows of all tails, as they belong into passages_open, in the order of its key."""
        raise NotImplementedError
