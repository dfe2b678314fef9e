"""A real Prefect server for the session, and the command line as a user calls it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from tests.prefect_home import prefect_home
from tests.processes import start

NIGHTDESK = [sys.executable, "-m", "nightdesk.flows.cli.main"]
START_TIMEOUT_S = 120
BUSY = 503

# A shell that runs the tests in the background has them ignore Ctrl-C, and what they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout."""
        assert self.code == 0, self.err
        result: dict[str, Any] = json.loads(self.out)
        return result


@dataclass(frozen=True)
class Desk:
    """Runs `nightdesk` against the session's server."""

    env: dict[str, str]
    api_url: str

    def run(self, *arguments: object) -> Finished:
        """Run a command to its end."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=280)
        return Finished(process.returncode, out, err)

    def start(self, *arguments: object) -> "subprocess.Popen[str]":
        """Start a command in a session of its own, so that what it leaves running can be told."""
        command = [*NIGHTDESK, *map(str, arguments)]
        return start(command, self.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def get(self, path: str) -> Any:
        """Ask the Prefect server."""
        return _asked(urllib.request.Request(self.api_url + path))

    def artifacts(self, run_id: str) -> dict[str, dict[str, Any]]:
        """Return what stands on a flow run's page, by key."""
        return {a["key"]: a for a in self.post("/artifacts/filter", {"flow_runs": {"id": {"any_": [run_id]}}})}

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Ask the Prefect server."""
        data = json.dumps(body).encode()
        request = urllib.request.Request(self.api_url + path, data, {"Content-Type": "application/json"})
        return _asked(request)


def _asked(request: urllib.request.Request) -> Any:
    """Send a request, again while the server's database is busy (503), as Prefect's own client does."""
    until = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as e:
            if e.code != BUSY or time.monotonic() > until:
                raise
        time.sleep(0.5)


@pytest.fixture(scope="session")
def desk(own_workers: Desk, cluster: str) -> Desk:
    """Return the command line whose runs share a Dask cluster, because to start workers takes each some seconds."""
    return replace(own_workers, env={**own_workers.env, "DASK_SCHEDULER_ADDRESS": cluster})


@pytest.fixture
def in_process(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Have flows that the test calls itself run against the session's server, on the shared cluster."""
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", desk.env["DASK_SCHEDULER_ADDRESS"])
    with temporary_settings({PREFECT_API_URL: desk.api_url, PREFECT_HOME: Path(desk.env["PREFECT_HOME"])}):
        yield desk


@pytest.fixture(scope="session")
def own_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Start a Prefect server on a free port of the loopback, with a database of its own; runs start their workers."""
    home = prefect_home(tmp_path_factory.mktemp("prefect"))
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    api_url = f"http://127.0.0.1:{port}/api"
    env = {**os.environ, "PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    log = (home / "server.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
        env=env,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait_until_healthy(api_url, server)
        yield Desk({**env, "PREFECT_API_URL": api_url}, api_url)
    finally:
        server.terminate()
        server.wait(timeout=120)
        log.close()
        shutil.rmtree(home, ignore_errors=True)


def _wait_until_healthy(api_url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert server.poll() is None, "the Prefect server ended at once"
        try:
            with urllib.request.urlopen(api_url + "/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"no Prefect server at {api_url} after {START_TIMEOUT_S} s")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder for documents, beside the test's OUT."""
    folder = tmp_path / "in"
    folder.mkdir()
    return folder
