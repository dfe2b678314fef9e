"""Tails: sentences of streams behind the last settled one, filed at once by an embedded model.

What they are filed under is provisional: it stands in passages_open until the pool has settled it, and teaches nothing.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from nightdesk.tasks.calling.dask.pool import FanOut
from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.errors import ModelError
from nightdesk.tasks.following.provisional.tail_rows import Written, no_rows
from nightdesk.tasks.following.provisional.tail_state import Asked, SettledCount, TailState
from nightdesk.tasks.following.provisional.tail_work import Shared, TailAnswer, file_group
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.models.address import address
from nightdesk.tasks.reading.sentences import Spoken

MOST_A_CALL = 4_000  # sentences that are filed before a call of file() returns, about two seconds of two workers
LATEST = 24  # rows of a tail that the live page is told of
_KINDS = ("static", "lexical", "sentence-transformers", "baseline")  # of embedded models; the first that is there files


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
    of the last one's topic. sentences: rows of the whole tail. language: of its text. settled: the last position that
    is settled.
    """

    doc_id: str
    latest: tuple[Provisional, ...]
    since: int
    sentences: int
    language: str
    settled: int


@dataclass(frozen=True, slots=True)
class LastTopic:
    """A settled topic that a tail may go on with. texts: a few of its first and last sentences."""

    topic_id: str
    title: str
    texts: tuple[str, ...]


def provisional_model(profile: Profile) -> ModelSpec:
    """Return the model that files tails: the embedded one of the profile that knows most, else the shipped one."""
    able = [m for m in profile.models if m.provider == "embedded" and m.name not in profile.exclude]
    kinds = [m for kind in _KINDS for m in able if m.model_id == kind]
    return kinds[0] if kinds else ModelSpec(name="static", family="wordllama", provider="embedded")


class Tails:
    """The tails of all documents of a follow of one date. Used from one thread, that of its event loop.

    settled_count: (doc_id, digest) -> settled sentences of the document that have this digest (see first_sight), so
    that a topic which begins with a sentence that was said before gets an id of its own.
    """

    def __init__(
        self, pool: FanOut, profile: Profile, run_id: str, settled_count: SettledCount = lambda doc_id, digest: 0
    ) -> None:
        spec = provisional_model(profile)
        self._pool, self._size, self._settled_count = pool, profile.chunks, settled_count
        self._by = Written(run_id, spec.name)
        self._shared: Shared = (address(spec), tuple(profile.categories), tuple(profile.categories.values()))
        self._tails: dict[str, TailState] = {}
        self._waiting: OrderedDict[str, None] = OrderedDict()  # documents with sentences to file, next first
        self._changed: set[str] = set()  # since they were told last

    def begin(
        self,
        doc_id: str,
        settled: int = 0,
        language: str = "",
        before: Sequence[tuple[str, str | None]] = (),
        topics: Sequence[LastTopic] = (),
    ) -> None:
        """Go on with a document of which sentences are settled already, after a kill; a new one need not be begun.

        settled: the last settled position. language: ISO 639-1 ("": it is told by the text). before: (text, topic_id)
        of the last few settled sentences. topics: the settled topics that were heard last, the latest last.
        """
        tail = TailState(doc_id, self._size, self._by, self._settled_count, settled, language)
        tail.hear([(text, topic.topic_id, topic.title) for topic in topics for text in topic.texts])
        titles = {topic.topic_id: topic.title for topic in topics}
        known = [(text, topic, titles.get(topic)) if topic in titles else (text, None, None) for text, topic in before]
        tail.go_on_with(known, settled + 1 - len(before))
        self._tails[doc_id] = tail

    def arrived(self, doc_id: str, first: int, sentences: Sequence[Spoken]) -> None:
        """Take in new sentences of a document, from position `first` on; those that are known already are passed over.

        Raises:
            ValueError: they do not go on where the tail ends.
        """
        if doc_id not in self._tails:
            self.begin(doc_id, first - 1)
        tail = self._tails[doc_id]
        tail.add(first, sentences)
        if tail.waiting:
            self._waiting.setdefault(doc_id)

    def settled(self, settled: Settled) -> None:
        """Drop the rows of sentences that are settled now, and go on with the topics that these have."""
        if settled.is_closed:
            self.drop(settled.doc_id)
        elif settled.doc_id in self._tails:
            self._tails[settled.doc_id].settle(settled)
            self._changed.add(settled.doc_id)

    def drop(self, doc_id: str) -> None:
        """Forget a document: it is closed, or it was forgotten."""
        self._tails.pop(doc_id, None)
        self._waiting.pop(doc_id, None)
        self._changed.discard(doc_id)

    async def file(self, most: int = MOST_A_CALL) -> list[TailNews]:
        """File the sentences that have come; return what there is to show of the documents that have changed.

        most: sentences; if more wait, the others are left for the next call, the documents taking turns. What a worker
        fails on is filed as unplaced, with the reason, until its topics are found anew.

        Raises:
            NightdeskError: no worker can be used.
        """
        left = most
        while self._waiting and left > 0:
            asked: list[tuple[TailState, Asked]] = []
            while self._waiting and left > 0:
                doc_id, _ = self._waiting.popitem(last=False)
                if doc_id in self._tails and (question := self._tails[doc_id].question()) is not None:
                    asked.append((self._tails[doc_id], question))
                    left -= question.coming
            await asyncio.gather(*(self._ask(tail, question) for tail, question in asked))
        changed, self._changed = sorted(self._changed), set()
        return [self._news(self._tails[doc_id]) for doc_id in changed]

    def table(self) -> pa.Table:
        """Return the rows of all tails, as they belong into passages_open, in the order of its key.

        Another thread may call it.
        """
        return pa.concat_tables([no_rows(), *(tail.table for _, tail in sorted(self._tails.items()))])

    async def _ask(self, tail: TailState, asked: Asked) -> None:
        work = asked.work
        try:
            answer = await self._pool.call(file_group, self._shared, work, sum(map(len, (*work.before, *work.texts))))
        except ModelError as e:  # the worker was lost, or took too long
            answer = TailAnswer(error=str(e))
        if self._tails.get(tail.doc_id) is not tail:
            return
        if tail.take(asked, answer):
            self._changed.add(tail.doc_id)
        if tail.waiting:
            self._waiting[tail.doc_id] = None

    def _news(self, tail: TailState) -> TailNews:
        latest = tuple(
            Provisional(position, text, its.topic_id, its.topic, its.category)
            for position, text, its in tail.latest(LATEST)
        )
        filed = tail.filed_end - tail.first
        return TailNews(tail.doc_id, latest, tail.topic[1], filed, tail.language, tail.first - 1)
