"""The Dask fan-out: many small calls -> plain function calls on workers. The one module that knows Dask.

A LocalCluster by default, started in a thread so that it comes up while the rest of the program is imported; an
existing scheduler where the profile or DASK_SCHEDULER_ADDRESS names one. Workers hold no limits, no keys and no state.

Calls that compute go out as Dask tasks, in groups (`call`). Calls that wait for a network are awaited on a worker's own
event loop (`talk`), where connections stay open from call to call: as tasks they would hold a thread each while they
wait, groups of them would wait for their slowest, and a task costs several times the CPU of a plain message.
"""

import asyncio
import os
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

from nightdesk.tasks.calling.dask_cluster import Cluster, check_address
from nightdesk.tasks.calling.dask_workers import NEWS_S, Workers
from nightdesk.tasks.errors import InputError, NightdeskError, TerminalError, TransientError, WorkerLost

LARGEST_GROUP = 16  # calls in one Dask task
AHEAD = 2  # groups under way per thread of a worker: one that runs, one that waits
CONNECT_TIMEOUT_S = 15
GRACE_S = 10.0  # that a worker has beyond a call's own time to say that it is over
WAIT_S = 300.0  # for the first worker, or for a lost scheduler
GroupFunction = Callable[[Any, list[Any]], list[Any]]  # (what the group shares, items) -> one result per item
TalkFunction = Callable[[Any, Any], Awaitable[Any]]  # (what calls share, item) -> its result


_warm: Cluster | None = None


def warm(scheduler: str, workers: int, keys: Iterable[str] = ()) -> None:
    """Start the cluster that the next fan_out() of this process will use, and return at once.

    keys: environment variables that its workers need, from their start. Where one is missing yet, because a Secret
    block holds it, nothing is started now.
    """
    global _warm  # noqa: PLW0603  (one hand-over between the command line and the flow it runs)
    if all(os.environ.get(name) for name in keys):
        _warm = Cluster(scheduler, workers)


@asynccontextmanager
async def fan_out(scheduler: str, workers: int, timeout_s: float, wait_s: float = WAIT_S) -> AsyncIterator["FanOut"]:
    """Open a pool for one run; what it still has under way at the end is cancelled.

    timeout_s: how long one call may take, in seconds. wait_s: how long to wait for a worker, or for a lost scheduler.

    Raises:
        InputError: no scheduler answers at the address that was named, or it cannot be talked to as Dask is set.
    """
    global _warm
    cluster, _warm = _warm or Cluster(scheduler, workers), None
    try:
        from distributed import Client

        address = await cluster.address()
        if cluster.security is None:
            check_address(address)

        async def connect() -> Any:
            client: Any = Client(
                address,
                asynchronous=True,
                set_as_default=False,
                timeout=CONNECT_TIMEOUT_S,
                security=cluster.security,
            )
            try:
                return await client
            except BaseException:
                with suppress(Exception):
                    await client.close()
                raise

        try:
            client = await connect()
        except OSError:
            where = "check dask.scheduler in the profile, or DASK_SCHEDULER_ADDRESS"
            where += ", and that it takes this certificate" if address.startswith("tls:") else ""
            raise InputError(f"{address}: no Dask scheduler answers there; {where}") from None
        found = Workers(client, address, wait_s, connect, cluster.mend, cluster.remedy)
        pool = FanOut(found, timeout_s)
        try:
            yield pool
        finally:
            await pool.cancel()
            await found.close()
    finally:
        await asyncio.to_thread(cluster.close)


PoolCall = tuple[GroupFunction, Any, Any, "asyncio.Future[Any]"]  # (function, shared, item, result)


class WorkersGone(Exception):
    """All workers are gone that a group might have run on."""


class FanOut:
    """Calls handed in one at a time are sent out in groups that share a function and a first argument.

    A group that fails (a worker that dies, a deadline) does not tell which of its calls did it, nor whether it was a
    call beside it. So its calls become suspects: each is run once more with nothing else under way, and what fails
    then is the call's own fault.
    """

    def __init__(self, workers: Workers, timeout_s: float) -> None:
        self._workers, self._timeout_s = workers, timeout_s
        self._waiting: dict[tuple[GroupFunction, Any], deque[PoolCall]] = defaultdict(deque)
        self._suspects: deque[PoolCall] = deque()
        self._groups: set[asyncio.Task[None]] = set()
        self._pumping = False
        self._readying: asyncio.Task[None] | None = None
        self._talking: Counter[str] = Counter()  # worker -> calls that wait there for a network

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

    async def talk(
        self, function: TalkFunction, shared: Any, item: Any, on_sent: Callable[[], None] = lambda: None
    ) -> Any:
        """Await function(shared, item) on the event loop of the worker that has least to do there.

        on_sent: called when the call goes out; before, it may have waited for a worker.

        Raises:
            WorkerLost: no result in time, or the worker or the scheduler was lost meanwhile.
            TerminalError: the function failed, or no worker can import what it needs.
        """
        failed: dict[str, ImportError] = {}
        while True:
            left = [w for w in await self._workers.ready() if w not in failed]
            if not left:
                raise TerminalError(f"no Dask worker can load what this call needs: {next(iter(failed.values()))}")
            worker = min(left, key=lambda w: self._talking[w])
            on_sent()
            result = await self._answered(worker, function, shared, item)
            if not isinstance(result, ImportError):
                break
            failed[worker] = result
        if isinstance(result, Exception):
            raise TerminalError(f"{type(result).__name__}: {result}")
        return result

    async def _answered(self, worker: str, function: TalkFunction, shared: Any, item: Any) -> Any:
        self._talking[worker] += 1
        client = self._workers.client
        try:
            async with asyncio.timeout(self._timeout_s + GRACE_S):
                results = await client.run(function, shared, item, workers=[worker], on_error="return")
        except TimeoutError:  # the function keeps its time, so it is the worker that does not answer
            self._workers.doubt(worker)
            raise WorkerLost(f"no answer within {self._timeout_s:g} s") from None
        except OSError:
            self._workers.doubt(worker)
            raise WorkerLost("the Dask scheduler was lost while the call was under way") from None
        finally:
            self._talking[worker] -= 1
        if isinstance(results[worker], OSError):  # the connection to it; what a function raises on purpose is none
            self._workers.doubt(worker)
            raise WorkerLost("the worker was lost that had the call")
        return results[worker]

    async def cancel(self) -> None:
        """Give up everything that waits or is under way."""
        for queue in (*self._waiting.values(), self._suspects):
            for *_, result in queue:
                result.cancel()
            queue.clear()
        self._waiting.clear()
        under_way = [*self._groups, *([self._readying] if self._readying else [])]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    def _pump_soon(self) -> None:
        # After the callers that are ready now have handed in their calls, so that groups fill.
        if not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._pumping = False
        if not self._workers.is_fresh:
            if self._readying is None and (self._waiting or self._suspects):
                self._readying = asyncio.create_task(self._pump_when_ready())
            return
        if self._suspects:
            if not self._groups:
                self._send([self._suspects.popleft()], alone=True)
            return
        places = AHEAD * sum(self._workers.good.values())
        for key, queue in list(self._waiting.items()):
            while queue and len(self._groups) < places:
                size = max(1, min(LARGEST_GROUP, len(queue) // places))
                self._send([queue.popleft() for _ in range(min(size, len(queue)))])
            if not queue:
                del self._waiting[key]

    async def _pump_when_ready(self) -> None:
        try:
            await self._workers.ready()
        except NightdeskError as e:  # nobody will ever take what waits
            for queue in (*self._waiting.values(), self._suspects):
                for call in queue:
                    self._fail(call, e)
                queue.clear()
            self._waiting.clear()
        finally:
            self._readying = None
        self._pump_soon()

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
            results = await self._results(key, calls, self._timeout_s * (1 if alone else len(calls) * AHEAD))
        except asyncio.CancelledError:
            for *_, result in calls:
                result.cancel()
            raise
        except NightdeskError as e:
            for call in calls:
                self._fail(call, e)
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
        items = [item for _, _, item, _ in calls]
        # Only on workers that passed the probe: one that cannot import the function loses its scheduler over it.
        able = list(await self._workers.ready())
        future = self._workers.client.submit(
            function, shared, items, key=key, pure=False, workers=able, allow_other_workers=False
        )
        asked = asyncio.ensure_future(future.result())
        try:
            async with asyncio.timeout(seconds):
                while not (await asyncio.wait({asked}, timeout=NEWS_S))[0]:
                    if not (await self._workers.ready()).keys() & set(able):  # Dask would wait for them for ever
                        raise WorkersGone
            results: list[Any] = asked.result()
        except TimeoutError:
            raise  # not cancelled yet: the scheduler still knows which worker is at it
        except BaseException:
            with suppress(Exception):  # its client may be gone, too
                await future.cancel()
            raise
        finally:
            asked.cancel()
        return results

    def _fail(self, call: PoolCall, error: Exception) -> None:
        from distributed import KilledWorker

        result = call[3]
        if result.done():
            return
        match error:
            case TimeoutError():
                result.set_exception(TransientError(f"no answer within {self._timeout_s:g} s"))
            case NightdeskError():
                result.set_exception(error)
            case KilledWorker() | WorkersGone():
                result.set_exception(TerminalError("the call ended its worker process"))
            case _:
                result.set_exception(TerminalError(f"{type(error).__name__}: {error}"))

    async def _stop_worker_of(self, key: str) -> None:
        """Start the worker anew that is still busy with a call that nobody waits for: it would hold up others."""
        client = self._workers.client
        with suppress(OSError):  # the scheduler is lost: whoever asks next will see
            busy = [worker for worker, keys in (await client.processing()).items() if key in keys]
            if busy:
                await client.restart_workers(busy, timeout=CONNECT_TIMEOUT_S, raise_for_error=False)
