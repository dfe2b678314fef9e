"""Admission: requests and tokens per minute, concurrency and dollars, granted in the flow's process as calls go out.

Workers hold no limits and sleep no retries: a call that a provider turns away comes back here, and its model rests
for as long as the provider asks, while the others go on.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass

from aiolimiter import AsyncLimiter

from tasks.errors import BudgetExceeded
from tasks.pool import ModelSpec, Prices
from tasks.requests import Usage

MINUTE = 60.0


@dataclass(slots=True)
class Grant:
    """Leave to make one call; set `spent` to its dollars before it is given back."""

    spent: float = 0.0


class Admission:
    """The limits of one run."""

    def __init__(self, models: tuple[ModelSpec, ...], max_cost_usd: float) -> None:
        self.max_cost_usd = max_cost_usd
        self.spent = 0.0  # dollars of calls that are over
        self._reserved = 0.0  # dollars that calls under way may come to
        self._resting: dict[str, float] = {}
        self._places = {m.name: asyncio.Semaphore(m.limits.concurrency) for m in models if m.limits.concurrency}
        self._turns = {m.name: asyncio.Lock() for m in models}
        self._requests = {m.name: _per_minute(m.limits.requests_per_minute) for m in models}
        self._tokens = {m.name: _per_minute(m.limits.tokens_per_minute) for m in models}

    @asynccontextmanager
    async def grant(self, model: str, tokens: int, dollars: float) -> AsyncIterator[Grant]:
        """Wait until a model may be called. tokens, dollars: the most that the call can take.

        Raises:
            BudgetExceeded: the call could take the run over its dollars.
        """
        async with self._places.get(model) or nullcontext():
            async with self._turns[model]:  # one after the other: side by side they would save up and go out at once
                await _acquire(self._requests[model], 1)
                await _acquire(self._tokens[model], tokens)
            await self._rested(model)
            if dollars > 0 and self.spent + self._reserved + dollars > self.max_cost_usd:
                raise BudgetExceeded(
                    f"{model}: a call of up to ${dollars:.4f} could pass the run's ${self.max_cost_usd:.2f}; "
                    "raise limits.max_cost_usd in the profile"
                )
            self._reserved += dollars
            grant = Grant()
            try:
                yield grant
            finally:
                self._reserved -= dollars
                self.spent += grant.spent

    def rest(self, model: str, seconds: float) -> None:
        """Send a model nothing for so many seconds from now."""
        until = asyncio.get_running_loop().time() + seconds
        self._resting[model] = max(until, self._resting.get(model, 0.0))

    async def _rested(self, model: str) -> None:
        while (left := self._resting.get(model, 0.0) - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(left)


async def _acquire(limiter: AsyncLimiter | None, amount: float) -> None:
    """Take an allowance in slices, as no more than a second's worth is ever there at once."""
    while limiter is not None and amount > 0:
        await limiter.acquire(min(amount, limiter.max_rate))
        amount -= limiter.max_rate


def _per_minute(rate: int) -> AsyncLimiter | None:
    # Spread evenly, a second's worth at once: a burst of a whole minute's allowance meets the provider's own limit.
    return AsyncLimiter(max(1.0, rate / MINUTE), max(1.0, MINUTE / rate)) if rate else None


def dollars_of(usage: Usage, prices: Prices) -> float:
    """Return what a call cost: uncached input, cached input and output, each at its price per million tokens."""
    fresh = usage.input_tokens - usage.cached_tokens
    return (fresh * prices.input + usage.cached_tokens * prices.cached + usage.output_tokens * prices.output) / 1e6


def most_dollars(request_characters: int, prices: Prices) -> float:
    """Return the most that a call can cost: a token per character read, and as many written."""
    return dollars_of(Usage(request_characters, 0, request_characters), prices)
