"""Workers are probed before they are used; while none can be, all calls share one wait that ends in one line."""

import asyncio
import logging
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from distributed import Client, Scheduler

from nightdesk.tasks.calling.dask import workers
from nightdesk.tasks.calling.dask.pool import FanOut, fan_out
from nightdesk.tasks.errors import InputError, NightdeskError
from tests.tasks import work_functions

WITHOUT = """
import sys
sys.modules["nightdesk"] = None
from distributed.cli.dask_worker import main
main([*sys.argv[1:], "--no-nanny", "--nthreads", "1", "--no-dashboard"])
"""
PATIENCE_S = 60.0


@pytest.fixture
def bad_worker(cluster: str) -> Iterator[None]:
    """A worker of the session's scheduler that cannot import the package."""
    name = uuid.uuid4().hex
    command = [sys.executable, "-c", WITHOUT, cluster, "--name", name]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with Client(cluster, set_as_default=False) as client:
            while name not in {w["name"] for w in client.scheduler_info(n_workers=-1)["workers"].values()}:
                assert process.poll() is None
                time.sleep(0.1)
        yield
    finally:
        process.kill()
        process.wait()


def on_empty_scheduler(check: Callable[[FanOut, Scheduler], Coroutine[Any, Any, None]]) -> None:
    """Run a check with a pool of a scheduler that has no worker, and a short wait."""

    async def main() -> None:
        async with (
            Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler,
            fan_out(scheduler.address, 2, PATIENCE_S, wait_s=0.2) as pool,
        ):
            await check(pool, scheduler)

    asyncio.run(main())


@pytest.mark.usefixtures("bad_worker")
def test_a_worker_that_cannot_import_the_package_is_set_aside(cluster: str, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with fan_out(cluster, 2, PATIENCE_S) as pool:
            talked = await asyncio.gather(*(pool.talk(work_functions.add_soon, 1, k) for k in range(20)))
            called = await asyncio.gather(*(pool.call(work_functions.add, 1, k) for k in range(200)))
            assert (talked, called) == ([1 + k for k in range(20)], [1 + k for k in range(200)])

    with caplog.at_level(logging.WARNING, "nightdesk"):
        asyncio.run(main())
    (told,) = (r.getMessage() for r in caplog.records if "is not used" in r.getMessage())
    assert "the Dask worker tcp://" in told
    assert "ModuleNotFoundError" in told
    assert "nightdesk" in told


def test_without_workers_every_call_ends_with_the_way_out() -> None:
    async def check(pool: FanOut, scheduler: Scheduler) -> None:
        calls = [pool.call(work_functions.add, 1, 1), pool.talk(work_functions.add_soon, 1, 1)]
        for error in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(error, InputError)
            assert f"{scheduler.address}: the Dask scheduler has no worker that answers" in str(error)
            assert f"dask worker {scheduler.address} " in str(error)
            assert "the same command goes on" in str(error)

    on_empty_scheduler(check)


def test_a_lost_scheduler_is_waited_for_and_then_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "REPLY_S", 1.0)

    async def check(pool: FanOut, scheduler: Scheduler) -> None:
        await scheduler.close()
        with pytest.raises(NightdeskError, match="the Dask scheduler is gone") as told:
            await pool.call(work_functions.add, 1, 1)
        assert not isinstance(told.value, InputError)  # nothing that was given is wrong

    on_empty_scheduler(check)


def test_a_long_wait_is_told_while_it_lasts(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(workers, "WARN_S", 0.0)

    async def check(pool: FanOut, _: Scheduler) -> None:
        with pytest.raises(InputError):
            await pool.call(work_functions.add, 1, 1)

    with caplog.at_level(logging.WARNING, "nightdesk"):
        on_empty_scheduler(check)
    (told,) = (r.getMessage() for r in caplog.records)
    assert "has no worker that answers; the run waits for up to" in told
