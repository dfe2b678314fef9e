"""A cluster as real processes: PostgreSQL, a Prefect server, a Dask scheduler with workers, a worker of the pool."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.serving import ask

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
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
        told = subprocess.run(
            [BIN / "prefect", *arguments],
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
def postgres(folder: Path, programs: Path) -> Iterator[str]:
    """Run a PostgreSQL of our own; yield the address of its database. It refuses to be root's, so it is postgres's."""
    data, port = folder / "postgres", free_port()
    data.mkdir()
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        who = pwd.getpwnam("postgres")
        shutil.chown(data, who.pw_uid, who.pw_gid)
        for above in (folder, *folder.parents):  # its user has to get to its folder
            if above.owner() == "root" and above != Path("/"):
                above.chmod(above.stat().st_mode | 0o111)
        user = {"user": who.pw_uid, "group": who.pw_gid}
    made = [programs / "initdb", "--pgdata", data, "--username", "prefect", "--auth", "trust", "--no-sync"]
    subprocess.run(made, check=True, capture_output=True, cwd="/", **user)
    server = [programs / "postgres", "-D", data, "-p", str(port), "-k", data, "-c", "listen_addresses=127.0.0.1"]
    with running(folder / "postgres.log", [str(word) for word in server], cwd="/", **user):
        ready = [str(programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(port)]
        eventually(lambda: subprocess.run(ready, capture_output=True, check=False).returncode == 0)
        yield f"postgresql+asyncpg://prefect@127.0.0.1:{port}/postgres"


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Start every part, make the pool and the deployments, with a night to come in some minutes."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not here; install it (Debian: apt-get install postgresql) to run these tests")
    folder = tmp_path_factory.mktemp("cluster")
    api_port, dask_port = free_port(), free_port()
    api, dask = f"http://127.0.0.1:{api_port}/api", f"tcp://127.0.0.1:{dask_port}"
    env = {k: v for k, v in os.environ.items() if k not in ("PREFECT_API_URL", "DASK_SCHEDULER_ADDRESS")}
    env |= {"PREFECT_HOME": str(folder / "prefect"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    with ExitStack() as parts:
        database = parts.enter_context(postgres(folder, programs))
        server_env = {**env, "PREFECT_SERVER_DATABASE_CONNECTION_URL": database}
        server_env |= {"PREFECT_SERVER_API_AUTH_STRING": AUTH, "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true"}
        server = [str(BIN / "prefect"), "server", "start", "--host", "127.0.0.1", "--port", str(api_port)]
        parts.enter_context(running(folder / "server.log", server, env=server_env))
        scheduler = [str(BIN / "dask"), "scheduler", "--host", "127.0.0.1", "--port", str(dask_port), "--no-dashboard"]
        parts.enter_context(running(folder / "scheduler.log", scheduler, env=env))
        for k in (1, 2):
            worker = [
                str(BIN / "dask"),
                "worker",
                dask,
                "--nthreads",
                "1",
                "--preload",
                "nightdesk.tasks.models.worker",
            ]
            parts.enter_context(running(folder / f"dask-{k}.log", [*worker, "--no-dashboard"], env=env, cwd=folder))
        eventually(lambda: _healthy(f"{api}/health"))
        due = datetime.now(UTC) + timedelta(seconds=110)
        env = {**env, "PREFECT_API_URL": api, "PREFECT_API_AUTH_STRING": AUTH}
        one = Cluster(api, dask, folder, env, due)
        deployments = (ROOT / "deployments" / "prefect.yaml").read_text(encoding="utf-8")
        assert 'cron: "0 2 * * *"' in deployments
        tonight = deployments.replace("0 2 * * *", f"{due.minute} {due.hour} * * *")
        (folder / "prefect.yaml").write_text(tonight, encoding="utf-8")
        (folder / "deployments").mkdir()
        shutil.copy(ROOT / "deployments" / "allowed.toml", folder / "deployments")
        one.prefect("work-pool", "create", "nightdesk", "--type", "process")
        one.prefect("--no-prompt", "deploy", "--all", "--prefect-file", "prefect.yaml")
        pool = [str(BIN / "prefect"), "worker", "start", "--pool", "nightdesk"]
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"  # jobs are started as `python`
        worker_env = {**env, "DASK_SCHEDULER_ADDRESS": dask, "PATH": path}
        parts.enter_context(running(folder / "worker.log", pool, env=worker_env, cwd=folder))
        yield one
