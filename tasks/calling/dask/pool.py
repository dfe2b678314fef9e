"""The Dask fan-out: many small calls -> plain function calls on workers.

A LocalCluster by default, started in a thread so that it comes up while the rest of the program is imported; an
existing scheduler where the profile or DASK_SCHEDULER_ADDRESS names one. Workers hold no limits, no keys and no state.

Calls that compute go out in groups (`call`, groups.py): to workers of our own directly (direct.py), to those of others
as Dask tasks. Calls that wait for a network are awaited on a worker's own event loop (`talk`, talks.py).
"""

import asyncio
import os
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from nightdesk.tasks.calling.dask.cluster import Cluster, check_address
from nightdesk.tasks.calling.dask.direct import DirectGroups, WorkerEnded
from nightdesk.tasks.calling.dask.groups import UNTOLD, GroupFunction, PoolCall, WaitingCalls
from nightdesk.tasks.calling.dask.own_workers import ANY_MODEL, OwnWorkers
from nightdesk.tasks.calling.dask.talks import TalkFunction, Talks
from nightdesk.tasks.calling.dask.workers import NEWS_S, Workers
from nightdesk.tasks.errors import InputError, NightdeskError, TerminalError, TransientError

AHEAD = 2  # groups under way per thread of a worker: one that runs, one that waits
CONNECT_TIMEOUT_S = 15
WAIT_S = 300.0  # for the first worker, or for a lost scheduler


_warm: Cluster | None = None


def warm(scheduler: str, own: OwnWorkers, keys: Iterable[str] = ()) -> None:
    """Start the cluster that the next fan_out() of this process will use, and return at once.

    keys: environment variables that its workers need, from their start. Where one is missing yet, because a Secret
    block holds it, nothing is started now.
    """
    global _warm  # noqa: PLW0603  (one hand-over between the command line and the flow it runs)
    if all(os.environ.get(name) for name in keys):
        _warm = Cluster(scheduler, *own)


@asynccontextmanager
async def fan_out(
    scheduler: str, workers: int, timeout_s: float, wait_s: float = WAIT_S, preload: Sequence[str] = ANY_MODEL
) -> AsyncIterator["FanOut"]:
    """Open a pool for one run; what it still has under way at the end is cancelled.

    timeout_s: how long one call may take, in seconds. wait_s: how long to wait for a worker, or for a lost scheduler.
    preload: what workers of our own load at their start (own_workers.py).

    Raises:
        InputError: no scheduler answers at the address that was named, or it cannot be talked to as Dask is set.
    """
    global _warm
    cluster, _warm = _warm or Cluster(scheduler, workers, preload), None
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
        pool = FanOut(found, timeout_s, is_own=cluster.security is not None)
        try:
            yield pool
        finally:
            await pool.cancel()
            await found.close()
    finally:
        await asyncio.to_thread(cluster.close)


class WorkersGone(Exception):
    """All workers are gone that a group might have run on."""


class FanOut:
    """Calls handed in one at a time are sent out in groups that share a function and a first argument.

    A group that fails (a worker that dies, a deadline) does not tell which of its calls did it, nor whether it was a
    call beside it. So its calls become suspects: each is run once more with nothing else under way, and what fails
    then is the call's own fault.
    """

    def __init__(self, workers: Workers, timeout_s: float, is_own: bool = False) -> None:
        self._workers, self._timeout_s = workers, timeout_s
        self._waiting = WaitingCalls()
        self._suspects: deque[PoolCall] = deque()
        self._groups: set[asyncio.Task[None]] = set()
        self._pumping = False
        self._readying: asyncio.Task[None] | None = None
        self._talks = Talks(workers, timeout_s, is_own)
        self._direct = DirectGroups(workers) if is_own else None

    async def call(self, function: GroupFunction, shared: Any, item: Any, size: int = UNTOLD) -> Any:
        """Run function(shared, [item, ...]) on some worker and return what it gives for this item.

        size: of its text, in characters: small ones are sent many at a time.

        Raises:
            TransientError: no result in time.
            TerminalError: the call killed its worker, or its function failed.
        """
        result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.add(PoolCall(function, shared, item, result, size))
        self._pump_soon()
        return await result

    async def talk(
        self, function: TalkFunction, shared: Any, item: Any, on_sent: Callable[[], None] = lambda: None
    ) -> Any:
        """Await function(shared, item) on the event loop of some worker.

        on_sent: called when the call goes out; before, it may have waited for a worker.

        Raises:
            WorkerLost: no result in time, or the worker or the scheduler was lost meanwhile.
            TerminalError: the function failed, or no worker can import what it needs.
        """
        return await self._talks.talk(function, shared, item, on_sent)

    async def cancel(self) -> None:
        """Give up everything that waits or is under way."""
        for call in (*self._waiting.clear(), *self._suspects):
            call.result.cancel()
        self._suspects.clear()
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
        while self._waiting and len(self._groups) < places:
            self._send(self._waiting.take(places))

    async def _pump_when_ready(self) -> None:
        try:
            await self._workers.ready()
        except NightdeskError as e:  # nobody will ever take what waits
            for call in (*self._waiting.clear(), *self._suspects):
                self._fail(call, e)
            self._suspects.clear()
        finally:
            self._readying = None
        self._pump_soon()

    def _send(self, calls: list[PoolCall], alone: bool = False) -> None:
        calls = [c for c in calls if not c.result.cancelled()]
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
            for call in calls:
                call.result.cancel()
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
            for call, value in zip(calls, results, strict=True):
                if not call.result.done():
                    call.result.set_result(value)

    async def _results(self, key: str, calls: list[PoolCall], seconds: float) -> list[Any]:
        function, shared = calls[0].function, calls[0].shared
        items = [call.item for call in calls]
        if self._direct is not None:
            return await self._direct.compute(function, shared, items, seconds)
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

        result = call.result
        if result.done():
            return
        match error:
            case TimeoutError():
                result.set_exception(TransientError(f"no answer within {self._timeout_s:g} s"))
            case NightdeskError():
                result.set_exception(error)
            case KilledWorker() | WorkersGone() | WorkerEnded():
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
