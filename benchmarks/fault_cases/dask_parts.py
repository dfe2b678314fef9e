"""A Dask scheduler and its workers as processes of their own, for the faults that need them apart from a night."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.common import ROOT

SCHEDULER = "import sys; from distributed.cli.dask_scheduler import main; main(sys.argv[1:])"
WORKER = "import sys; from distributed.cli.dask_worker import main; main(sys.argv[1:])"
WITHOUT = (
    "import sys; sys.modules['nightdesk'] = None; from distributed.cli.dask_worker import main; main(sys.argv[1:])"
)


@dataclass(slots=True)
class Parts:
    """A Dask scheduler and its workers, as processes of their own on the loopback."""

    folder: Path
    port: int
    scheduler: "subprocess.Popen[bytes]"
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where the scheduler listens."""
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def dask(self) -> str:
        """The lines of a profile that name it."""
        return f'[dask]\nscheduler = "{self.address}"\n'

    def add_worker(self, code: str = WORKER) -> "subprocess.Popen[bytes]":
        """Start a worker; it joins when it is ready."""
        local = self.folder / f"worker-{len(self.workers)}"
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(local))
        self.workers.append(_started(code, self.address, *options))
        return self.workers[-1]

    def start_scheduler(self) -> None:
        """Start the scheduler again, where it was."""
        self.scheduler = _scheduler(self.port)

    def end(self) -> None:
        """End all of them, however they are."""
        for process in (self.scheduler, *self.workers):
            process.kill()
            process.wait()


def _started(code: str, *arguments: str) -> "subprocess.Popen[bytes]":
    quiet = {**os.environ, "DASK_LOGGING__DISTRIBUTED": "critical"}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _scheduler(port: int) -> "subprocess.Popen[bytes]":
    process = _started(SCHEDULER, "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.1)
    raise RuntimeError("the Dask scheduler did not start")


@contextmanager
def dask_parts(folder: Path, workers: int = 2) -> Iterator[Parts]:
    """Start a scheduler with workers; end them with the block."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    parts = Parts(folder, port, _scheduler(port))
    try:
        for _ in range(workers):
            parts.add_worker()
        yield parts
    finally:
        parts.end()
