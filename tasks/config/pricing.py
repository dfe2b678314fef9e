"""What a call costs: prices per million tokens, and the dollars that follow from them."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from nightdesk.tasks.config.toml_table import Table
from nightdesk.tasks.messages import Usage


class TokenPrices(Table):
    """Dollars per million tokens: read, read from the provider's cache, written to it, and answered with.

    Reading from the cache and writing to it cost what reading costs, if that is all that is said. batch: what of these
    prices lane batch costs.
    """

    input: float = Field(0.0, ge=0)
    cached: float = Field(0.0, ge=0)
    cache_write: float = Field(0.0, ge=0)
    output: float = Field(0.0, ge=0)
    batch: float = Field(0.5, ge=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _cache_costs_what_reading_does(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and "input" in given:
            return {"cached": given["input"], "cache_write": given["input"], **given}
        return given


def dollars_of(usage: Usage, prices: TokenPrices, lane: str = "sync") -> float:
    """Return what a call cost: input that is fresh, read from the cache and written to it, and output, each at its
    price per million tokens; on lane batch, the share of it that batches cost.
    """
    fresh = max(0, usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens)
    dollars = (
        fresh * prices.input
        + usage.cached_tokens * prices.cached
        + usage.cache_write_tokens * prices.cache_write
        + usage.output_tokens * prices.output
    ) / 1e6
    return dollars * prices.batch if lane == "batch" else dollars


def most_dollars(characters: int, prices: TokenPrices, most_output: int = 0) -> float:
    """Return the most that a call can cost: a token per character read, at the dearest, and as many written.

    most_output: tokens that the model may write at most; 0 = as many as characters are read.
    """
    dearest = max(prices.input, prices.cached, prices.cache_write)
    return (characters * dearest + (most_output or characters) * prices.output) / 1e6
