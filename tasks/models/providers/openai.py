"""OpenAI, and every server that speaks its Chat Completions (vLLM, llama.cpp, Ollama, LiteLLM, ...)."""

import asyncio
import json
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from typing import Any

from openai import APIError, AsyncOpenAI

from nightdesk.tasks.errors import BadReply, Refused, Unusable
from nightdesk.tasks.messages import Usage
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.api_keys import read_key
from nightdesk.tasks.models.providers.language_model import (
    LanguageModel,
    Said,
    as_json,
    query_of,
    without_query,
)
from nightdesk.tasks.models.providers.usage_figures import usage_of, whole
from nightdesk.tasks.models.providers.wire import BULK_S, MOST_BULK, MOST_REPLY, NO_KEY, Wire
from nightdesk.tasks.roles import prompts
from nightdesk.tasks.roles.prompts import Prompt

_FORMATS: dict[str, dict[str, Any]] = {
    "json_schema": {
        "type": "json_schema",
        "json_schema": {"name": "groups", "strict": True, "schema": prompts.SCHEMA},
    },
    "json_object_schema": {"type": "json_object", "schema": prompts.SCHEMA},
    "json_object": {"type": "json_object"},
}


@cache
def _client(base_url: str, key_env: str, timeout_s: float, bulk: bool, _: asyncio.AbstractEventLoop) -> AsyncOpenAI:
    """Return the client of a server, built once per process (and loop, to which its connections belong).

    bulk: for what batches send and return, which is long.
    """
    key = read_key(key_env) if key_env else ""
    most, most_s = (MOST_BULK, max(BULK_S, timeout_s)) if bulk else (MOST_REPLY, timeout_s)
    return AsyncOpenAI(
        base_url=without_query(base_url) or "https://api.openai.com/v1",
        default_query=query_of(base_url),
        api_key=key or NO_KEY,
        max_retries=0,
        http_client=Wire("openai", without_query(base_url), key, timeout_s, most, most_s),
    )


class OpenAIModel(LanguageModel):
    """One model of such a server."""

    JSON_FORMS = ("json_schema", "json_object_schema", "json_object", "text")
    ERROR = APIError

    def __init__(self, address: ModelAddress) -> None:
        super().__init__(address)
        self._settings = json.loads(address.settings or "{}")

    @property
    def client(self) -> AsyncOpenAI:
        """The client that this process talks to the server with. Retries are not its business.

        Raises:
            Unusable: there is no key.
        """
        at = self.address
        return _client(at.base_url, at.key_env, at.timeout_s, False, asyncio.get_running_loop())

    @property
    def bulk_client(self) -> AsyncOpenAI:
        """The same for what batches send and return."""
        at = self.address
        return _client(at.base_url, at.key_env, at.timeout_s, True, asyncio.get_running_loop())

    def body(self, prompt: Prompt, form: str) -> dict[str, Any]:
        """Return a chat completion's request: instructions, then the chunk, then the question."""
        own = not self.address.base_url
        body: dict[str, Any] = {
            "model": self.address.kind,
            "messages": [
                {"role": "system", "content": prompt.instructions},
                {"role": "user", "content": f"{prompt.items}\n\n{prompt.question}"},
            ],
            # Servers of others know the older name.
            "max_completion_tokens" if own else "max_tokens": self.most_output(prompt),
        }
        if form in _FORMATS:
            body["response_format"] = _FORMATS[form]
        if own:  # calls about one chunk go to the machine that has it in its cache
            body["prompt_cache_key"] = blake2b(prompt.items.encode("utf-8", "replace"), digest_size=12).hexdigest()
        return {**body, **self._settings}

    def read(self, reply: Mapping[str, Any]) -> Said:
        """Return what a chat completion says."""
        usage = _usage(reply.get("usage"))
        choices = reply.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        message = (first.get("message") or {}) if isinstance(first, Mapping) else None
        if not isinstance(first, Mapping) or not isinstance(message, Mapping):
            raise BadReply("the reply holds no choice", json.dumps(reply)[:1000], usage)
        why = first.get("finish_reason")
        text = _text_of(message)
        if message.get("refusal") or why == "content_filter":
            raise Refused(f"the model declined: {message.get('refusal') or why}", text, usage)
        if why == "length":
            raise BadReply(f"the reply was cut off after {usage.output_tokens} tokens", text, usage)
        return Said(text, usage)

    async def send(self, body: dict[str, Any]) -> Mapping[str, Any]:
        """Send one request over lane sync."""
        with self.translated():
            text = await self.client.post("/chat/completions", cast_to=str, body=body)
        return as_json(text)

    async def look_up(self) -> None:
        """Ask whether the model is there."""
        try:
            await self.client.get(f"/models/{self.address.kind}", cast_to=str)
        except APIError as e:
            error = self.error_of(e)
            listed = not self.address.base_url or getattr(e, "code", None) == "model_not_found"
            if isinstance(error, Unusable) and getattr(e, "status_code", None) == 404 and not listed:
                return  # this server may just have no such list
            raise error from None


def _text_of(message: Mapping[str, Any]) -> str:
    """Return what a message says: its content, which some servers send in parts, or what it would call a tool with."""
    content = message.get("content")
    if isinstance(content, list):
        parts = [p for p in content if isinstance(p, Mapping) and p.get("type", "text") in ("text", "output_text")]
        content = "".join(str(part.get("text") or "") for part in parts)
    calls = message.get("tool_calls")
    if not content and isinstance(calls, list) and calls and isinstance(calls[0], Mapping):
        called = calls[0].get("function")
        content = called.get("arguments") if isinstance(called, Mapping) else None
    return str(content or "")


def _usage(reported: Any) -> Usage:
    if not isinstance(reported, Mapping):
        return Usage(estimated=True)
    details = reported.get("prompt_tokens_details")
    details = details if isinstance(details, Mapping) else {}
    total, output = whole(reported.get("prompt_tokens")), reported.get("completion_tokens")
    return usage_of(reported, total, details.get("cached_tokens"), details.get("cache_write_tokens"), output)
