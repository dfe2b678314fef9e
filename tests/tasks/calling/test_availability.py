"""Which models of a pool can be reached, over real HTTP and before anything is asked."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from nightdesk.tasks.calling.availability import usable
from nightdesk.tasks.calling.dask.pool import fan_out
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.errors import InputError
from tests.servers.playing import Playing
from tests.tasks.calling.made import NEWS, with_changes

WORLD = """
[[models]]
name = "there"
family = "there"
accuracy = { topic_finder = 1.0 }
"""


@pytest.fixture
def server(stand_in: Callable[..., Playing]) -> Playing:
    server = stand_in(WORLD)
    server.control("reset")
    return server


def pool(server: Playing, *names: str) -> Profile:
    """Return a profile of models that a server is asked for; `keyless` has no key."""
    models: list[dict[str, Any]] = [
        {
            "name": name, "family": name, "provider": "openai", "base_url": server.openai_url,
            "prices": {"input": 0.0, "output": 0.0}, "api_key_env": "NO_SUCH_KEY" if name == "keyless" else "",
        }
        for name in names
    ]  # fmt: skip
    return with_changes(models=models)


def reached(scheduler: str, profile: Profile) -> Profile:
    async def main() -> Profile:
        async with fan_out(scheduler, 2, 60.0) as workers:
            return await usable(profile, workers)

    return asyncio.run(main())


def test_models_that_cannot_be_used_are_left_out_with_the_reason_and_nothing_is_paid(
    cluster: str, server: Playing, caplog: pytest.LogCaptureFixture
) -> None:
    profile = reached(cluster, pool(server, "there", "gone", "keyless"))
    assert profile.exclude == ("gone", "keyless")
    told = {r.message.split()[0]: r.message for r in caplog.records if r.levelno == logging.WARNING}
    assert "check model and base_url" in told["gone"]
    assert "NO_SUCH_KEY holds no key" in told["keyless"]
    assert server.counts()["requests"] == 0


def test_a_run_without_any_model_is_refused_before_it_starts(cluster: str, server: Playing) -> None:
    with pytest.raises(InputError, match=r"no model of profile 'news' can be used: gone: .*; keyless: "):
        reached(cluster, pool(server, "gone", "keyless"))


def test_embedded_models_need_not_be_looked_up(cluster: str) -> None:
    assert reached(cluster, NEWS) == NEWS
