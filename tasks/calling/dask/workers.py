"""Which Dask workers a run uses: those that are there, answer, and can import the package. And the wait for the first.

Every worker is probed when it is first seen. One that fails the probe is set aside with a warning, because it would
fail every call at once and so draw all of them. While no worker can be used, all calls share one wait, which warns and
then ends the run with the way out.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from nightdesk.tasks.errors import NoWorker, PoolLost
from nightdesk.tasks.models.readiness import call_form

log = logging.getLogger("nightdesk")

NEWS_S = 5.0  # after which the scheduler is asked again which workers there are
POLL_S = 0.5  # the same, while none can be used
REPLY_S = 15.0  # that a scheduler or a worker has to answer a question of no work
SILENT_S = 30.0  # after its last heartbeat a worker is given no more calls
MEND_S, MEND_AGAIN_S = 15.0, 60.0  # without workers, until a run's own are started anew
WARN_S = 60.0  # that a wait for workers goes on before it is told
LOST_S = 5.0  # the same, for a lost scheduler: it does not come back as a matter of course
START = "dask worker {} --nthreads 1 --preload nightdesk.tasks.models.worker"

Connect = Callable[[], Awaitable[Any]]


class Workers:
    """The workers of one scheduler. good: address -> threads; aside: address -> why it is not used.

    client: of Dask, connected; it is replaced if it has lost its scheduler for too long. connect: makes another.
    mend: starts the run's own workers anew. own: what to do if that does not help ("": the workers are not its own).
    """

    def __init__(
        self, client: Any, address: str, wait_s: float, connect: Connect, mend: Callable[[], None], own: str = ""
    ) -> None:
        self.client, self.good, self.aside = client, dict[str, int](), dict[str, str]()
        self._address, self._wait_s, self._connect, self._mend, self._own = address, wait_s, connect, mend, own
        self._probes: dict[str, asyncio.Task[None]] = {}
        self._asked_at = -NEWS_S
        self._waiting: asyncio.Task[None] | None = None
        self._is_lost = False

    @property
    def is_fresh(self) -> bool:
        """Whether `good` can be used as it is."""
        return bool(self.good) and asyncio.get_running_loop().time() - self._asked_at <= NEWS_S

    async def ready(self) -> dict[str, int]:
        """Return the workers that can be used, address -> threads; wait for the first.

        Raises:
            InputError: none came in time.
            NightdeskError: the scheduler was lost, and did not come back in time.
        """
        while not self.is_fresh:  # looked at again, as another call may have lost the only worker meanwhile
            if self._waiting is None:
                self._waiting = asyncio.create_task(self._wait())
                self._waiting.add_done_callback(self._waited)
            await asyncio.shield(self._waiting)
        return self.good

    def doubt(self, worker: str) -> None:
        """Use a worker no more until it has passed another probe: it did not answer, or is gone."""
        self.good.pop(worker, None)
        self._asked_at = -NEWS_S

    async def close(self) -> None:
        """Give up waiting and probing, and close the client."""
        tasks = [*self._probes.values(), *([self._waiting] if self._waiting else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(Exception):  # of a scheduler that is gone
            await self.client.close()

    def _waited(self, task: asyncio.Task[None]) -> None:
        self._waiting = None
        if not task.cancelled():
            task.exception()  # told to whoever waits, if anybody still does

    async def _wait(self) -> None:
        clock = asyncio.get_running_loop().time
        start, mend_at, is_told = clock(), clock() + MEND_S, False
        while True:
            await self._look()
            if self.good:
                if is_told:
                    log.warning("%s: a Dask worker can be used again, and the run goes on", self._address)
                return
            waited = clock() - start
            if waited >= self._wait_s:
                raise self._given_up()
            if waited >= (LOST_S if self._is_lost else WARN_S) and not is_told:
                log.warning("%s; the run waits for up to %.0f s in all", self._trouble(), self._wait_s)
                is_told = True
            if clock() >= mend_at and not self._is_lost:
                await asyncio.to_thread(self._mend)
                mend_at = clock() + MEND_AGAIN_S
            await asyncio.sleep(POLL_S)

    async def _look(self) -> None:
        """Ask which workers there are, and probe those that are new."""
        try:
            async with asyncio.timeout(REPLY_S):
                if self.client.status != "running":
                    await self._renew()
                there = (await self.client.scheduler.identity(n_workers=-1))["workers"]
        except Exception:  # noqa: BLE001  (a lost scheduler shows in many ways, and none of them says more than another)
            self._is_lost = True
            self.good.clear()
            return
        self._is_lost, self._asked_at = False, asyncio.get_running_loop().time()
        newest = max((w["last_seen"] for w in there.values()), default=0.0)
        heard = {a for a, w in there.items() if newest - w["last_seen"] <= SILENT_S}
        for gone in (self.good.keys() | self.aside.keys()) - heard:
            self.good.pop(gone, None)
            self.aside.pop(gone, None)
        for worker in heard - self.good.keys() - self.aside.keys() - self._probes.keys():
            self._probes[worker] = asyncio.create_task(self._probe(worker, there[worker]["nthreads"]))
        if self._probes and not self.good:
            probes = set(self._probes.values())
            await asyncio.wait(probes, timeout=POLL_S)  # in most cases that is all of them
            await asyncio.wait(probes, timeout=REPLY_S, return_when=asyncio.FIRST_COMPLETED)

    async def _probe(self, worker: str, threads: int) -> None:
        try:
            async with asyncio.timeout(REPLY_S):
                said = (await self.client.run(call_form, workers=[worker], on_error="return"))[worker]
        except Exception as e:  # noqa: BLE001  (as above; it is probed again when it is next seen)
            said = OSError(str(e))
        finally:
            self._probes.pop(worker, None)
        if isinstance(said, OSError):
            return
        if said == call_form():
            self.good[worker] = threads
            return
        why = _line(said) if isinstance(said, Exception) else "it has another version of nightdesk; install this run's"
        self.aside[worker] = why
        log.warning("the Dask worker %s is not used: %s", worker, why)

    async def _renew(self) -> None:
        """Connect anew: the client gave up when its scheduler was away for too long."""
        old, self.client = self.client, await self._connect()
        with suppress(Exception):
            await old.close()

    def _trouble(self) -> str:
        if self._is_lost:
            return f"{self._address}: the Dask scheduler is gone"
        if self.aside:
            worker, why = next(iter(self.aside.items()))
            return f"{self._address}: none of its {len(self.aside)} Dask workers can be used ({worker}: {why})"
        return f"{self._address}: the Dask scheduler has no worker that answers"

    def _given_up(self) -> PoolLost:
        stands = "what was answered is stored, and the same command goes on from there"
        if self._is_lost:
            return PoolLost(f"{self._trouble()} for {self._wait_s:.0f} s; start it again with its workers; {stands}")
        start = self._own or f"start workers that have nightdesk: {START.format(self._address)}"
        return NoWorker(f"{self._trouble()}, after {self._wait_s:.0f} s of waiting; {start}; {stands}")


def _line(error: Exception) -> str:
    """Return an error of a worker as one line; one that could not be read there comes as the text of its repr."""
    said = " ".join(str(error).split())
    return said if type(error) is Exception else f"{type(error).__name__}: {said}"
