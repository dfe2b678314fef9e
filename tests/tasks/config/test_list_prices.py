"""What the price list knows, without a network."""

import pytest

from nightdesk.tasks.config.list_prices import list_context, list_prices


@pytest.mark.parametrize(
    ("provider", "base_url", "model"),
    [
        ("anthropic", "", "claude-sonnet-4-5"),
        ("openai", "", "gpt-4o-mini"),
        ("openai", "https://api.deepseek.com", "deepseek-chat"),  # another provider, known by its address
    ],
)
def test_list_prices_are_known_with_what_caches_cost(provider: str, base_url: str, model: str) -> None:
    prices = list_prices(provider, base_url, model)
    assert prices is not None
    assert 0 < prices["cached"] < prices["input"] <= prices["cache_write"]
    assert prices["input"] < prices["output"]


def test_writing_to_anthropics_cache_costs_more_than_reading() -> None:
    prices = list_prices("anthropic", "", "claude-sonnet-4-5")
    assert prices is not None
    assert prices["input"] < prices["cache_write"] < prices["output"]


@pytest.mark.parametrize(
    ("base_url", "model"), [("", "no-such-model"), ("http://127.0.0.1:8000/v1", "gpt-4o-mini")], ids=["model", "server"]
)
def test_nobody_knows_an_unknown_model_or_a_server_of_ones_own(base_url: str, model: str) -> None:
    assert list_prices("openai", base_url, model) is None
    assert list_context("openai", base_url, model) is None


def test_contexts_are_listed_in_tokens() -> None:
    assert list_context("openai", "", "gpt-4o-mini") == 128_000
