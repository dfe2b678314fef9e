"""The server of language models, and its key."""

from collections.abc import Callable

import pytest

from tests.servers.playing import Playing
from tests.tasks.models.made import KEY, WORLD


@pytest.fixture(scope="session")
def world(stand_in: Callable[..., Playing]) -> Playing:
    """Start the server of made.WORLD, which wants a key."""
    with pytest.MonkeyPatch.context() as env:
        env.setenv("STANDIN_KEY", KEY)
        return stand_in(WORLD, "--api-key-env", "STANDIN_KEY")


@pytest.fixture
def server(world: Playing, monkeypatch: pytest.MonkeyPatch) -> Playing:
    """Return the server as if it had just been started; the environment holds its key."""
    monkeypatch.setenv("STANDIN_KEY", KEY)
    world.control("reset")
    world.control("batches", delay_s=0.0, fail=0.0, expire=0.0, most_requests=50_000)
    return world
