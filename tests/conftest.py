"""For all tests: the quiet environment that the product sets, hypothesis without a clock, servers and a cluster."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import settings

from nightdesk.flows.shared.configure import configure
from nightdesk.tasks.calling.dask_cluster import Cluster
from tests.servers.playing import Playing, playing

configure()  # nothing phones home, nothing chatters
settings.register_profile("nightdesk", deadline=None, max_examples=50)
settings.load_profile("nightdesk")


@pytest.fixture(scope="session")
def stand_in() -> Iterator[Callable[..., Playing]]:
    """Return a function that has a world of models (TOML text) played over HTTP; once per world and session."""
    with ExitStack() as stack:
        running: dict[tuple[object, ...], Playing] = {}

        def start(world: str, *options: object) -> Playing:
            key = (world, *options)
            if key not in running:
                running[key] = stack.enter_context(playing(world, *options))
            return running[key]

        yield start


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """Start two workers and return the address of their scheduler."""
    started = Cluster("", 2)
    try:
        yield asyncio.run(started.address())
    finally:
        started.close()
