"""The Dask cluster of a run: workers of our own, or the address of a scheduler that is already there."""

import asyncio
import os
import threading
from typing import Any

from nightdesk.tasks.child_processes import deafen_this_thread
from nightdesk.tasks.errors import NightdeskError

CLOSE_TIMEOUT_S = 10
CONFIG = {
    "distributed.scheduler.allowed-failures": 1,  # what kills its worker is tried twice, not four times
    "distributed.worker.memory.terminate": 0.95,
    # What Dask does beside the work: sampling stacks, measuring itself, weighing each message.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.limit": "30s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.comm.offload": False,
}


class Cluster:
    """A LocalCluster that starts in the background, or the address of a scheduler that is already there."""

    def __init__(self, scheduler: str, workers: int) -> None:
        self._address = scheduler or os.environ.get("DASK_SCHEDULER_ADDRESS", "")
        self._workers = workers
        self._cluster: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._start, name="dask-cluster", daemon=True)
        self._thread.start()

    def _start(self) -> None:
        if self._address:
            return
        deafen_this_thread()  # and with it Dask's own, from which it starts workers, also in place of lost ones
        try:
            import dask  # half a second, beside other imports

            dask.config.set(CONFIG)  # before distributed is there: some of it is read as it is imported
            from distributed import LocalCluster

            self._cluster = LocalCluster(
                n_workers=self._workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",
                host="127.0.0.1",
                preload=["nightdesk.tasks.child_processes", "nightdesk.tasks.models.worker"],
            )
            self._address = self._cluster.scheduler_address
        except BaseException as e:  # noqa: BLE001  (handed to the caller of address())
            self._error = e

    async def address(self) -> str:
        """Wait until the scheduler can be reached and return its address.

        Raises:
            NightdeskError: the workers of our own did not start.
        """
        await asyncio.to_thread(self._thread.join)
        if self._error is not None:
            raise NightdeskError(f"the workers of this run did not start: {self._told()}") from self._error
        return self._address

    def _told(self) -> str:
        said = " ".join(str(self._error).split())
        return said or type(self._error).__name__

    @property
    def remedy(self) -> str:
        """What to do if the workers that this object started do not come back; "" if it started none."""
        few = f"this run starts {self._workers} itself; free memory, or set dask.workers in the profile lower"
        return few if self._cluster is not None else ""

    def mend(self) -> None:
        """Replace the workers that this object started: none of them has come back after its end."""
        if self._cluster is not None:
            self._cluster.scale(0)
            self._cluster.scale(self._workers)

    def close(self) -> None:
        """End the worker processes that this object started."""
        self._thread.join()
        if self._cluster is not None:
            self._cluster.close(timeout=CLOSE_TIMEOUT_S)
            self._cluster = None
