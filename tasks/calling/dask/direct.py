"""Workers of our own, asked directly over connections that stay open.

By way of the scheduler a group of calls is packed, encrypted and unpacked twice in either direction, and costs the
scheduler, which runs in the flow's process, as much again. Workers of others may be reached by their scheduler alone.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nightdesk.tasks.calling.dask.groups import GroupFunction
    from nightdesk.tasks.calling.dask.workers import Workers

TRIES = 2  # of a group whose worker ends: something else may have ended it
RESTART_S = 15


class WorkerEnded(Exception):
    """The workers ended that had a group."""


async def ask(client: Any, worker: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what function(*arguments) gives on the event loop of a worker, or the error that it raises there.

    Raises:
        OSError: the connection to the worker was lost.
    """
    from distributed.core import clean_exception

    reply = await client.rpc(worker).run(
        function=_pickled(function), args=_pickle(arguments), kwargs=_pickle({}), wait=True
    )
    if reply["status"] == "OK":
        return reply["result"]
    _, error, _ = clean_exception(**reply)
    return error


class DirectGroups:
    """Groups of calls that compute, sent to workers of our own."""

    def __init__(self, workers: "Workers") -> None:
        self._workers = workers
        self._busy: Counter[str] = Counter()  # worker -> groups that it has

    async def compute(self, function: "GroupFunction", shared: Any, items: list[Any], seconds: float) -> list[Any]:
        """Return function(shared, items), called in the thread of the worker that has the fewest groups.

        Raises:
            TimeoutError: no result in time; the worker that had the group is started anew.
            WorkerEnded: the group's worker ended, and then another one did.
            NightdeskError: no worker can be used.
            Exception: what the function raised.
        """
        for _ in range(TRIES):
            good = await self._workers.ready()
            worker = min(good, key=self._busy.__getitem__)
            self._busy[worker] += 1
            try:
                async with asyncio.timeout(seconds):
                    result = await ask(self._workers.client, worker, computed, function, shared, items)
            except TimeoutError:
                await self._start_anew(worker)
                raise
            except OSError:
                self._workers.doubt(worker)
                continue
            finally:
                self._busy[worker] -= 1
            if isinstance(result, Exception):
                raise result
            results: list[Any] = result
            return results
        raise WorkerEnded

    async def _start_anew(self, worker: str) -> None:
        """End a worker that is busy with what nobody waits for: it would hold up others."""
        self._workers.doubt(worker)
        with suppress(OSError, TimeoutError):
            await self._workers.client.restart_workers([worker], timeout=RESTART_S, raise_for_error=False)


async def computed(function: "GroupFunction", shared: Any, items: list[Any], dask_worker: Any = None) -> list[Any]:
    """On a worker: call a function in the thread in which it computes. Dask names itself as dask_worker."""
    thread = dask_worker.executors["default"]
    results: list[Any] = await asyncio.get_running_loop().run_in_executor(thread, function, shared, items)
    return results


def _pickle(what: Any) -> bytes:
    from distributed.protocol.pickle import dumps

    pickled: bytes = dumps(what)
    return pickled


@cache
def _pickled(function: Callable[..., Any]) -> bytes:
    return _pickle(function)
