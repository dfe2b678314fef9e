"""List prices and contexts of language models, from the data that comes with genai-prices: no network is asked.

Kept: genai-prices is maintained, knows the providers by their addresses too, and carries cache prices.
"""

from datetime import UTC, datetime
from functools import cache
from typing import Any


def list_prices(provider: str, base_url: str, model: str) -> dict[str, float] | None:
    """Return dollars per million tokens (input, cached, cache_write, output), or None if nobody knows them.

    Prices that rise with the length of the input count from their lowest step, as a chunk stays far below the next.
    """
    from genai_prices.types import TieredPrices  # only pools with language models need it

    found = _found(provider, base_url, model)
    if found is None:
        return None
    prices = found.get_prices(datetime.now(UTC))

    def dollars(*names: str) -> float | None:
        for name in names:
            price = getattr(prices, name, None)
            if price is not None:
                return float(price.base if isinstance(price, TieredPrices) else price)
        return None

    read, answered = dollars("input_mtok"), dollars("output_mtok")
    if read is None or answered is None:
        return None
    cached, written = dollars("cache_read_mtok", "input_mtok"), dollars("cache_write_mtok", "input_mtok")
    return {"input": read, "cached": cached or 0.0, "cache_write": written or 0.0, "output": answered}


@cache
def list_context(provider: str, base_url: str, model: str) -> int | None:
    """Return how many tokens a model reads and answers in one call, or None if nobody knows."""
    found = _found(provider, base_url, model)
    return (found.context_window or None) if found is not None else None


def _found(provider: str, base_url: str, model: str) -> Any:
    from genai_prices.data_snapshot import get_snapshot

    where = (None, None, base_url) if base_url else (None, provider, None)
    try:
        _, found = get_snapshot().find_provider_model(model, *where)
    except LookupError:
        return None
    return found
