"""Both SDKs, unpatched, against the stand-in server: answers, usage, caching, errors, batches."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import anthropic
import openai
import pytest

from nightdesk.tasks.roles import prompts, replies
from nightdesk.tasks.roles.topic_finder import make_request
from tests.servers.playing import Playing
from tests.texts import evening

WORLD = """
[[models]]
name = "plain"
family = "lowland"
accuracy = { content_organizer = 1.0 }

[[models]]
name = "llama"
family = "lowland"
accuracy = { content_organizer = 1.0 }
abilities = "json_object_schema"
context = 900

[[models]]
name = "troubled"
family = "upland"
accuracy = { content_organizer = 1.0 }
retry_after_s = 7
slow_s = 0.2
faults = { rate_limited = 0.1, rate_limited_silently = 0.1, server_error = 0.1, overloaded = 0.1, cut = 0.1, slow = 0.1, truncated = 0.1, prose = 0.1, refusal = 0.1, no_usage = 0.1 }

[[models]]
name = "late"
family = "riverside"
accuracy = { topic_finder = 0.3, content_organizer = 1.0 }
[[models.changes]]
night = 3
accuracy = { topic_finder = 1.0 }
"""  # noqa: E501
PROMPT = prompts.render(make_request([text for _, text in evening(3, 6)], "en"))
SCHEMA = {
    "type": "object",
    "properties": {
        "groups": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"label": {"type": "string"}, "numbers": {"type": "string"}},
                "required": ["label", "numbers"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["groups"],
    "additionalProperties": False,
}
STRICT: Any = {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": SCHEMA}}


@pytest.fixture(scope="module")
def server(stand_in: Callable[..., Playing]) -> Playing:
    return stand_in(WORLD)


@pytest.fixture(autouse=True)
def counted_from_zero(server: Playing) -> None:
    server.control("reset")
    server.control("batches", delay_s=0.0, fail=0.0, expire=0.0, most_requests=50_000)
    server.control("night", night=1)


def _openai(server: Playing) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=server.openai_url, api_key="key", max_retries=0)


def _anthropic(server: Playing) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=server.url, api_key="key", max_retries=0)


def _messages(more: str = "") -> list[Any]:
    return [
        {"role": "system", "content": PROMPT.instructions},
        {"role": "user", "content": f"{PROMPT.items}\n\n{PROMPT.question}{more}"},
    ]


def _marked() -> list[Any]:
    items = {"type": "text", "text": PROMPT.items + "\n\n", "cache_control": {"type": "ephemeral"}}
    return [{"role": "user", "content": [items, {"type": "text", "text": PROMPT.question}]}]


def test_a_chat_completion_answers_in_our_schema_and_caches_its_front(server: Playing) -> None:
    async def twice() -> list[Any]:
        async with _openai(server) as client:
            ask = {"model": "plain", "messages": _messages(), "response_format": STRICT}
            return [await client.chat.completions.create(**ask) for _ in range(2)]

    first, second = asyncio.run(twice())
    assert len(replies.parse(first.choices[0].message.content).groups) > 1
    assert first.choices[0].message.content == second.choices[0].message.content
    assert first.usage.prompt_tokens > 1024
    assert first.usage.prompt_tokens_details.cached_tokens == 0
    assert second.usage.prompt_tokens_details.cached_tokens >= 1024
    counts = server.counts()
    assert (counts["requests"], counts["duplicates"], counts["paid_again"]) == (2, 1, 1)
    assert counts["models"]["plain"]["input_tokens"] == 2 * first.usage.prompt_tokens


def test_a_message_answers_in_our_schema_and_caches_what_is_marked(server: Playing) -> None:
    async def twice() -> list[Any]:
        async with _anthropic(server) as client:
            wanted: Any = {"format": {"type": "json_schema", "schema": SCHEMA}}
            ask = {"model": "plain", "max_tokens": 2000, "system": PROMPT.instructions, "messages": _marked()}
            return [await client.messages.create(**ask, output_config=wanted) for _ in range(2)]

    first, second = asyncio.run(twice())
    assert len(replies.parse(first.content[0].text).groups) > 1
    assert first.usage.cache_creation_input_tokens == second.usage.cache_read_input_tokens > 1024
    assert first.usage.cache_read_input_tokens == second.usage.cache_creation_input_tokens == 0


@pytest.mark.parametrize(
    ("ask", "status", "says"),
    [
        ({"model": "nobody"}, 404, "does not exist"),
        ({"model": "llama", "response_format": STRICT}, 500, "not supported"),
        ({"model": "llama"}, 400, "maximum context length"),
        ({"model": "plain", "response_format": {**STRICT, "json_schema": {"name": "r", "strict": True,
          "schema": {"type": "object", "properties": {"a": {"type": "string"}}}}}}, 400, "Invalid schema"),
    ],
)  # fmt: skip
def test_what_openai_refuses_is_refused(server: Playing, ask: dict[str, Any], status: int, says: str) -> None:
    async def once() -> None:
        async with _openai(server) as client:
            await client.chat.completions.create(messages=_messages(), **ask)

    with pytest.raises(openai.APIStatusError, match=says) as caught:
        asyncio.run(once())
    assert caught.value.status_code == status


def test_a_key_that_is_wanted_must_be_shown(stand_in: Callable[..., Playing], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN_KEY", "sesame")
    locked = stand_in(WORLD, "--api-key-env", "STAND_IN_KEY")

    async def knock(key: str) -> list[str]:
        async with openai.AsyncOpenAI(base_url=locked.openai_url, api_key=key, max_retries=0) as client:
            names = [m.id async for m in client.models.list()]
        async with anthropic.AsyncAnthropic(base_url=locked.url, api_key=key, max_retries=0) as other:
            await other.messages.create(model="plain", max_tokens=9, messages=[{"role": "user", "content": "Ready?"}])
        return names

    assert asyncio.run(knock("sesame")) == ["plain", "llama", "troubled", "late"]
    with pytest.raises(openai.AuthenticationError):
        asyncio.run(knock("guess"))


async def _outcomes(calls: list[Awaitable[Any]]) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    for result in await asyncio.gather(*calls, return_exceptions=True):
        asked_to_wait = getattr(getattr(result, "response", None), "headers", {}).get("retry-after", "")
        outcomes[f"{getattr(result, 'status_code', type(result).__name__)}{asked_to_wait and '/'}{asked_to_wait}"] += 1
    return outcomes


def test_every_fault_comes_at_about_its_rate(server: Playing) -> None:
    async def storm() -> tuple[Counter[str], Counter[str]]:
        async with _openai(server) as one, _anthropic(server) as other:
            first = [one.chat.completions.create(model="troubled", messages=_messages(f" {k}")) for k in range(100)]
            second = [
                other.messages.create(model="troubled", max_tokens=2000, messages=_messages(f" {k}")[1:])
                for k in range(100)
            ]
            return await _outcomes(first), await _outcomes(second)

    for outcomes in asyncio.run(storm()):
        assert {"429/7", "429", "500", "529", "APIConnectionError"} < outcomes.keys()
        assert sum(outcomes.values()) == 100
    faults = {k: n for k, n in server.counts()["models"]["troubled"].items() if k.startswith("fault_")}
    assert len(faults) == 10
    assert all(5 <= n <= 40 for n in faults.values()), faults


def test_a_reply_is_held_until_it_is_released(server: Playing) -> None:
    async def held() -> list[str]:
        order = []
        async with _openai(server) as client:

            async def ask(more: str) -> None:
                await client.chat.completions.create(model="plain", messages=_messages(more))
                order.append(more)

            server.control("hold", texts=["zebra"])
            first = asyncio.create_task(ask(" zebra"))
            while not server.control("hold")["waiting"]:
                await asyncio.sleep(0.02)
            await ask(" horse")
            server.control("hold", texts=[])
            await first
        return order

    assert asyncio.run(held()) == [" horse", " zebra"]
    assert server.control("hold")["waiting"] == 0


def test_models_change_by_night(server: Playing) -> None:
    async def answer() -> str:
        async with _openai(server) as client:
            reply = await client.chat.completions.create(model="late", messages=_messages())
            return str(reply.choices[0].message.content)

    first = asyncio.run(answer())
    server.control("night", night=3)
    later = asyncio.run(answer())
    assert first != later


def _line(k: int) -> dict[str, Any]:
    body = {"model": "plain", "messages": _messages(f" {k}")}
    return {"custom_id": f"c-{k}", "method": "POST", "url": "/v1/chat/completions", "body": body}


async def _ended(poll: Callable[[], Awaitable[Any]], status: str) -> Any:
    while getattr(batch := await poll(), status) in ("validating", "in_progress", "finalizing"):
        await asyncio.sleep(0.05)
    return batch


def test_an_openai_batch_comes_back_with_what_failed_and_what_expired(server: Playing) -> None:
    server.control("batches", delay_s=0.3, fail=0.2, expire=0.2)

    async def whole() -> tuple[Any, list[dict[str, Any]], list[Any]]:
        async with _openai(server) as client:
            content = "".join(json.dumps(_line(k)) + "\n" for k in range(40)).encode()
            file = await client.files.create(file=("night.jsonl", content), purpose="batch")
            made = await client.batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={"nightdesk": "m1"},
            )
            assert made.status == "in_progress"
            batch = await _ended(lambda: client.batches.retrieve(made.id), "status")
            files = [await client.files.content(f) for f in (batch.output_file_id, batch.error_file_id)]
            rows = [json.loads(line) for f in files for line in f.text.splitlines()]
            return batch, rows, [b async for b in client.batches.list(limit=1)]

    batch, rows, listed = asyncio.run(whole())
    assert sorted(row["custom_id"] for row in rows) == sorted(f"c-{k}" for k in range(40))
    kinds = Counter((row["error"] or {}).get("code") or row["response"]["status_code"] for row in rows)
    assert kinds.keys() == {200, 500, "batch_expired"}
    assert batch.status == "expired"
    assert batch.request_counts.completed == kinds[200]
    assert batch.id in [b.id for b in listed]
    assert next(b for b in listed if b.id == batch.id).metadata == {"nightdesk": "m1"}


def test_a_message_batch_comes_back_with_what_failed_and_what_expired(server: Playing) -> None:
    server.control("batches", delay_s=0.3, fail=0.2, expire=0.2)

    async def whole() -> tuple[Any, Counter[str], list[str]]:
        async with _anthropic(server) as client:
            requests: Any = [
                {
                    "custom_id": f"c-{k}",
                    "params": {"model": "plain", "max_tokens": 500, "messages": _messages(f" {k}")[1:]},
                }
                for k in range(40)
            ]
            made = await client.messages.batches.create(requests=requests)
            assert made.request_counts.processing == 40
            batch = await _ended(lambda: client.messages.batches.retrieve(made.id), "processing_status")
            kinds = Counter([r.result.type async for r in await client.messages.batches.results(batch.id)])
            return batch, kinds, [b.id async for b in client.messages.batches.list(limit=1)]

    batch, kinds, listed = asyncio.run(whole())
    assert kinds.keys() == {"succeeded", "errored", "expired"}
    assert batch.request_counts.succeeded == kinds["succeeded"]
    assert batch.id in listed


def test_a_batch_that_is_too_large_is_not_taken(server: Playing) -> None:
    server.control("batches", most_requests=2)

    async def both() -> str:
        async with _openai(server) as one, _anthropic(server) as other:
            content = "".join(json.dumps(_line(k)) + "\n" for k in range(3)).encode()
            file = await one.files.create(file=("night.jsonl", content), purpose="batch")
            made = await one.batches.create(
                input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
            )
            params: Any = {"model": "plain", "max_tokens": 9, "messages": _messages()[1:]}
            with pytest.raises(anthropic.BadRequestError, match="too many"):
                await other.messages.batches.create(
                    requests=[{"custom_id": f"c{k}", "params": params} for k in range(3)]
                )
            return str(made.status)

    assert asyncio.run(both()) == "failed"


def test_a_batch_can_be_cancelled(server: Playing) -> None:
    server.control("batches", delay_s=60.0)

    async def whole() -> tuple[str, set[str]]:
        async with _openai(server) as one, _anthropic(server) as other:
            content = (json.dumps(_line(0)) + "\n").encode()
            file = await one.files.create(file=("night.jsonl", content), purpose="batch")
            made = await one.batches.create(
                input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
            )
            await one.batches.cancel(made.id)
            params: Any = {"model": "plain", "max_tokens": 9, "messages": _messages()[1:]}
            theirs = await other.messages.batches.create(requests=[{"custom_id": "c0", "params": params}])
            await other.messages.batches.cancel(theirs.id)
            while (batch := await one.batches.retrieve(made.id)).status == "cancelling":
                await asyncio.sleep(0.05)
            await _ended(lambda: other.messages.batches.retrieve(theirs.id), "processing_status")
            while (await other.messages.batches.retrieve(theirs.id)).processing_status != "ended":
                await asyncio.sleep(0.05)
            return batch.status, {r.result.type async for r in await other.messages.batches.results(theirs.id)}

    assert asyncio.run(whole()) == ("cancelled", {"canceled"})
    assert server.counts()["requests"] == 0
