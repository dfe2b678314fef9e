"""A `nightdesk serve` with a Prefect server of its own, for tests, and what to ask of it."""

import base64
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.flows.conftest import NIGHTDESK
from tests.prefect_home import prefect_home

PATIENCE_S = 240


def eventually(happened: Callable[[], Any]) -> Any:
    """Wait until something has happened; return it."""
    deadline = time.monotonic() + PATIENCE_S
    while not (result := happened()):
        assert time.monotonic() < deadline
        time.sleep(0.3)
    return result


def basic(auth: str) -> str:
    """Return the Authorization header of an auth string."""
    return f"Basic {base64.b64encode(auth.encode()).decode()}"


def ask(api: str, auth: str, csrf: dict[str, str], path: str, body: dict[str, Any] | None = None) -> Any:
    """Ask a Prefect server that wants an auth string and, of who changes something, a token (csrf keeps it)."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Authorization": basic(auth)}
    if data is not None:
        if not csrf:
            client = uuid.uuid4().hex
            token = ask(api, auth, csrf, f"/csrf-token?client={client}")["token"]
            csrf |= {"Prefect-Csrf-Client": client, "Prefect-Csrf-Token": token}
        headers |= csrf
    request = urllib.request.Request(api + path, data, headers)
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as e:
            if e.code != 503:  # a busy database: ask again, as Prefect's own client does
                raise
            time.sleep(1)


@dataclass
class Served:
    """A `nightdesk serve` that is at work."""

    process: "subprocess.Popen[str]"
    command: list[str]
    env: dict[str, str]
    api: str
    out: Path
    source: Path
    log: Path
    csrf: dict[str, str] = field(default_factory=dict)  # headers that the server wants of whoever changes something

    @property
    def auth(self) -> str:
        """What a person signs in with."""
        return (Path(self.env["PREFECT_HOME"]) / "nightdesk-auth").read_text().strip()

    @property
    def signed_in(self) -> dict[str, str]:
        """The environment in which Prefect's own commands reach its server."""
        return {**self.env, "PREFECT_API_URL": self.api, "PREFECT_API_AUTH_STRING": self.auth}

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask its Prefect server."""
        return ask(self.api, self.auth, self.csrf, path, body)

    def deployments(self) -> dict[str, dict[str, Any]]:
        """Return the deployments by name."""
        return {d["name"]: d for d in self.ask("/deployments/filter", {})}

    def runs(self, **which: Any) -> list[dict[str, Any]]:
        """Return flow runs, the oldest first."""
        return list(self.ask("/flow_runs/filter", {"flow_runs": which, "sort": "START_TIME_ASC"}))

    def start(self, deployment: str, **parameters: Any) -> str:
        """Start a run as the UI does; return its id."""
        deployment_id = self.deployments()[deployment]["id"]
        asked = {"parameters": {"parameters": {"out": str(self.out), **parameters}}}
        return str(self.ask(f"/deployments/{deployment_id}/create_flow_run", asked)["id"])

    def state(self, run_id: str) -> dict[str, Any]:
        """Return the state of a run."""
        return dict(self.ask(f"/flow_runs/{run_id}")["state"])

    def ended(self, run_id: str) -> dict[str, Any]:
        """Wait for a run's end; return its last state."""
        over = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
        return dict(eventually(lambda: (s := self.state(run_id))["type"] in over and s))

    def flow_processes(self) -> list[psutil.Process]:
        """Return the processes in which flows run now."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.ZombieProcess, psutil.NoSuchProcess):  # it ended just now
                if "spawn_main" in " ".join(child.cmdline()):
                    found.append(child)
        return found


@contextmanager
def serving(
    home: Path,
    source: Path,
    *options: str,
    cwd: Path | None = None,
    nightdesk: Sequence[str] = NIGHTDESK,
    without: Container[str] = (),
) -> Iterator[Served]:
    """Serve what is in `source` into home/out, with Prefect's folder in home too; end it afterwards.

    nightdesk: how it is called. without: variables of the environment that it must not have.
    """
    out, log = home / "out", home / "serve.log"
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = str(s.getsockname()[1])
    env = {
        **{k: v for k, v in os.environ.items() if k != "PREFECT_API_URL" and k not in without},
        "PREFECT_HOME": str(prefect_home(home / "prefect")),
        "PREFECT_SERVER_API_PORT": port,
        "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "5",
    }
    command = [*nightdesk, "serve", "--out", str(out), *options]
    with log.open("w") as said:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, text=True, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        eventually(lambda: process.poll() is not None or "the UI: http" in log.read_text())
        assert process.poll() is None, log.read_text()
        yield Served(process, command, env, f"http://127.0.0.1:{port}/api", out, source, log)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=60)
