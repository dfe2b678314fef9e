"""Streams whose topics are told by the first word of a sentence, settled by a router that answers by rule, in process.

What the rules leave to be decided is the product's own: which chunks close, ids, topics, rows, the journal.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.calling.call_rows import Unit
from nightdesk.tasks.calling.outcomes import Outcome
from nightdesk.tasks.calling.question_size import Budgets
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.following.journal import Journal, document_id
from nightdesk.tasks.following.settling import states
from nightdesk.tasks.following.settling.settle import settle
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.following.settling.stream_state import StreamState, to_settle
from nightdesk.tasks.following.settling.stream_stories import StreamStories
from nightdesk.tasks.following.stream import Arrival, Poll
from nightdesk.tasks.messages import Answer, Group, RoleRequest
from nightdesk.tasks.models.worker import embed_group, terms_group
from nightdesk.tasks.reading.sentences import Spoken
from nightdesk.tasks.reorganizing.document_state import Lost

DAY = date(2026, 3, 1)
Row = dict[str, Any]


class DiskFull(Exception):
    pass


def profile(sentences: int = 12, overlap: int = 3) -> Profile:
    """Return the news profile with small chunks."""
    chunks = {"sentences": sentences, "overlap": overlap}
    return Profile.model_validate(load_profile("news").model_dump() | {"chunks": chunks})


def spoken(words: Sequence[str]) -> list[Spoken]:
    """Return a sentence for each word; those of one word are alike but for a number that repeats."""
    return [Spoken(str(k), f"{word} {k % 7} was said.", k * 2.0, k * 2.0 + 1) for k, word in enumerate(words)]


@dataclass
class ByRule:
    """Stands in for the router. A topic is what has one first word; topics are one if `story` says the same of both.

    failing: tells of a question whether no model answers it. widest: items of the longest question about sentences
    that a model can read. units: what was asked.
    """

    profile: Profile
    story: Callable[[str], str] = str
    failing: Callable[[Unit], bool] = lambda unit: False
    widest: int = 10_000
    units: list[Unit] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.plans = SimpleNamespace(budgets_of=lambda role, version, language: Budgets(self.profile))

    async def ask(self, units: Sequence[Unit], on_done: Callable[[], None]) -> list[Outcome]:
        self.units += units
        return [self._outcome(unit) for unit in units]

    async def embed(self, texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        return np.array(embed_group(None, texts))

    async def embed_with_terms(self, texts: Sequence[Sequence[str]]) -> tuple[NDArray[np.float32], list[bytes]]:
        found = terms_group(None, texts)
        return np.array([vector for vector, _ in found]), [terms for _, terms in found]

    def _outcome(self, unit: Unit) -> Outcome:
        request = unit.request
        if request.role != "relationship_checker" and len(request.items) > self.widest:
            return Outcome(None, None, "too long", "text", "estimate")
        if self.failing(unit):
            return Outcome(None, None, f"{request.role}: the model broke down", "models")
        return Outcome(Answer(tuple(self._groups(request))), "ruled")

    def _groups(self, request: RoleRequest) -> list[Group]:
        found: dict[str, list[int]] = defaultdict(list)
        for number, item in enumerate(request.items, 1):
            word = item.split("\n")[-1].split()[0]
            if request.role == "topic_locator":
                word = str(1 + list(request.labels).index(word))
            elif request.role == "content_organizer":
                word = request.labels[len(item) % len(request.labels)]
            elif request.role == "relationship_checker":
                word = self.story(word)
            found[word].append(number)
        least = 2 if request.role == "relationship_checker" else 1
        return [Group(label, tuple(numbers)) for label, numbers in found.items() if len(numbers) >= least]


class Followed:
    """Streams of a date that are settled as they arrive, each round from what the journal says."""

    def __init__(self, out: Path, journal: Journal, router: object) -> None:
        self.journal, self.router = journal, router
        self._stories = StreamStories(out, DAY, journal.db)
        self.rounds: list[Settled] = []
        self.reloads, self.fails = True, False
        self._states: dict[str, StreamState] = {}

    def state(self, stream: str = "talk") -> StreamState:
        """Return the state of a stream as it was saved last."""
        doc_id = document_id(stream, DAY)
        return states.load(self.journal.db, doc_id) or states.begin(self.journal.db, doc_id, "in/talk.txt", None, 3)

    def arrive(
        self, *pieces: tuple[str, Sequence[Spoken]], is_over: bool = False, waits: Lost | None = None
    ) -> list[Settled]:
        """Take pieces of streams in, and settle what is closed by them, in one round."""
        arrivals = [Arrival(stream, "in/talk.txt", tuple(piece), None, is_over) for stream, piece in pieces]
        self.journal.take(Poll(arrivals, {}), DAY)
        asked = []
        for stream, _ in pieces:
            state = self.state(stream) if self.reloads else self._states.setdefault(stream, self.state(stream))
            window = [s for _, s in self.journal.sentences(state.doc_id, state.needed)]
            size = cast(Router, self.router).profile.chunks
            its = to_settle(state, window, size, is_over, waits)
            asked += [its] if its is not None else []
        if not asked:
            return []
        settled = asyncio.run(settle(cast(Router, self.router), asked, self._stories))
        db, saved = self.journal.db, [its.state for its in asked]

        def save() -> None:
            states.save(db, saved)
            if self.fails:
                raise DiskFull

        with suppress(DiskFull):
            db.transact(save)
            for state in saved:
                state.saved()
        self.rounds += settled
        return settled

    def passages(self) -> list[Row]:
        """Return the rows of all rounds."""
        return [dict(row) for settled in self.rounds for row in settled.passages]

    def topics(self) -> dict[str, Row]:
        """Return topic_id -> its newest row."""
        return {row["topic_id"]: dict(row) for settled in self.rounds for row in settled.topics}

    def merged(self) -> dict[str, str]:
        """Return topic_id -> the earlier topic that it is a part of."""
        return {later: earlier for settled in self.rounds for later, earlier in settled.merged.items()}
