"""The fan-out over real worker processes: every caller gets its own result or its own error."""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

from nightdesk.tasks.calling.dask.own_workers import AT_ONCE
from nightdesk.tasks.calling.dask.pool import FanOut, fan_out
from nightdesk.tasks.errors import TerminalError, TransientError, WorkerLost
from tests.tasks import work_functions

PATIENCE_S = 60.0


def with_pool(
    scheduler: str, check: Callable[[FanOut], Coroutine[Any, Any, Any]], timeout_s: float = PATIENCE_S
) -> Any:
    """Run a test's coroutine with a pool of its own on the session's workers."""

    async def main() -> Any:
        async with fan_out(scheduler, 2, timeout_s) as pool:
            return await check(pool)

    return asyncio.run(main())


async def all_of(pool: FanOut, function: Any, shared: Any, items: list[Any]) -> list[Any]:
    return await asyncio.gather(*(pool.call(function, shared, i) for i in items), return_exceptions=True)


class Held:
    """Calls of wait_for_word on their way: they say that they have begun, and go on when they are let."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = socket.create_server(("127.0.0.1", 0), backlog=100)
        self._server.settimeout(PATIENCE_S)
        self._lines: list[socket.socket] = []
        self.shared = (self._server.getsockname()[1], str(folder))

    async def begun(self) -> None:
        """Wait until a worker has begun."""
        line, _ = await asyncio.to_thread(self._server.accept)
        self._lines.append(line)

    def go(self) -> None:
        """Let them go on, and all that come later."""
        for line in (*self._lines, self._server):
            line.close()

    def worked_on(self) -> int:
        """Count the items that a worker has begun."""
        return len(list(self._folder.iterdir()))


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    """Calls that wait for the test, and go on at its end at the latest."""
    holds = Held(tmp_path)
    yield holds
    holds.go()


@pytest.mark.parametrize("n", [1, 7, 300])
def test_every_caller_gets_its_own_result(cluster: str, n: int) -> None:
    assert with_pool(cluster, lambda pool: all_of(pool, work_functions.add, 1000, list(range(n)))) == [
        1000 + k for k in range(n)
    ]


def test_calls_that_share_different_things_are_not_mixed(cluster: str) -> None:
    async def check(pool: FanOut) -> Any:
        return await asyncio.gather(*(all_of(pool, work_functions.add, s, list(range(40))) for s in (0, 100, 200)))

    assert with_pool(cluster, check) == [[s + k for k in range(40)] for s in (0, 100, 200)]


def test_a_call_that_fails_fails_alone(cluster: str) -> None:
    results = with_pool(cluster, lambda pool: all_of(pool, work_functions.fail_on, 13, list(range(100))))
    failed = results.pop(13)
    assert isinstance(failed, TerminalError)
    assert str(failed) == "ValueError: 13 cannot be done"
    assert results == [k for k in range(100) if k != 13]


def test_a_call_that_ends_its_worker_is_given_up_and_work_goes_on(cluster: str) -> None:
    async def check(pool: FanOut) -> Any:
        deadly = await all_of(pool, work_functions.end_worker_on, 5, [5])
        return deadly, await all_of(pool, work_functions.end_worker_on, 5, [k for k in range(40) if k != 5])

    (error,), others = with_pool(cluster, check)
    assert isinstance(error, TerminalError)
    assert str(error) == "the call ended its worker process"
    assert others == [k for k in range(40) if k != 5]


def test_a_lost_worker_is_no_news_about_the_model_that_was_asked(cluster: str) -> None:
    async def check(pool: FanOut) -> Any:
        (error,) = await asyncio.gather(pool.talk(work_functions.end_worker_soon, None, 3), return_exceptions=True)
        return error, await pool.talk(work_functions.add_soon, 1, 1)

    error, after = with_pool(cluster, check)
    assert isinstance(error, WorkerLost)
    assert str(error) == "the worker was lost that had the call"
    assert after == 2


def test_a_call_that_takes_too_long_may_be_asked_again(cluster: str, held: Held) -> None:
    async def check(pool: FanOut) -> Any:
        (error,) = await all_of(pool, work_functions.wait_for_word, held.shared, [1])
        held.go()  # a worker that is busy with something else may not even have begun it
        return error

    error = with_pool(cluster, check, timeout_s=0.5)
    assert isinstance(error, TransientError)
    assert str(error) == "no answer within 0.5 s"


def test_cancelling_gives_up_what_waits_and_what_is_under_way(cluster: str, held: Held) -> None:
    async def check(pool: FanOut) -> None:
        calls = [asyncio.ensure_future(pool.call(work_functions.wait_for_word, held.shared, k)) for k in range(500)]
        await held.begun()
        await pool.cancel()
        assert {type(r) for r in await asyncio.gather(*calls, return_exceptions=True)} == {asyncio.CancelledError}
        held.go()
        # The pool is as good as new, and what comes next is all that the workers are still given.
        assert await all_of(pool, work_functions.add, 1, [1, 2]) == [2, 3]
        async with Client(cluster, asynchronous=True, set_as_default=False) as watcher:
            assert not any((await watcher.processing()).values())

    with_pool(cluster, check)
    assert held.worked_on() < 500


def test_closing_a_pool_gives_up_what_it_has_under_way(cluster: str, held: Held) -> None:
    async def main() -> Any:
        async with fan_out(cluster, 2, PATIENCE_S) as pool:
            call = asyncio.ensure_future(pool.call(work_functions.wait_for_word, held.shared, 1))
            await held.begun()
        held.go()
        return await asyncio.gather(call, return_exceptions=True)

    (result,) = asyncio.run(main())
    assert isinstance(result, asyncio.CancelledError)


def test_a_pool_finds_the_scheduler_in_the_environment(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster)
    assert with_pool("", lambda pool: pool.call(work_functions.add, 1, 1)) == 2


def test_workers_of_a_run_load_little_and_no_more_of_them_are_used_for_a_network_than_are_needed() -> None:
    heavy = ["prefect", "pandas", "great_expectations", "pyarrow", "openai", "anthropic", "duckdb"]

    async def used(n: int, pool: FanOut) -> int:
        return len(set(await asyncio.gather(*(pool.talk(work_functions.where_soon, 0.2, k) for k in range(n)))))

    async def check(pool: FanOut) -> tuple[list[bool], int, int]:
        async with asyncio.timeout(PATIENCE_S):
            while len(await pool._workers.ready()) < 2:  # one may answer its probe later
                await asyncio.sleep(0.1)
        loaded = await all_of(pool, work_functions.has_loaded, None, heavy)
        return loaded, await used(AT_ONCE, pool), await used(2 * AT_ONCE, pool)

    assert with_pool("", check) == ([False] * len(heavy), 1, 2)
