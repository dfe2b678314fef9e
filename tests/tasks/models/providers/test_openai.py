"""A chat completion's request and reply, as the wire has them."""

from dataclasses import replace
from typing import Any

import pytest

from nightdesk.tasks.errors import BadReply, Refused
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.providers.openai import OpenAIModel
from nightdesk.tasks.roles import prompts
from tests.tasks.models.made import REQUEST

PROMPT = prompts.render(REQUEST)
USAGE = {"prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 40}}


def model(base_url: str = "", settings: str = "") -> OpenAIModel:
    return OpenAIModel(ModelAddress("openai", "gpt", base_url=base_url, settings=settings, max_output_tokens=2000))


def reply(content: Any, why: str = "stop", **message: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": content, **message}, "finish_reason": why}], "usage": USAGE}


def test_the_chunk_stands_before_the_question_so_that_its_cache_serves_every_role() -> None:
    system, user = model().body(PROMPT, "text")["messages"]
    assert (system["role"], system["content"]) == ("system", PROMPT.instructions)
    assert user["content"] == f"{PROMPT.items}\n\n{PROMPT.question}"


@pytest.mark.parametrize("form", OpenAIModel.JSON_FORMS)
def test_a_reply_is_held_to_json_as_the_server_can(form: str) -> None:
    asked = model().body(PROMPT, form).get("response_format")
    if form == "text":
        assert asked is None
    else:
        assert asked["type"] == form.removesuffix("_schema" if form == "json_object_schema" else "")
        schema = asked.get("schema") or asked.get("json_schema", {}).get("schema")
        assert schema == (None if form == "json_object" else prompts.SCHEMA)


def test_servers_of_others_are_asked_in_the_older_words() -> None:
    own, other = model().body(PROMPT, "text"), model("http://127.0.0.1:9/v1").body(PROMPT, "text")
    assert (own["max_completion_tokens"], "max_tokens" in own) == (2000, False)
    assert (other["max_tokens"], "max_completion_tokens" in other) == (2000, False)
    assert "prompt_cache_key" not in other


def test_calls_about_one_chunk_share_the_key_of_a_cache_and_those_about_another_do_not() -> None:
    keys = [
        model().body(prompts.render(request), "text")["prompt_cache_key"]
        for request in (REQUEST, replace(REQUEST, labels=("a", "b"), meanings=()), replace(REQUEST, items=("Other.",)))
    ]
    assert keys[0] == keys[1] != keys[2]


def test_the_profiles_options_come_last() -> None:
    body = model(settings='{"temperature": 0.5, "max_completion_tokens": 9}').body(PROMPT, "text")
    assert (body["temperature"], body["max_completion_tokens"]) == (0.5, 9)


@pytest.mark.parametrize("content", ["{}", [{"type": "text", "text": "{"}, {"type": "text", "text": "}"}]])
def test_text_is_read_whole_or_in_parts_with_what_it_took(content: Any) -> None:
    said = model().read(reply(content))
    assert said.text == "{}"
    assert (said.usage.input_tokens, said.usage.cached_tokens, said.usage.output_tokens) == (100, 40, 7)


@pytest.mark.parametrize(
    ("given", "error", "told"),
    [
        (reply("", refusal="I would rather not"), Refused, "declined: I would rather not"),
        (reply("", "content_filter"), Refused, "content_filter"),
        (reply('{"gro', "length"), BadReply, "cut off after 7 tokens"),
        ({"usage": USAGE, "choices": []}, BadReply, "no choice"),
    ],
)
def test_a_reply_that_is_no_answer_is_paid_for(given: dict[str, Any], error: type[BadReply], told: str) -> None:
    with pytest.raises(BadReply, match=told) as e:
        model().read(given)
    assert type(e.value) is error
    assert e.value.usage.output_tokens == 7
