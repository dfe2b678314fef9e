"""For all tests: the quiet environment that the product sets, hypothesis without a clock, servers and a cluster."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import settings

from nightdesk.flows.shared.configure import configure
from nightdesk.tasks.calling.dask.cluster import CONFIG
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
    """Start two workers and return the address of their scheduler.

    Like a cluster that somebody has set up, and without TLS: processes that a test starts reach it by its address.
    """
    import dask

    dask.config.set(CONFIG)
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        host="127.0.0.1",
        preload=["nightdesk.tasks.safety.child_processes", "nightdesk.tasks.models.worker"],
    ) as started:
        yield str(started.scheduler_address)
