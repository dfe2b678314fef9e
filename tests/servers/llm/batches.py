"""A batch of either provider: it is taken in, left for a while, and then every item has its outcome."""

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.servers.llm.errors import Refused
from tests.servers.llm.players import Player
from tests.servers.llm.standin import Ask, StandIn, Turn

Reader = Callable[[StandIn, dict[str, Any]], tuple[Player, Ask]]


@dataclass(frozen=True, slots=True)
class Item:
    """One request of a batch."""

    custom_id: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item: succeeded (with its turn), errored (with the error), expired or canceled."""

    custom_id: str
    kind: str
    ask: Ask | None = None
    turn: Turn | None = None
    error: Refused | None = None


@dataclass(slots=True)
class Batch:
    """One batch. input_file and metadata are OpenAI's."""

    items: Sequence[Item]
    id: str = field(default_factory=lambda: f"batch_{uuid.uuid4().hex[:24]}")
    created_at: float = field(default_factory=time.time)
    ended_at: float | None = None
    cancelled_at: float | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    input_file: str = ""
    metadata: dict[str, str] | None = None
    problem: str = ""  # why it was not taken

    def count(self, kind: str) -> int:
        """Return how many items had an outcome."""
        return sum(o.kind == kind for o in self.outcomes)


class Batches:
    """The batches of one provider, and what works on them."""

    def __init__(self, standin: StandIn, read: Reader) -> None:
        self._standin, self._read = standin, read
        self._tasks: set[asyncio.Task[None]] = set()
        self.all: dict[str, Batch] = {}

    def take(self, batch: Batch) -> None:
        """Begin work on a batch."""
        self.all[batch.id] = batch
        self._standin.counts.batches += 1
        task = asyncio.create_task(self._work(batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def clear(self) -> None:
        """Forget all batches, those at work too."""
        for task in self._tasks:
            task.cancel()
        self.all.clear()

    def get(self, batch_id: str) -> Batch:
        """Return a batch.

        Raises:
            Refused: there is none with this id.
        """
        if batch_id not in self.all:
            raise Refused(404, "not_found_error", f"No batch found with id '{batch_id}'.")
        return self.all[batch_id]

    def page(self, after: str | None, limit: int) -> tuple[list[Batch], bool]:
        """Return batches, newest first, after one of them; and whether there are more."""
        newest = list(reversed(self.all.values()))
        start = [b.id for b in newest].index(after) + 1 if after in self.all else 0
        return newest[start : start + limit], len(newest) > start + limit

    async def _work(self, batch: Batch) -> None:
        # The delay is read anew each time: a test may hold batches back, and let them go.
        while (left := batch.created_at + self._standin.batch.delay_s - time.time()) > 0 and batch.cancelled_at is None:
            await asyncio.sleep(min(0.05, left))
        for item in batch.items:
            batch.outcomes.append(await self._outcome(batch, item))
        batch.ended_at = time.time()

    async def _outcome(self, batch: Batch, item: Item) -> Outcome:
        if batch.cancelled_at is not None:
            return Outcome(item.custom_id, "canceled")
        draw, settings = random.Random(f"{batch.id}/{item.custom_id}").random(), self._standin.batch
        if draw < settings.expire:
            return Outcome(item.custom_id, "expired")
        if draw < settings.expire + settings.fail:
            return Outcome(item.custom_id, "errored", error=Refused(500, "api_error", "Internal server error"))
        try:
            player, ask = self._read(self._standin, item.body)
        except Refused as e:
            return Outcome(item.custom_id, "errored", error=e)
        seen = self._standin.came(ask, "batch")
        turn = await self._standin.turn(player, ask, seen)
        seen.status, seen.done = turn.status, time.time()
        if turn.status != 200:
            error = Refused(turn.status, "api_error", f"{ask.model}: try again later")
            return Outcome(item.custom_id, "errored", error=error)
        return Outcome(item.custom_id, "succeeded", ask, turn)
