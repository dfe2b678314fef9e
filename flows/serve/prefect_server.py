"""A Prefect server of our own on the loopback, which ends with the process that started it, however that ends.

Run as a module, this is that server.
"""

import base64
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from nightdesk.flows.serve.server_auth import ServerKey, of_server
from nightdesk.flows.shared.configure import configure
from nightdesk.flows.shared.parent_watch import SERVED_BY, end_with
from nightdesk.tasks.config.private_files import make_private, private_folder
from nightdesk.tasks.config.proxies import is_loopback
from nightdesk.tasks.errors import NightdeskError

HOST = "127.0.0.1"
START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 20


@contextmanager
def own_server(home: Path, usual_port: int, key: ServerKey) -> Iterator[str]:
    """Start a server whose database is kept under `home`, Prefect's folder; yield the address of its API.

    usual_port: taken if it is free, so that the UI stays where it was; else any other. key: what opens it.

    Raises:
        NightdeskError: it ended at once, or did not answer in time; the message names its log.
    """
    private_folder(home)
    keep_private(home)
    log = home / "nightdesk-server.log"
    port = _free_port(usual_port)
    ui = f"http://{HOST}:{port}"
    api = f"{ui}/api"
    with open_private(log, "wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-P", "-m", "nightdesk.flows.serve.prefect_server", str(port)],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                **of_server(key, origin=ui),
                "PREFECT_HOME": str(home),
                "PREFECT_SERVER_UI_API_URL": api,  # its pages ask there, whatever another setting says
            },
            start_new_session=True,  # a Ctrl-C on this terminal is for us: the server ends after what it serves
        )
    try:
        _wait_until_healthy(api, server, log)
        yield api
    finally:
        server.terminate()
        try:
            server.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _free_port(usual: int) -> int:
    for port in (usual, 0):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind((HOST, port))
            except OSError:
                continue
            return int(s.getsockname()[1])
    raise NightdeskError(f"{HOST} has no free port for a Prefect server")


def answers(api: str, auth: str = "") -> bool:
    """Tell whether a Prefect server answers at this address. auth: an auth string that it may ask for."""
    try:
        asked = urllib.request.Request(f"{api}/health")
        if auth:  # not for whoever the request might be sent on to
            asked.add_unredirected_header("Authorization", f"Basic {base64.b64encode(auth.encode()).decode()}")
        opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if is_loopback(api) else []))
        with opener.open(asked, timeout=5):
            return True
    except (OSError, ValueError):
        return False


def _wait_until_healthy(api: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not answers(api):
        if server.poll() is not None:
            raise NightdeskError(f"the Prefect server ended at once; {log} says why")
        if time.monotonic() > deadline:
            raise NightdeskError(f"the Prefect server does not answer after {START_TIMEOUT_S} s; {log} may say why")
        time.sleep(0.2)


def main() -> None:
    """Serve on the port that was named."""
    configure()
    if SERVED_BY in os.environ:
        end_with(int(os.environ[SERVED_BY]))
    os.environ.pop("PREFECT_API_URL", None)
    serve_prefect(int(sys.argv[1]))


def serve_prefect(port: int, log_level: str = "") -> None:
    """Be Prefect's server on a port of the loopback, behind doors; what it writes is for this user alone.

    log_level: of its web server; "": as Prefect's settings have it.
    """
    os.umask(0o077)
    import uvicorn
    from prefect.server.api.server import create_app
    from prefect.settings import get_current_settings

    from nightdesk.flows.serve.doors import Doors

    settings = get_current_settings()
    own = urlsplit(settings.ui_url or "").hostname or ""  # behind a proxy it is asked for by that name
    uvicorn.run(
        Doors(create_app(final=True), own),
        host=HOST,
        port=port,
        log_level=log_level or settings.server.logging_level.lower(),
        timeout_keep_alive=settings.server.api.keepalive_timeout,
        lifespan="on",
    )


def keep_private(home: Path) -> None:
    """Have Prefect's database, if there is one by now, be its owner's alone: it holds what was pasted into forms."""
    for part in home.glob("prefect.db*"):
        with suppress(OSError):  # then whoever opens it says what is wrong with it
            make_private(part)


def open_private(log: Path, mode: str) -> IO[bytes]:
    """Open the log of a server. mode: "wb" to begin it anew, "ab" to go on with it."""
    make_private(log)
    return log.open(mode)


if __name__ == "__main__":
    main()
