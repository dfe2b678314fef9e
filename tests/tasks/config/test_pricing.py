"""What a call costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.config.pricing import TokenPrices, dollars_of, most_dollars
from nightdesk.tasks.messages import Usage


def test_dollars_are_tokens_at_their_prices() -> None:
    prices = TokenPrices(input=3.0, cached=0.3, output=15.0)
    assert dollars_of(Usage(1_000_000, 0, 0), prices) == pytest.approx(3.0)
    assert dollars_of(Usage(1_000_000, 400_000, 200_000), prices) == pytest.approx(0.6 * 3 + 0.4 * 0.3 + 0.2 * 15)
    assert dollars_of(Usage(), prices) == 0.0
    written = TokenPrices(input=3.0, cached=0.3, cache_write=3.75, output=15.0)
    assert dollars_of(Usage(1_000_000, 400_000, 0, 100_000), written) == pytest.approx(0.5 * 3 + 0.4 * 0.3 + 0.1 * 3.75)
    assert dollars_of(Usage(1_000_000, 0, 0), prices, "batch") == pytest.approx(1.5)


@given(st.integers(0, 10**6), st.floats(0, 1), st.floats(0, 1))
def test_no_call_costs_more_than_was_reserved_for_it(characters: int, read: float, written: float) -> None:
    prices = TokenPrices(input=3.0, cached=0.3, output=15.0)
    usage = Usage(int(characters * read), 0, int(characters * written))
    assert dollars_of(usage, prices) <= most_dollars(characters, prices)
