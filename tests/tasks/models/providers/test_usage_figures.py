"""Usage figures: only what can be right is believed."""

from typing import Any

import pytest

from nightdesk.tasks.models.providers.usage_figures import checked, limit_of, usage_of, whole
from nightdesk.tasks.roles import prompts
from tests.tasks.models.made import REQUEST

PROMPT = prompts.render(REQUEST)
REPLY = '{"groups": []}'


@pytest.mark.parametrize("value", [-1, 1.0, 1e30, "7", True, [], {}, float("nan")])
def test_only_whole_numbers_of_0_or_more_are_counts(value: Any) -> None:
    assert whole(value) is None
    assert whole(value, 0) is None


def test_a_cache_that_is_not_mentioned_took_nothing_and_one_larger_than_the_input_is_no_figure() -> None:
    assert whole(None) is None
    said = usage_of({}, 100, None, None, 7)
    assert (said.input_tokens, said.cached_tokens, said.output_tokens, said.estimated) == (100, 0, 7, False)
    assert usage_of({}, 100, 101, None, 7).estimated
    assert usage_of({}, 100, 60, 41, 7).estimated


@pytest.mark.parametrize(("read", "written"), [(0, 7), (100, 0), (10**7, 7), (100, 10**6)])
def test_figures_that_are_too_small_or_too_large_give_way_to_a_count_by_length(read: int, written: int) -> None:
    usage = checked(usage_of({"n": 1}, read, None, None, written), PROMPT, REPLY, 2_000)
    assert usage.estimated
    assert 0 < usage.input_tokens < 5_000
    assert 0 < usage.output_tokens < 100
    assert usage.raw == '{"n":1}'


def test_figures_that_can_be_right_stand() -> None:
    said = usage_of({"n": 1}, 400, 100, 50, 7)
    assert checked(said, PROMPT, REPLY, 2_000) == said
    nothing = usage_of({}, 400, None, None, 0)
    assert checked(nothing, PROMPT, "", 2_000) == nothing  # a refusal may be empty


def test_a_reply_may_be_as_long_as_the_models_options_say() -> None:
    assert limit_of('{"max_tokens": 64000}', 2_000, ("max_tokens",)) == 64_000
    assert limit_of("", 2_000, ("max_tokens",)) == 2_000
