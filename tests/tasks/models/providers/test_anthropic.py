"""A message's request and reply, as the wire has them."""

from dataclasses import replace
from typing import Any

import pytest

from nightdesk.tasks.errors import BadReply, Refused
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.providers.anthropic import AnthropicModel
from nightdesk.tasks.roles import prompts
from tests.tasks.models.made import REQUEST

PROMPT = prompts.render(REQUEST)


def model(settings: str = "") -> AnthropicModel:
    return AnthropicModel(ModelAddress("anthropic", "claude", settings=settings, max_output_tokens=2000))


def reply(text: str, why: str = "end_turn") -> dict[str, Any]:
    blocks = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": text}]
    usage = {"input_tokens": 10, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 30, "output_tokens": 7}
    return {"content": blocks, "stop_reason": why, "usage": usage}


@pytest.mark.parametrize("shared", [True, False])
def test_a_chunk_is_cached_if_other_roles_ask_about_it_too(shared: bool) -> None:
    body = model().body(replace(PROMPT, shared=shared), "text")
    items, question = body["messages"][0]["content"]
    assert (items["text"], question["text"]) == (PROMPT.items, PROMPT.question)
    assert ("cache_control" in items, "cache_control" in question) == (shared, False)


def test_the_form_stands_beside_the_profiles_own_output_settings() -> None:
    body = model('{"output_config": {"effort": "low"}, "top_k": 1}').body(PROMPT, "json_schema")
    assert body["output_config"] == {"effort": "low", "format": {"type": "json_schema", "schema": prompts.SCHEMA}}
    assert body["top_k"] == 1
    assert "output_config" not in model().body(PROMPT, "text")


def test_what_was_read_counts_what_the_cache_gave_and_took() -> None:
    said = model().read(reply("{}"))
    usage = said.usage
    assert said.text == "{}"  # and nothing of what it thought
    assert (usage.input_tokens, usage.cached_tokens, usage.cache_write_tokens, usage.output_tokens) == (100, 60, 30, 7)


@pytest.mark.parametrize(
    ("why", "error", "told"),
    [
        ("refusal", Refused, "declined"),
        ("max_tokens", BadReply, "cut off after 7 tokens"),
        ("model_context_window_exceeded", BadReply, "cut off after 7 tokens"),
    ],
)
def test_a_reply_that_is_no_answer_is_paid_for(why: str, error: type[BadReply], told: str) -> None:
    with pytest.raises(BadReply, match=told) as e:
        model().read(reply("{", why))
    assert type(e.value) is error
    assert e.value.usage.input_tokens == 100
