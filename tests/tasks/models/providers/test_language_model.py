"""Language models over real HTTP: what goes over the wire, what servers with less can do, and what errors mean."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from nightdesk.tasks.errors import BadReply, ModelError, RateLimited, Refused, TooLong, TransientError, Unusable
from nightdesk.tasks.messages import RoleRequest
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.api_keys import HIDDEN, without_keys
from nightdesk.tasks.models.providers.language_model import ServerError, retry_after
from nightdesk.tasks.models.worker import Reply, answer_one, look_up
from nightdesk.tasks.roles.content_organizer import make_request
from tests.servers.playing import Playing
from tests.texts import evening

FAULTS = (
    "rate_limited", "rate_limited_silently", "server_error", "overloaded", "cut", "slow", "truncated", "prose",
    "refusal", "no_usage",
)  # fmt: skip
KEY = "a-key-that-nobody-may-see"
ABLE = {"able": "json_schema", "llama": "json_object_schema", "plain": "json_object", "bare": "none"}
EVERY = "{ topic_finder = 1.0, topic_locator = 1.0, relationship_checker = 1.0, content_organizer = 1.0 }"


def model(name: str, more: str = "") -> str:
    return f'[[models]]\nname = "{name}"\nfamily = "{name}"\naccuracy = {EVERY}\n{more}\n'


WORLD = (
    "".join(model(name, f'abilities = "{ability}"') for name, ability in ABLE.items())
    + model("short", "context = 300")
    + "".join(model(f, f"retry_after_s = 7\nslow_s = 3.0\nfaults = {{ {f} = 1.0 }}") for f in FAULTS)
)
REQUEST = make_request([text for _, text in evening(7, 3)], "en", ["facts", "opinions"], ["what happened", "a view"])


@pytest.fixture(scope="module")
def server(stand_in: Callable[..., Playing]) -> Playing:
    with pytest.MonkeyPatch.context() as env:
        env.setenv("STANDIN_KEY", KEY)
        return stand_in(WORLD, "--api-key-env", "STANDIN_KEY")


@pytest.fixture(autouse=True)
def with_key(server: Playing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDIN_KEY", KEY)
    server.control("reset")


def at(server: Playing, name: str, provider: str = "openai", **more: Any) -> ModelAddress:
    url = server.openai_url if provider == "openai" else server.url
    address = ModelAddress(provider, name, base_url=url, key_env="STANDIN_KEY", max_output_tokens=2000, timeout_s=120)
    return replace(address, **more)


def ask(address: ModelAddress, *requests: RoleRequest) -> list[Reply]:
    """Ask one after the other, as one worker would."""

    async def main() -> list[Reply]:
        return [await answer_one(address, r) for r in requests or (REQUEST,)]

    return asyncio.run(main())


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


def test_a_reply_that_does_not_end_is_given_up(server: Playing) -> None:
    (reply,) = ask(at(server, "slow", timeout_s=0.5))
    assert isinstance(reply.error, TransientError)
    assert str(reply.error) == "no reply within 0.5 s"


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
    async def main() -> list[Reply]:
        return [await look_up(at(server, name, provider)) for name in ("able", "nobody")]

    there, not_there = asyncio.run(main())
    assert there.error is None
    if provider == "openai":  # its servers say in a code of their own that it is the model that they lack
        assert isinstance(not_there.error, Unusable)
    assert server.counts()["requests"] == 0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"retry-after": "3"}, 3),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "-4"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "nan"}, 0),
        ({"retry-after": "999999"}, 3600),
    ],
)
def test_how_long_a_provider_asks_to_wait(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers) == seconds


def test_a_provider_may_name_the_time_of_day() -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 27 < retry_after({"retry-after": when}) <= 30


@pytest.mark.parametrize(
    "text",
    [
        f"refused {KEY}",
        "Incorrect API key provided: sk-abc123def456.",
        "Authorization: Bearer abc.def",
        "sk-ant-api03-x_Y-9",
    ],
)
def test_what_looks_like_a_key_is_blanked(text: str) -> None:
    shown = without_keys(text, "STANDIN_KEY")
    assert HIDDEN in shown
    assert not any(secret in shown for secret in (KEY, "abc123def456", "abc.def", "api03"))
