"""Language models over real HTTP: what goes over the wire, what servers with less can do, and what errors mean."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from nightdesk.tasks.errors import (
    BadReply,
    ModelError,
    RateLimited,
    Refused,
    TooLong,
    TransientError,
    Unanswered,
    Unusable,
)
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.providers.provider_errors import FormRefused, ServerError
from nightdesk.tasks.models.worker import CallResult, look_up
from nightdesk.tasks.roles.content_organizer import make_request
from tests.servers.playing import Playing
from tests.tasks.models.made import ABLE, REQUEST, ask, at


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_model_answers_in_numbers_and_says_what_it_took(server: Playing, provider: str) -> None:
    opposite = make_request(REQUEST.items, "en", ["opinions", "facts"])
    first, second = ask(at(server, "able", provider), REQUEST, opposite)
    assert first.answer is not None, first.error
    assert sorted(n for g in first.answer.groups for n in g.numbers) == list(range(1, len(REQUEST.items) + 1))
    assert first.form == "json_schema"
    assert first.usage.output_tokens > 0
    assert not first.usage.estimated
    assert "tokens" in first.usage.raw
    assert second.usage.cached_tokens > second.usage.input_tokens / 2  # the same chunk, another question
    assert second.usage.cached_tokens + second.usage.cache_write_tokens <= second.usage.input_tokens


@pytest.mark.parametrize(("name", "ability"), ABLE.items())
def test_what_a_server_can_do_is_found_out_once(server: Playing, name: str, ability: str) -> None:
    first, again = ask(at(server, name), REQUEST, replace(REQUEST, language="de"))
    assert first.answer is not None, first.error
    assert first.form == again.form == {"none": "text"}.get(ability, ability)
    asked = len(server.log())
    (known,) = ask(at(server, name, form=first.form), replace(REQUEST, language="fr"))
    assert known.answer is not None
    assert len(server.log()) <= asked + 1


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ("rate_limited", RateLimited, "429"),
        ("rate_limited_silently", RateLimited, "429"),
        ("server_error", ServerError, "500"),
        ("overloaded", ServerError, "529"),
        ("cut", TransientError, "cannot be reached"),
        ("truncated", BadReply, "not JSON"),
        ("refusal", Refused, "declined"),
    ],
)
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_what_goes_wrong_is_told_apart(
    server: Playing, provider: str, fault: str, error: type[ModelError], said: str
) -> None:
    (reply,) = ask(at(server, fault, provider, form="json_schema"))
    assert reply.answer is None
    assert isinstance(reply.error, error)
    assert said in str(reply.error)
    assert "\n" not in str(reply.error)
    if isinstance(reply.error, RateLimited):
        assert reply.error.retry_after == (7 if fault == "rate_limited" else 0)
    if isinstance(reply.error, BadReply):  # it was paid for
        assert reply.usage.input_tokens > 0


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_prose_around_the_answer_and_silence_about_usage_do_no_harm(server: Playing, provider: str) -> None:
    for fault in ("prose", "no_usage"):
        (reply,) = ask(at(server, fault, provider))
        assert reply.answer is not None, reply.error
        assert reply.usage.estimated == (fault == "no_usage" and provider == "openai") or fault == "no_usage"
        assert reply.usage.input_tokens > 100


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("fault", ["huge_usage", "null_usage", "zero_usage", "negative_usage"])
def test_figures_that_cannot_be_right_are_replaced_by_a_count_by_length(
    server: Playing, fault: str, provider: str
) -> None:
    (reply,) = ask(at(server, fault, provider))
    assert reply.answer is not None, reply.error
    usage = reply.usage
    assert usage.estimated
    assert 100 < usage.input_tokens < 5_000
    assert 0 < usage.output_tokens < 500
    assert "output_tokens" in usage.raw or "completion_tokens" in usage.raw  # what the server said is kept to be read


@pytest.mark.parametrize(("fault", "is_charged"), [("cut", True), ("server_error", False), ("rate_limited", False)])
def test_a_reply_that_broke_off_may_be_charged_for_and_a_refusal_is_not(
    server: Playing, fault: str, is_charged: bool
) -> None:
    (reply,) = ask(at(server, fault))
    assert isinstance(reply.error, Unanswered) == is_charged


def test_no_reply_in_time_may_be_charged_for_and_nobody_there_is_not(server: Playing) -> None:
    (late,) = ask(at(server, "slow", timeout_s=0.5))
    (nobody,) = ask(at(server, "able", base_url="http://127.0.0.1:9/v1"))
    assert isinstance(late.error, Unanswered)
    assert isinstance(nobody.error, TransientError) and not isinstance(nobody.error, Unanswered)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_chunk_that_is_too_long_is_no_model_to_be_left_out(server: Playing, provider: str) -> None:
    (reply,) = ask(at(server, "short", provider))
    assert type(reply.error) is TooLong
    assert "say in the profile what its context_tokens are" in str(reply.error)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_model_that_cannot_be_used_is_named_with_the_way_out_and_without_the_key(
    server: Playing, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (reply,) = ask(at(server, "nobody", provider))
    assert isinstance(reply.error, Unusable)
    assert "check model and base_url" in str(reply.error)
    wrong = "sk-wrong-but-secret-all-the-same"
    monkeypatch.setenv("WRONG_KEY", wrong)
    (reply,) = ask(at(server, "able", provider, key_env="WRONG_KEY"))
    assert isinstance(reply.error, Unusable)
    assert "check WRONG_KEY" in str(reply.error)
    assert wrong not in repr(reply)
    (reply,) = ask(at(server, "able", provider, key_env="NO_SUCH_KEY"))
    assert isinstance(reply.error, Unusable)
    assert "NO_SUCH_KEY holds no key" in str(reply.error)
    (reply,) = ask(at(server, "able", provider, base_url="http://127.0.0.1:9/v1"))
    assert isinstance(reply.error, TransientError)
    assert "http://127.0.0.1:9/v1 cannot be reached" in str(reply.error)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_looking_a_model_up_costs_nothing(server: Playing, provider: str) -> None:
    async def main() -> list[CallResult]:
        return [await look_up(at(server, name, provider)) for name in ("able", "nobody")]

    there, not_there = asyncio.run(main())
    assert there.error is None
    if provider == "openai":  # its servers say in a code of their own that it is the model that they lack
        assert isinstance(not_there.error, Unusable)
    assert server.counts()["requests"] == 0


REPLY = {"choices": [{"message": {"content": json.dumps({"groups": []})}, "finish_reason": "stop"}]}


@contextmanager
def a_server(*replies: tuple[int, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve these replies one after the other, the last of them for ever; yield its address, and what was sent."""
    sent: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sent.append({"path": self.path, **body})
            status, reply = replies[min(len(sent), len(replies)) - 1]
            said = reply.encode() if isinstance(reply, str) else json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", sent
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def served(*replies: tuple[int, Any], **more: Any) -> tuple[CallResult, list[dict[str, Any]]]:
    with a_server(*replies) as (url, sent):
        query = more.pop("query", "")
        given = {"form": "json_schema", "max_output_tokens": 500} | more
        (result,) = ask(ModelAddress("openai", "m", base_url=url + query, **given), REQUEST)
    return result, sent


@pytest.mark.parametrize(
    ("status", "reply", "error"),
    [
        (200, {"error": {"message": "Rate limit exceeded", "code": 429}}, RateLimited),
        (200, {"id": None, "choices": None, "error": {"message": "upstream died", "code": 502}}, ServerError),
        (200, {"choices": [{"finish_reason": "error", "error": {"code": 502, "message": "died"}}]}, ServerError),
        (200, {"error": "out of memory"}, ServerError),
        (200, {"choices": [None]}, BadReply),
        (200, {"choices": ["x"]}, BadReply),
        (200, "<html>please log in</html>", TransientError),
        (500, {"error": "boom"}, ServerError),
        (403, {"error": {"message": 'your input was flagged for "violence" by moderation'}}, Refused),
        (400, {"error": {"message": "the content management policy", "code": "content_filter"}}, Refused),
        (403, {"error": {"message": "no such key"}}, Unusable),
        (400, {"error": {"message": "Your credit balance is too low"}}, Unusable),
        (402, {"detail": "pay first"}, Unusable),
        (422, {"detail": [{"loc": ["body", "response_format"], "msg": "extra fields"}]}, FormRefused),
        (404, {"error": {"message": "No endpoints found that support the requested parameters"}}, FormRefused),
        (404, {"error": {"message": "no such model"}}, Unusable),
        (413, "<h1>Request Entity Too Large</h1>", TooLong),
    ],
)
def test_errors_are_understood_wherever_a_server_puts_them(status: int, reply: Any, error: type[ModelError]) -> None:
    result, _ = served((status, reply))
    assert isinstance(result.error, error), result.error
    assert "\n" not in str(result.error)


def test_a_model_without_the_form_is_asked_again_with_a_weaker_one() -> None:
    missing = {"error": {"message": "No endpoints found that can handle the requested parameters"}}
    result, sent = served((404, missing), (404, missing), (200, REPLY), form="")
    assert result.answer is not None, result.error
    assert [s.get("response_format", {}).get("type") for s in sent] == ["json_schema", "json_object", "json_object"]


def test_a_server_that_wants_the_newer_name_of_the_reply_s_length_gets_it_and_is_not_asked_twice() -> None:
    wrong = {"error": {"message": "'max_tokens' is not supported. Use 'max_completion_tokens' instead."}}
    result, sent = served((400, wrong), (200, REPLY))
    assert result.answer is not None, result.error
    assert [("max_tokens" in s, "max_completion_tokens" in s) for s in sent] == [(True, False), (False, True)]


def test_the_query_of_a_base_url_goes_along_with_every_request() -> None:
    result, sent = served((200, REPLY), query="?api-version=2026-01-01")
    assert result.answer is not None, result.error
    assert sent[0]["path"] == "/v1/chat/completions?api-version=2026-01-01"


@pytest.mark.parametrize(
    "message",
    [
        {"content": [{"type": "thinking", "text": "x"}, {"type": "text", "text": None}, {"text": '{"groups":[]}'}]},
        {"content": None, "tool_calls": [{"function": {"name": "json", "arguments": '{"groups":[]}'}}]},
    ],
)
def test_content_in_parts_and_the_arguments_of_a_tool_are_read(message: Any) -> None:
    result, _ = served((200, {"choices": [{"message": message}]}))
    assert result.answer is not None, result.error
