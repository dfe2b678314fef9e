"""Where the scheduler is that a run uses."""

import asyncio

import pytest

from nightdesk.tasks.calling.dask_cluster import Cluster
from nightdesk.tasks.calling.dask_pool import fan_out
from tests.tasks import work_functions


def test_the_scheduler_in_the_environment_is_used(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster)
    found = Cluster("", 2)
    assert asyncio.run(found.address()) == cluster
    found.close()  # it is not ours to end

    async def main() -> int:
        async with fan_out(cluster, 2, 60.0) as pool:
            return int(await pool.call(work_functions.add, 1, 1))

    assert asyncio.run(main()) == 2


def test_the_scheduler_that_a_profile_names_comes_before_the_one_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:1")
    assert asyncio.run(Cluster("tcp://127.0.0.1:2", 2).address()) == "tcp://127.0.0.1:2"
