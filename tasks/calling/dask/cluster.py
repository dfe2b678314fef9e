"""The Dask cluster of a run: workers of our own, or the address of a scheduler that is already there.

Dask unpickles what it is sent, so whoever reaches a scheduler or a worker runs code as its user. A cluster of our own
therefore listens on the loopback only, and talks TLS with a certificate that is made for it and never leaves its
processes: other users of the machine reach its ports and get no further. Its workers keep their files in a folder that
only this user can enter, because Dask loads modules from there.
"""

import asyncio
import logging
import os
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nightdesk.tasks.calling.dask.own_workers import ANY_MODEL
from nightdesk.tasks.config.proxies import is_loopback
from nightdesk.tasks.errors import InputError, NightdeskError
from nightdesk.tasks.safety.child_processes import deafen_this_thread

log = logging.getLogger("nightdesk")

CLOSE_TIMEOUT_S = 10
TLS_FILES = tuple(f"distributed.comm.tls.{file}" for file in ("ca-file", "client.cert", "client.key"))
OWN = ("nightdesk.tasks.safety.child_processes", "nightdesk.tasks.calling.dask.orphans")  # preloads of own workers
CONFIG = {
    "distributed.scheduler.allowed-failures": 1,  # what kills its worker is tried twice, not four times
    "distributed.worker.memory.terminate": 0.95,
    # After it (15 s by default) a worker that is started anew is given up for good, and a busy machine takes longer.
    "distributed.deploy.lost-worker-timeout": "300s",
    # What Dask does beside the work: sampling stacks, measuring itself, weighing each message.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.limit": "30s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.comm.offload": False,
    # Dask keeps this many of the last messages of each connection, and with them the texts of calls that are over.
    "distributed.admin.low-level-log-length": 10,
    # Dask gives every scheduler and worker an HTTP server, which cannot be left out; these have no page to serve.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}


class Cluster:
    """A LocalCluster that starts in the background, or the address of a scheduler that is already there."""

    def __init__(self, scheduler: str, workers: int, preload: Sequence[str] = ANY_MODEL) -> None:
        self._address = scheduler or os.environ.get("DASK_SCHEDULER_ADDRESS", "")
        self._workers, self._preload = workers, preload
        self._cluster: Any = None
        self.security: Any = None  # of a cluster of our own, for its clients; None: what Dask's configuration says
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
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
            from distributed.security import Security

            self.security = Security.temporary()
            self._scratch = tempfile.TemporaryDirectory(prefix="nightdesk-dask-", ignore_cleanup_errors=True)
            self._cluster = LocalCluster(
                n_workers=self._workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False, "local_directory": self._scratch.name},
                host="127.0.0.1",
                security=self.security,
                local_directory=self._scratch.name,
                preload=[*OWN, *self._preload],
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
        if self._scratch is not None:
            self._scratch.cleanup()


def check_address(address: str) -> None:
    """Check how a scheduler that is already there will be talked to; warn where that is open. Dask is imported by now.

    Who has set distributed.comm.require-encryption to false has said that this network is trusted.

    Raises:
        InputError: it is to be TLS and Dask's configuration names no certificates, or only TLS is allowed.
    """
    import dask

    url = address if "://" in address else f"tcp://{address}"
    wanted = dask.config.get("distributed.comm.require-encryption", None)
    if urlsplit(url).scheme == "tls":
        for key in TLS_FILES:
            name = f"DASK_{key.upper().replace('.', '__').replace('-', '_')}"
            if not (file := dask.config.get(key, None)):
                raise InputError(f"{address}: Dask has no certificates for TLS; set {name} to a PEM file")
            if not Path(file).is_file():
                raise InputError(f"{name}={file}: there is no such file; name a PEM file")
    elif wanted:
        raise InputError(f"{address}: Dask is set to talk TLS only (require-encryption); name tls:// addresses")
    elif wanted is None and not is_loopback(url):
        log.warning(
            "%s: this Dask scheduler is talked to without TLS, and it runs what anybody on that network sends it; see "
            "docs/operations.md, Ports (tls://), or set DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION=False",
            address,
        )
