"""What waits to be settled: the documents of a date, their chunks that are closed, and how long they have waited."""

from collections import deque
from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from nightdesk.tasks.config.profile import Chunks
from nightdesk.tasks.following.journal import Journal, StreamDocument, Taken
from nightdesk.tasks.following.settling import states
from nightdesk.tasks.following.settling.closing import close_chunks
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.following.settling.stream_state import Settling, StreamState, to_settle
from nightdesk.tasks.reorganizing.document_state import Lost

MOST_WAITING = 512  # closed chunks, beyond which sources wait: what they have is safe there, and memory is not
MOST_OF_STREAM = 4  # of these that a stream which grows may have and still be read on
MOST_OF_A_ROUND = 64  # chunks that are settled together
_MOST_TIMES = 10_000  # moments of arrival that are kept of a document


@dataclass(slots=True)
class _Waiting:
    """A document that is not closed. lengths: characters of its sentences from state.closed.start on (0-based).

    arrived: (last position, seconds on a clock), of what is not settled. closed: its chunks that wait.
    """

    state: StreamState
    is_over: bool
    lengths: list[int] = field(default_factory=list)
    arrived: deque[tuple[int, float]] = field(default_factory=deque)
    closed: int = 0


class Backlog:
    """The documents of a date that are not closed. version: of the weights that serve documents that begin now."""

    def __init__(self, journal: Journal, size: Chunks, version: int) -> None:
        self._journal, self._size, self._version = journal, size, version
        self._of: dict[str, _Waiting] = {}
        self._turn: deque[str] = deque()  # documents with closed chunks, the one that has waited longest first

    def load(self, document: StreamDocument, now: float) -> StreamState | None:
        """Take up a document as an earlier process left it; None if nothing of it is left to do. now: on the clock."""
        if not document.sentences or (document.is_over and document.settled == document.sentences):
            return None
        its = self._begun(document)
        sentences = self._journal.sentences(document.doc_id, its.state.needed)
        its.lengths = [len(s.text) for _, s in sentences]
        its.arrived.append((document.sentences, now))
        self._count(document.doc_id)
        return its.state

    def arrived(self, taken: Taken, now: float) -> None:
        """Note that sentences have come. now: seconds on the clock that lag_s is told."""
        its = self._of.get(taken.doc_id)
        if its is None:
            document = self._journal.document(taken.doc_id)
            if document is None or not document.sentences:
                return
            if document.sentences > len(taken.sentences):  # it was closed before
                self.load(document, now)
                return
            its = self._begun(document)
        its.is_over = its.is_over or taken.arrival.is_over
        its.lengths += [len(s.text) for s in taken.sentences]
        if taken.sentences:
            if len(its.arrived) >= _MOST_TIMES:
                its.arrived.pop()
            its.arrived.append((taken.first + len(taken.sentences) - 1, now))
        self._count(taken.doc_id)

    def end(self) -> None:
        """Nothing more will come of any document."""
        for doc_id, its in self._of.items():
            its.is_over = True
            self._count(doc_id)

    def drop(self, doc_id: str) -> None:
        """Leave a document: it is closed, or it was forgotten."""
        self._of.pop(doc_id, None)
        if doc_id in self._turn:
            self._turn.remove(doc_id)

    @property
    def waiting(self) -> int:
        """How many chunks are closed and not settled."""
        return sum(self._of[doc_id].closed for doc_id in self._turn)

    def lag_s(self, now: float) -> float:
        """Return for how long the oldest sentence of a closed chunk has waited, in seconds."""
        since = [its.arrived[0][1] for doc_id in self._turn if (its := self._of[doc_id]).arrived]
        return max(0.0, now - min(since)) if since else 0.0

    def documents(self) -> Iterator[StreamState]:
        """Yield the states of the documents that are not closed."""
        for its in self._of.values():
            yield its.state

    def held_back(self) -> frozenset[str] | None:
        """Return the streams that are not to be read on, since too much waits; None if it does not.

        What comes whole (files, rows, feeds) waits then, too, so that no source of that kind holds up those that grow.
        """
        if self.waiting <= MOST_WAITING:
            return None
        much = (doc_id for doc_id in self._turn if self._of[doc_id].closed > MOST_OF_STREAM)
        return frozenset(doc_id.rpartition("@")[0] for doc_id in much)

    def next_round(
        self, most: float = MOST_OF_A_ROUND, waits: Lost | None = None, besides: Set[str] = frozenset()
    ) -> list[Settling]:
        """Return what is to be settled next, of at most so many chunks, the documents taking turns.

        waits: why it is not asked about. besides: documents that are being asked about. The states that go along are
        those that a round changes.

        Raises:
            StoreError: the journal cannot be read.
        """
        room = int(min(most, MOST_OF_A_ROUND))
        some = self._first(room, besides)
        each = room // max(1, len(some))
        asked: list[Settling] = []
        for doc_id in some:
            its = self._of[doc_id]
            window = [s for _, s in self._journal.sentences(doc_id, its.state.needed, self._reach(each))]
            is_over = its.is_over and len(window) == len(its.lengths)
            one = to_settle(its.state, window, self._size, is_over, waits, each)
            if one is not None:
                asked.append(one)
        return asked

    def begin(self, asked: list[Settling]) -> None:
        """Write down the states of documents of which nothing is settled, so that their weights stay as they are.

        Raises:
            StoreError: the journal cannot be written.
        """
        fresh = [s.state for s in asked if not s.state.closed.chunks]
        if fresh:
            self._journal.db.transact(lambda: states.save(self._journal.db, fresh))

    def settled(self, asked: Settling, before: int) -> None:
        """Take note that what was asked is settled and in the journal. before: state.closed.start until then."""
        state = asked.state
        its = self._of.get(state.doc_id)
        if its is None:
            return
        if state.doc_id in self._turn:
            self._turn.remove(state.doc_id)  # the others have waited longer now
        del its.lengths[: state.closed.start - before]
        while its.arrived and its.arrived[0][0] <= state.settled:
            its.arrived.popleft()
        if asked.is_over and its.is_over and len(its.lengths) <= state.closed.end - state.closed.start:
            self.drop(state.doc_id)
        else:
            self._count(state.doc_id)

    def _first(self, room: int, besides: Set[str]) -> list[str]:
        """Return whose turn it is. Documents that came whole, however many, leave half of the places to others."""
        growing: list[str] = []
        whole: list[str] = []
        for doc_id in list(self._turn):
            kind = whole if self._of[doc_id].is_over else growing
            if doc_id in besides or len(kind) >= room:
                continue
            if self._journal.document(doc_id) is None:
                self.drop(doc_id)  # it was forgotten
            else:
                kind.append(doc_id)
        of_whole = whole[: max(room // 2, room - len(growing))]
        chosen = {*of_whole, *growing[: room - len(of_whole)]}
        return [doc_id for doc_id in self._turn if doc_id in chosen]

    def _begun(self, document: StreamDocument) -> _Waiting:
        state = states.load(self._journal.db, document.doc_id) or states.begin(
            self._journal.db, document.doc_id, document.source, document.title, self._version
        )
        its = self._of[document.doc_id] = _Waiting(state, document.is_over)
        return its

    def _count(self, doc_id: str) -> None:
        """Count a document's chunks that wait, and put it in the row, at the end, if there are any."""
        its = self._of[doc_id]
        its.closed = len(close_chunks(doc_id, its.lengths, its.state.closed, self._size, its.is_over))
        if doc_id in self._turn and not its.closed:
            self._turn.remove(doc_id)
        elif its.closed and doc_id not in self._turn:
            self._turn.append(doc_id)

    def _reach(self, chunks: int) -> int:
        """Return how many sentences are enough to tell so many chunks: no chunk has more of them than it may."""
        return (chunks + 2) * self._size.sentences + self._size.overlap


def is_new(settled: Settled) -> bool:
    """Tell whether a round has settled any sentence of a document."""
    return settled.last >= settled.first
