"""A cluster as real processes: the services of deployments/compose.yaml, each by the command that stands there."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.serving import ask
from tests.system.composed import BIN, PORTS, ROOT, SERVICES, Composed, in_order

PATIENCE_S = 240
AUTH = "me:made-up"


def eventually(happened: Callable[[], Any]) -> Any:
    """Wait until something has happened; return it."""
    deadline = time.monotonic() + PATIENCE_S
    while not (result := happened()):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    return result


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def postgres_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, as Debian installs them, or None."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


@dataclass
class Cluster:
    """The running parts, and the folder that the pool's worker and `prefect deploy` share."""

    api: str
    dask: str
    folder: Path
    env: dict[str, str]
    due: datetime
    csrf: dict[str, str] = field(default_factory=dict)

    @property
    def out(self) -> Path:
        """Where the flows publish."""
        return self.folder / "out"

    def prefect(self, *arguments: str) -> str:
        """Run Prefect's command line to its end; return what it printed."""
        return self.run("prefect", *arguments)

    def run(self, *command: str) -> str:
        """Run a command to its end, as an operator does beside the containers; return what it printed."""
        told = subprocess.run(
            [BIN / command[0], *command[1:]],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert told.returncode == 0, told.stdout + told.stderr
        return told.stdout

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the Prefect server."""
        return ask(self.api, AUTH, self.csrf, path, body)

    def ended(self, name: str) -> dict[str, Any]:
        """Wait for the end of the oldest run whose name begins so; return the run."""

        def over() -> Any:
            runs = self.ask("/flow_runs/filter", {"flow_runs": {"name": {"like_": name}}, "sort": "START_TIME_ASC"})
            done = [r for r in runs if r["state"]["type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")]
            return done and done[0]

        return dict(eventually(over))


@contextmanager
def running(log: Path, command: list[str], **how: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a part; end it, and only it, afterwards."""
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, **how)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def postgres(composed: Composed, programs: Path) -> Iterator[None]:
    """Run a PostgreSQL as its image does: a user, a password and a database that the file names.

    It refuses to be root's, so it is postgres's.
    """
    folder, port, named = composed.folder.parent, composed.ports["5432"], composed.environment("postgres")
    data, password = folder / "postgres", folder / "password"
    data.mkdir()
    password.write_text(named["POSTGRES_PASSWORD"])
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        who = pwd.getpwnam("postgres")
        for path in (data, password):
            shutil.chown(path, who.pw_uid, who.pw_gid)
        for above in (folder, *folder.parents):  # its user has to get to its folder
            if above.owner() == "root" and above != Path("/"):
                above.chmod(above.stat().st_mode | 0o111)
        user = {"user": who.pw_uid, "group": who.pw_gid}
    made: list[str | Path] = [programs / "initdb", "--pgdata", data, "--username", named["POSTGRES_USER"], "--no-sync"]
    made += ["--auth", "scram-sha-256", "--pwfile", password]
    subprocess.run(made, check=True, capture_output=True, cwd="/", **user)
    server = [programs / "postgres", "-D", data, "-p", str(port), "-k", data, "-c", "listen_addresses=127.0.0.1"]
    there = {"PGHOST": "127.0.0.1", "PGPORT": str(port), "PATH": f"{programs}{os.pathsep}{named['PATH']}"}
    with running(folder / "postgres.log", [str(word) for word in server], cwd="/", **user):
        eventually(lambda: composed.is_healthy("postgres", **there))
        made = [programs / "createdb", "--username", named["POSTGRES_USER"], named["POSTGRES_DB"]]
        subprocess.run(made, check=True, env={**there, "PGPASSWORD": named["POSTGRES_PASSWORD"]})
        yield


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Start every service in its order, with a night to come in some minutes."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not here; install it (Debian: apt-get install postgresql) to run these tests")
    home = tmp_path_factory.mktemp("cluster")
    folder = home / "srv"
    shutil.copytree(ROOT / "deployments", folder / "deployments")  # as the image has it
    for volume in ("wires", "out"):
        (folder / volume).mkdir()
    ports = {port: free_port() for port in PORTS}
    composed = Composed(folder, ports, {"POSTGRES_PASSWORD": "made-up", "PREFECT_API_AUTH_STRING": AUTH})
    api = f"http://127.0.0.1:{ports['4200']}/api"
    env = {k: v for k, v in os.environ.items() if k not in ("PREFECT_API_URL", "DASK_SCHEDULER_ADDRESS")}
    env |= {"PREFECT_HOME": str(home / "prefect"), "PREFECT_API_URL": api, "PREFECT_API_AUTH_STRING": AUTH}
    one = Cluster(api, f"tcp://127.0.0.1:{ports['8786']}", folder, env, datetime.now(UTC))
    with ExitStack() as parts:
        for name in in_order():
            if name == "postgres":
                parts.enter_context(postgres(composed, programs))
                continue
            how: dict[str, Any] = {"env": composed.environment(name), "cwd": folder, "stdin": subprocess.DEVNULL}
            if SERVICES[name]["restart"] == "on-failure":  # it ends
                one.due = datetime.now(UTC) + timedelta(seconds=150)
                one.prefect("variable", "set", "nightdesk_cron", f"{one.due.minute} {one.due.hour} * * *")
                log = home / f"{name}.log"
                with running(log, composed.command(name), **how) as process:
                    assert process.wait(PATIENCE_S) == 0, log.read_text()
                continue
            parts.enter_context(running(home / f"{name}.log", composed.command(name), **how))
            eventually(lambda name=name: composed.is_healthy(name))  # type: ignore[misc]
        yield one
