"""The Dask fan-out: many small calls -> plain function calls on workers. The one module that knows Dask.

A LocalCluster by default, started in a thread so that it comes up while the rest of the program is imported; an
existing scheduler where the profile or DASK_SCHEDULER_ADDRESS names one. Workers hold no limits, no keys and no state.

Calls that compute go out as Dask tasks, in groups (`call`). Calls that wait for a network are awaited on a worker's own
event loop (`talk`), where connections stay open from call to call: as tasks they would hold a thread each while they
wait, groups of them would wait for their slowest, and a task costs several times the CPU of a plain message.
"""

import asyncio
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from nightdesk.tasks.calling.dask_cluster import Cluster
from nightdesk.tasks.errors import InputError, TerminalError, TransientError

LARGEST_GROUP = 16  # calls in one Dask task
AHEAD = 2  # groups under way per thread of a worker: one that runs, one that waits
CONNECT_TIMEOUT_S = 15
GRACE_S = 10.0  # that a worker has beyond a call's own time to say that it is over
NEWS_S = 5.0  # after which it is asked again which workers there are


GroupFunction = Callable[[Any, list[Any]], list[Any]]  # (what the group shares, items) -> one result per item
TalkFunction = Callable[[Any, Any], Awaitable[Any]]  # (what calls share, item) -> its result


_warm: Cluster | None = None


def warm(scheduler: str, workers: int) -> None:
    """Start the cluster that the next fan_out() of this process will use, and return at once."""
    global _warm  # noqa: PLW0603  (one hand-over between the command line and the flow it runs)
    _warm = Cluster(scheduler, workers)


@asynccontextmanager
async def fan_out(scheduler: str, workers: int, timeout_s: float) -> AsyncIterator["FanOut"]:
    """Open a pool for one run; what it still has under way at the end is cancelled.

    timeout_s: how long one call may take, in seconds.

    Raises:
        InputError: no scheduler answers at the address that was named.
    """
    global _warm
    cluster, _warm = _warm or Cluster(scheduler, workers), None
    try:
        from distributed import Client

        address = await cluster.address()
        client: Any = Client(address, asynchronous=True, set_as_default=False, timeout=CONNECT_TIMEOUT_S)
        try:
            await client
        except OSError:
            where = "check dask.scheduler in the profile, or DASK_SCHEDULER_ADDRESS"
            raise InputError(f"{address}: no Dask scheduler answers there; {where}") from None
        async with client:
            pool = FanOut(client, timeout_s, cluster.mend)
            try:
                yield pool
            finally:
                await pool.cancel()
    finally:
        await asyncio.to_thread(cluster.close)


PoolCall = tuple[GroupFunction, Any, Any, "asyncio.Future[Any]"]  # (function, shared, item, result)


class FanOut:
    """Calls handed in one at a time are sent out in groups that share a function and a first argument.

    A group that fails (a worker that dies, a deadline) does not tell which of its calls did it, nor whether it was a
    call beside it. So its calls become suspects: each is run once more with nothing else under way, and what fails
    then is the call's own fault.
    """

    def __init__(self, client: Any, timeout_s: float, mend: Callable[[], None] = lambda: None) -> None:
        self._client, self._timeout_s, self._mend = client, timeout_s, mend
        self._waiting: dict[tuple[GroupFunction, Any], deque[PoolCall]] = defaultdict(deque)
        self._suspects: deque[PoolCall] = deque()
        self._groups: set[asyncio.Task[None]] = set()
        self._pumping = False
        self._talking: Counter[str] = Counter()  # worker -> calls that wait there for a network
        self._workers: list[str] = []
        self._asked_at = -NEWS_S
        self._asking = asyncio.Lock()

    async def call(self, function: GroupFunction, shared: Any, item: Any) -> Any:
        """Run function(shared, [item, ...]) on some worker and return what it gives for this item.

        Raises:
            TransientError: no result in time.
            TerminalError: the call killed its worker, or its function failed.
        """
        result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[function, shared].append((function, shared, item, result))
        self._pump_soon()
        return await result

    async def talk(self, function: TalkFunction, shared: Any, item: Any) -> Any:
        """Await function(shared, item) on the event loop of the worker that has least to do there.

        Raises:
            TransientError: no result in time, or the worker was lost.
        """
        worker = await self._least_busy()
        self._talking[worker] += 1
        try:
            async with asyncio.timeout(self._timeout_s + GRACE_S):
                results = await self._client.run(function, shared, item, workers=[worker], on_error="return")
        except TimeoutError:
            raise TransientError(f"no answer within {self._timeout_s:g} s") from None
        finally:
            self._talking[worker] -= 1
        result = results[worker]
        if isinstance(result, OSError):  # the connection to it; what a function raises on purpose is no such thing
            self._asked_at = -NEWS_S
            raise TransientError("the worker was lost that had the call")
        if isinstance(result, Exception):
            raise TerminalError(f"{type(result).__name__}: {result}")
        return result

    async def _least_busy(self) -> str:
        async with self._asking:
            if asyncio.get_running_loop().time() - self._asked_at > NEWS_S or not self._workers:
                try:
                    await self._workers_are_there()
                except TimeoutError:
                    raise TransientError("no Dask worker is there") from None
                identity = await self._client.scheduler.identity(n_workers=-1)
                self._workers = list(identity["workers"])
                self._asked_at = asyncio.get_running_loop().time()
        return min(self._workers, key=lambda w: self._talking[w])

    async def cancel(self) -> None:
        """Give up everything that waits or is under way."""
        for queue in (*self._waiting.values(), self._suspects):
            for *_, result in queue:
                result.cancel()
            queue.clear()
        self._waiting.clear()
        for group in self._groups:
            group.cancel()
        await asyncio.gather(*self._groups, return_exceptions=True)

    def _pump_soon(self) -> None:
        # After the callers that are ready now have handed in their calls, so that groups fill.
        if not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._pumping = False
        if self._suspects:
            if not self._groups:
                self._send([self._suspects.popleft()], alone=True)
            return
        # Not the list of workers: an asynchronous client is told none. A worker that joins counts within seconds.
        places = AHEAD * max(1, self._client.scheduler_info()["total_threads"])
        for key, queue in list(self._waiting.items()):
            while queue and len(self._groups) < places:
                size = max(1, min(LARGEST_GROUP, len(queue) // places))
                self._send([queue.popleft() for _ in range(min(size, len(queue)))])
            if not queue:
                del self._waiting[key]

    def _send(self, calls: list[PoolCall], alone: bool = False) -> None:
        calls = [c for c in calls if not c[3].cancelled()]
        group = asyncio.create_task(self._run(calls, alone))
        self._groups.add(group)

        def done(task: asyncio.Task[None]) -> None:
            self._groups.discard(task)
            self._pump_soon()

        group.add_done_callback(done)

    async def _run(self, calls: list[PoolCall], alone: bool) -> None:
        if not calls:
            return
        key = f"calls-{uuid.uuid4().hex}"
        try:
            if alone:
                await self._workers_are_there()
            results = await self._results(key, calls, self._timeout_s * (1 if alone else len(calls) * AHEAD))
        except asyncio.CancelledError:
            for *_, result in calls:
                result.cancel()
            raise
        except Exception as e:  # noqa: BLE001  (whatever a worker raises ends the call, never the run)
            if isinstance(e, TimeoutError):
                await self._stop_worker_of(key)
            if alone:
                self._fail(calls[0], e)
            else:
                self._suspects += calls
        else:
            for (*_, result), value in zip(calls, results, strict=True):
                if not result.done():
                    result.set_result(value)

    async def _results(self, key: str, calls: list[PoolCall], seconds: float) -> list[Any]:
        function, shared, *_ = calls[0]
        future = self._client.submit(function, shared, [item for _, _, item, _ in calls], key=key, pure=False)
        try:
            results: list[Any] = await asyncio.wait_for(future.result(), seconds)
        except TimeoutError:
            raise  # not cancelled yet: the scheduler still knows which worker is at it
        except BaseException:
            await future.cancel()
            raise
        return results

    def _fail(self, call: PoolCall, error: Exception) -> None:
        from distributed import KilledWorker

        result = call[3]
        if result.done():
            return
        match error:
            case TimeoutError():
                result.set_exception(TransientError(f"no answer within {self._timeout_s:g} s"))
            case KilledWorker():
                result.set_exception(TerminalError("the call ended its worker process"))
            case _:
                result.set_exception(TerminalError(f"{type(error).__name__}: {error}"))

    async def _stop_worker_of(self, key: str) -> None:
        """Start the worker anew that is still busy with a call that nobody waits for: it would hold up others."""
        busy = [worker for worker, keys in (await self._client.processing()).items() if key in keys]
        if busy:
            await self._client.restart_workers(busy, timeout=CONNECT_TIMEOUT_S, raise_for_error=False)

    async def _workers_are_there(self) -> None:
        """Wait until a worker is there again; if none comes back by itself, start new ones."""
        try:
            await self._client.wait_for_workers(1, timeout=CONNECT_TIMEOUT_S)
        except TimeoutError:
            await asyncio.to_thread(self._mend)
            await self._client.wait_for_workers(1, timeout=CONNECT_TIMEOUT_S)
