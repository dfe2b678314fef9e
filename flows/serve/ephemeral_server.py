"""The server that Prefect starts for a run where PREFECT_API_URL names none: in a session of its own, never orphaned.

As Prefect starts it, a Ctrl-C on the terminal ends it before the run has told it how it ended, and it stays behind for
good if the run is killed. Run as a module, this is that server.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

GRACE_S = 5.0  # that the server has to end by itself


def keep_it_apart() -> None:
    """Have Prefect's clients in this process start the server this way, if they start one."""
    from prefect.server.api.server import SubprocessASGIServer
    from prefect.settings import get_current_settings

    class Apart(SubprocessASGIServer):  # type: ignore[misc]  # skipped: see pyproject.toml
        _alive: int = -1  # the end of a pipe that closes with this process, however that ends

        def _run_uvicorn_command(self) -> "subprocess.Popen[Any]":
            theirs, ours = os.pipe()
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
                    start_new_session=True,
                )
            finally:
                os.close(theirs)
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
    port, pipe = map(int, sys.argv[1:3])
    threading.Thread(target=_end_with, args=(pipe,), name="nightdesk-orphans", daemon=True).start()
    import uvicorn

    app = "prefect.server.api.server:create_app"
    uvicorn.run(app, factory=True, host="127.0.0.1", port=port, log_level="error", lifespan="on")


if __name__ == "__main__":
    main()
