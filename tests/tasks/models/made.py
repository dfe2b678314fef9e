"""A world of language models with and without abilities and faults, and a question to them."""

import asyncio
from dataclasses import replace
from typing import Any

from nightdesk.tasks.messages import RoleRequest
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.worker import CallResult, answer_one
from nightdesk.tasks.roles.content_organizer import make_request
from tests.servers.playing import Playing
from tests.texts import evening

FAULTS = (
    "rate_limited", "rate_limited_silently", "server_error", "overloaded", "cut", "slow", "truncated", "prose",
    "refusal", "no_usage", "huge_usage", "null_usage", "zero_usage", "negative_usage",
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


def at(server: Playing, name: str, provider: str = "openai", **more: Any) -> ModelAddress:
    url = server.openai_url if provider == "openai" else server.url
    address = ModelAddress(provider, name, base_url=url, key_env="STANDIN_KEY", max_output_tokens=2000, timeout_s=120)
    return replace(address, **more)


def ask(address: ModelAddress, *requests: RoleRequest) -> list[CallResult]:
    """Ask one after the other, as one worker would."""

    async def main() -> list[CallResult]:
        return [await answer_one(address, r) for r in requests or (REQUEST,)]

    return asyncio.run(main())
