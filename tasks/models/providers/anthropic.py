"""Anthropic's Messages, and servers that speak it."""

import asyncio
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from anthropic import APIError, AsyncAnthropic

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


@cache
def _client(base_url: str, key_env: str, timeout_s: float, bulk: bool, _: asyncio.AbstractEventLoop) -> AsyncAnthropic:
    """Return the client of a server, built once per process (and loop, to which its connections belong).

    bulk: for what batches send and return, which is long.
    """
    key = read_key(key_env) if key_env else ""
    most, most_s = (MOST_BULK, max(BULK_S, timeout_s)) if bulk else (MOST_REPLY, timeout_s)
    return AsyncAnthropic(
        base_url=without_query(base_url) or "https://api.anthropic.com",
        default_query=query_of(base_url),
        api_key=key or NO_KEY,
        max_retries=0,
        http_client=Wire("anthropic", without_query(base_url), key, timeout_s, most, most_s),
    )


class AnthropicModel(LanguageModel):
    """One model of such a server."""

    JSON_FORMS = ("json_schema", "text")
    ERROR = APIError

    def __init__(self, address: ModelAddress) -> None:
        super().__init__(address)
        self._settings = json.loads(address.settings or "{}")

    @property
    def client(self) -> AsyncAnthropic:
        """The client that this process talks to the server with. Retries are not its business.

        Raises:
            Unusable: there is no key.
        """
        at = self.address
        return _client(at.base_url, at.key_env, at.timeout_s, False, asyncio.get_running_loop())

    @property
    def bulk_client(self) -> AsyncAnthropic:
        """The same for what batches send and return."""
        at = self.address
        return _client(at.base_url, at.key_env, at.timeout_s, True, asyncio.get_running_loop())

    def body(self, prompt: Prompt, form: str) -> dict[str, Any]:
        """Return a message's request: instructions, then the chunk, which ends what is cached, then the question."""
        settings = dict(self._settings)
        output = dict(settings.pop("output_config", {}))
        if form == "json_schema":
            output["format"] = {"type": "json_schema", "schema": prompts.SCHEMA}
        items: dict[str, Any] = {"type": "text", "text": prompt.items}
        if prompt.shared:  # writing to the cache is dearer than reading: only for what will be read again
            items["cache_control"] = {"type": "ephemeral"}
        body = {
            "model": self.address.kind,
            "max_tokens": self.most_output(prompt),
            "system": [{"type": "text", "text": prompt.instructions}],
            "messages": [{"role": "user", "content": [items, {"type": "text", "text": prompt.question}]}],
        }
        return body | ({"output_config": output} if output else {}) | settings

    def read(self, reply: Mapping[str, Any]) -> Said:
        """Return what a message says."""
        usage = _usage(reply.get("usage"))
        content = reply.get("content")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        blocks = [b for b in content if isinstance(b, Mapping)] if isinstance(content, list) else []
        text = "".join(str(b.get("text", "")) for b in blocks if b.get("type") == "text")
        why = reply.get("stop_reason")
        if why == "refusal":
            raise Refused("the model declined", text, usage)
        if why in ("max_tokens", "model_context_window_exceeded"):
            raise BadReply(f"the reply was cut off after {usage.output_tokens} tokens ({why})", text, usage)
        return Said(text, usage)

    async def send(self, body: dict[str, Any]) -> Mapping[str, Any]:
        """Send one request over lane sync."""
        with self.translated():
            text = await self.client.post("/v1/messages", cast_to=str, body=body)
        return as_json(text)

    async def look_up(self) -> None:
        """Ask whether the model is there."""
        try:
            await self.client.get(f"/v1/models/{self.address.kind}", cast_to=str)
        except APIError as e:
            error = self.error_of(e)
            if isinstance(error, Unusable) and getattr(e, "status_code", None) == 404 and self.address.base_url:
                return  # this server may just have no such list
            raise error from None


def _usage(reported: Any) -> Usage:
    if not isinstance(reported, Mapping):
        return Usage(estimated=True)
    read, written = reported.get("cache_read_input_tokens"), reported.get("cache_creation_input_tokens")
    figures = whole(reported.get("input_tokens")), whole(read, 0), whole(written, 0)
    total = None if None in figures else sum(n or 0 for n in figures)
    return usage_of(reported, total, read, written, reported.get("output_tokens"))
