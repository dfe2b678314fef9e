"""The server that Prefect starts for a run where PREFECT_API_URL names none: in a session of its own, never orphaned.

As Prefect starts it, a Ctrl-C on the terminal ends it before the run has told it how it ended, and it stays behind for
good if the run is killed. Run as a module, this is that server.
"""

import asyncio
import atexit
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from nightdesk.tasks.config.secrets import hide_secrets
from nightdesk.tasks.errors import NightdeskError

GRACE_S = 5.0  # that the server has to end by itself
LOG = "nightdesk-run-server.log"
GIVE_UP = threading.Event()  # set to end the wait for a server that starts, in which nothing else can be heard
MOST_LOG_BYTES = 1_000_000  # then it begins anew
REMEDY = "run the same command again, or start a server (prefect server start) and set PREFECT_API_URL"


def keep_it_apart() -> None:
    """Have Prefect's clients in this process start the server this way, if they start one."""
    from prefect.server.api.server import SubprocessASGIServer
    from prefect.settings import get_current_settings

    from nightdesk.flows.serve.prefect_server import answers, keep_private, open_private

    starting = threading.Lock()
    log: Path = get_current_settings().home / LOG

    class Apart(SubprocessASGIServer):  # type: ignore[misc]  # skipped: see pyproject.toml
        running: bool
        port: int | None
        _alive: int = -1  # the end of a pipe that closes with this process, however that ends

        def start(self, timeout: int | None = None) -> None:
            """Start it, if it does not run, and wait until it answers.

            Raises:
                NightdeskError: it ended at once, or did not answer in time; one line that names its log.
                CancelledError: GIVE_UP was set.
            """
            with starting:
                if not self.running:
                    self.port = self.port or self.find_available_port()
                    self.server_process = self._run_uvicorn_command()
                    atexit.register(self.stop)
                    limit = timeout or get_current_settings().server.ephemeral.startup_timeout_seconds
                    self._wait(time.monotonic() + limit, limit)
                    self.running = True

        def _wait(self, deadline: float, limit: float) -> None:
            while not answers(self.api_url):
                assert self.server_process is not None
                code = self.server_process.poll()
                if code is not None and not self.is_port_available(self.port):  # somebody else was faster
                    self.port = self.find_available_port()
                    self.server_process = self._run_uvicorn_command()
                elif code is not None:
                    raise NightdeskError(f"Prefect's server of this run ended at once; {log} says why; {REMEDY}")
                if time.monotonic() > deadline:
                    raise NightdeskError(
                        f"Prefect's server of this run did not answer in {limit:.0f} s (this machine may be busy, or "
                        f"{log} says why); {REMEDY}, or wait longer (PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS)"
                    )
                if GIVE_UP.wait(0.1):
                    raise asyncio.CancelledError

        def _run_uvicorn_command(self) -> "subprocess.Popen[Any]":
            theirs, ours = os.pipe()
            keep_private(log.parent)
            said = open_private(log, "wb" if log.exists() and log.stat().st_size > MOST_LOG_BYTES else "ab")
            try:
                server = subprocess.Popen(
                    [sys.executable, "-P", "-m", "nightdesk.flows.serve.ephemeral_server", str(self.port), str(theirs)],
                    env={
                        **os.environ,
                        "PREFECT_UI_ENABLED": "0",
                        "PREFECT__SERVER_EPHEMERAL": "1",
                        "PREFECT__SERVER_FINAL": "1",
                        **get_current_settings().to_environment_variables(exclude_unset=True),
                    },
                    pass_fds=(theirs,),
                    stdout=said,
                    stderr=said,
                    start_new_session=True,
                )
            finally:
                os.close(theirs)
                said.close()
            if self._alive >= 0:  # of a server that did not get its port
                os.close(self._alive)
            self._alive = ours
            return server

    if not get_current_settings().api.url:
        Apart()  # which Prefect keeps as the one instance that its clients ask for


def _end_with(pipe: int) -> None:
    os.read(pipe, 1)  # nobody writes: it ends when whoever holds the other end is gone
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Serve on the port that was named, until the pipe that was named closes."""
    hide_secrets()
    port, pipe = map(int, sys.argv[1:3])
    threading.Thread(target=_end_with, args=(pipe,), name="nightdesk-orphans", daemon=True).start()
    from nightdesk.flows.serve.prefect_server import serve_prefect

    serve_prefect(port, "error")


if __name__ == "__main__":
    main()
