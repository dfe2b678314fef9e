"""Groups of calls on workers of a run's own, which are asked directly: the same promises as by way of a scheduler."""

import asyncio
import socket
from pathlib import Path
from typing import Any

from nightdesk.tasks.calling.dask.pool import FanOut, fan_out
from nightdesk.tasks.errors import TerminalError, TransientError
from tests.tasks import work_functions


async def all_of(pool: FanOut, function: Any, shared: Any, items: list[Any]) -> list[Any]:
    return await asyncio.gather(*(pool.call(function, shared, i) for i in items), return_exceptions=True)


def test_every_caller_gets_its_own_result_or_its_own_error_also_if_workers_end() -> None:
    async def main() -> tuple[list[Any], ...]:
        async with fan_out("", 2, 60.0) as pool:
            added = await all_of(pool, work_functions.add, 1000, list(range(300)))
            failed = await all_of(pool, work_functions.fail_on, 13, list(range(100)))
            ended = await all_of(pool, work_functions.end_worker_on, 5, list(range(8)))
            return added, failed, ended

    added, failed, ended = asyncio.run(main())
    assert added == [1000 + k for k in range(300)]
    assert [str(r) if isinstance(r, TerminalError) else r for r in failed] == [
        "ValueError: 13 cannot be done" if k == 13 else k for k in range(100)
    ]
    assert [str(r) if isinstance(r, TerminalError) else r for r in ended] == [
        "the call ended its worker process" if k == 5 else k for k in range(8)
    ]


def test_a_worker_that_takes_too_long_is_started_anew_and_others_are_not_held_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=100) as never:  # accepts, and never lets go
        shared = (never.getsockname()[1], str(tmp_path))

        async def main() -> tuple[list[Any], list[Any]]:
            async with fan_out("", 1, 2.0) as pool:
                held = await all_of(pool, work_functions.wait_for_word, shared, [1])
                return held, await all_of(pool, work_functions.add, 1, [1, 2])

        (error,), added = asyncio.run(main())
    assert isinstance(error, TransientError)
    assert str(error) == "no answer within 2 s"
    assert added == [2, 3]
