"""Talks: calls that wait for a network, awaited on the event loop of a Dask worker.

There connections stay open from call to call. As Dask tasks such calls would hold a thread each while they wait, groups
of them would wait for their slowest, and a task costs several times the CPU of a plain message.

Workers of our own are asked directly (direct.py): by way of the scheduler each call costs a connection of its own, with
TLS 2 ms of CPU at either end.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from nightdesk.tasks.calling.dask.direct import ask
from nightdesk.tasks.calling.dask.own_workers import AT_ONCE
from nightdesk.tasks.calling.dask.workers import Workers
from nightdesk.tasks.errors import TerminalError, WorkerLost

TalkFunction = Callable[[Any, Any], Awaitable[Any]]  # (what calls share, item) -> its result
GRACE_S = 10.0  # that a worker has beyond a call's own time to say that it is over


class Talks:
    """The calls of one pool that wait for a network. timeout_s: how long one may take. is_own: its workers are ours."""

    def __init__(self, workers: Workers, timeout_s: float, is_own: bool) -> None:
        self._workers, self._timeout_s, self._is_own = workers, timeout_s, is_own
        self._talking: Counter[str] = Counter()  # worker -> calls that wait there for a network

    async def talk(self, function: TalkFunction, shared: Any, item: Any, on_sent: Callable[[], None]) -> Any:
        """Await function(shared, item) on some worker; see FanOut.talk."""
        failed: dict[str, ImportError] = {}
        while True:
            left = [w for w in await self._workers.ready() if w not in failed]
            if not left:
                raise TerminalError(f"no Dask worker can load what this call needs: {next(iter(failed.values()))}")
            worker = self._chosen(left)
            on_sent()
            result = await self._answered(worker, function, shared, item)
            if not isinstance(result, ImportError):
                break
            failed[worker] = result
        if isinstance(result, Exception):
            raise TerminalError(f"{type(result).__name__}: {result}")
        return result

    def _chosen(self, left: Iterable[str]) -> str:
        """Return the worker that has least to do among those that were used, or a further one if all of these are full.

        Each worker that is used imports the SDK of the provider, which takes as much CPU as some hundred calls.
        """
        used = [w for w in left if w in self._talking]
        if used and self._talking[best := min(used, key=self._talking.__getitem__)] < AT_ONCE:
            return best
        return min(left, key=lambda w: self._talking[w])

    async def _answered(self, worker: str, function: TalkFunction, shared: Any, item: Any) -> Any:
        self._talking[worker] += 1
        client = self._workers.client
        try:
            async with asyncio.timeout(self._timeout_s + GRACE_S):
                if self._is_own:
                    result = await _asked(client, worker, function, shared, item)
                else:
                    answers = await client.run(function, shared, item, workers=[worker], on_error="return")
                    result = answers[worker]
        except TimeoutError:  # the function keeps its time, so it is the worker that does not answer
            self._workers.doubt(worker)
            raise WorkerLost(f"no answer within {self._timeout_s:g} s") from None
        except OSError:
            self._workers.doubt(worker)
            raise WorkerLost("the Dask scheduler was lost while the call was under way") from None
        finally:
            self._talking[worker] -= 1
        if isinstance(result, OSError):  # the connection to it; what a function raises on purpose is none
            self._workers.doubt(worker)
            raise WorkerLost("the worker was lost that had the call")
        return result


async def _asked(client: Any, worker: str, function: TalkFunction, shared: Any, item: Any) -> Any:
    """Return what Client.run returns for one worker with on_error="return", but ask that worker directly."""
    try:
        return await ask(client, worker, function, shared, item)
    except OSError as e:
        return e
