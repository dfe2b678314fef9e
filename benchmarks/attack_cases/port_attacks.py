"""What listens while nightdesk works, tried as other machines, other users and foreign websites do."""

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.attack_cases.outcome import Attack, Outcome
from nightdesk.flows.serve.reading_server import reading_server
from nightdesk.tasks.calling.dask.cluster import Cluster
from tests.flows.conftest import NIGHTDESK
from tests.prefect_home import prefect_home
from tests.processes import start
from tests.servers.dask_doors import runs_code
from tests.servers.listening import Expected, Listener, answer_of, listening, open_to_others, status, weaknesses
from tests.serving import basic, eventually, serving
from tests.texts import write_evening

WRITE = ("POST", "/api/flow_runs/filter")


def cases() -> dict[str, Attack]:
    """Name the attacks."""
    return {
        "ports: another user sends Dask work, without TLS": _dask(lambda at: runs_code(f"tcp://{at}")),
        "ports: another user sends Dask work, with a certificate of their own": _dask(
            lambda at: runs_code(f"tls://{at}", certificate=True)
        ),
        "ports: a website reads Dask's pages by DNS rebinding": _pages,
        "ports: a module is planted where Dask's workers look for theirs": _planted_module,
        "ports: other machines reach something of a run": _run_listens,
        "ports: a foreign website or another user gets in at a run's own server": _run_server,
        "ports: a foreign website or another user reads the editions": _editions,
        "ports: other machines reach something of serve": _serve_listens,
        "ports: a foreign website or another user gets in at serve's server": _serve_server,
    }


@contextmanager
def _cluster() -> Iterator[list[Listener]]:
    before = set(listening(os.getpid()))
    own = Cluster("", 1)
    try:
        asyncio.run(own.address())
        yield sorted(set(listening(os.getpid())) - before)
    finally:
        own.close()


def _dask(gets_in: Callable[[str], bool]) -> Attack:
    def attack(_: Path) -> Outcome:
        with _cluster() as found, ThreadPoolExecutor(len(found)) as together:
            entered = list(together.map(lambda one: gets_in(f"{one.host}:{one.port}"), found))
        return Outcome("no answer", f"{sum(entered)} of {len(found)} sockets answer", not any(entered) and bool(found))

    return attack


def _editions(folder: Path) -> Outcome:
    (folder / "editions").mkdir()
    (folder / "editions" / "index.html").write_text("<!doctype html><title>A night</title>", encoding="utf-8")
    with reading_server(folder, 0) as address:
        at = urlsplit(address)
        assert at.hostname is not None and at.port is not None
        found = weaknesses(at.hostname, at.port, Expected(f"{at.path}/index.html"))
        guesses = ("/", "/index.html", "/editions/index.html", f"{at.path[:-1]}/index.html")
        found += [f"without the secret: {g}" for g in guesses if status(at.hostname, at.port, "GET", g, {})[0] != 404]
    return Outcome("nothing gets through", "; ".join(found)[:160] or "nothing gets through", not found)


def _pages(_: Path) -> Outcome:
    paths = ("/health", "/status", "/info/main/workers.html", "/json/identity.json", "/metrics", "/proxy/80/127.0.0.1/")
    with _cluster() as found:
        told = [
            path for one in found for path in paths
            if " 200 " in answer_of(one, f"GET {path} HTTP/1.0\r\nHost: evil.example")[:20]
        ]  # fmt: skip
    return Outcome("no page", ", ".join(sorted(set(told))) or "no page", not told)


def _planted_module(folder: Path) -> Outcome:
    planted = folder / "dask-scratch-space"
    planted.mkdir()
    planted.chmod(0o777)
    script = (
        "import asyncio, os, sys\n"
        "from nightdesk.tasks.calling.dask.cluster import Cluster\n"
        "if __name__ == '__main__':\n"
        "    own = Cluster('', 1)\n"
        "    asyncio.run(own.address())\n"
        "    print(sum(len(files) + len(folders) for _, folders, files in os.walk(sys.argv[1])))\n"
        "    own.close()\n"
    )
    (folder / "script.py").write_text(script)
    command = [*NIGHTDESK[:1], str(folder / "script.py"), str(planted)]
    env = {**os.environ, "TMPDIR": str(folder)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=True)
    used = done.stdout.strip()
    return Outcome("that folder is not used", f"{used} files and folders in it", used == "0")


@cache
def _run() -> tuple[list[Listener], list[str]]:
    """Have a run start its own server; return what listens and what gets in. It is tried once for two rows."""
    from benchmarks.common import scratch

    with scratch() as folder:
        source = folder / "in"
        source.mkdir()
        write_evening(source, "long", seed=80, passages=4000)
        env = {k: v for k, v in os.environ.items() if k != "PREFECT_API_URL"}
        env["PREFECT_HOME"] = str(prefect_home(folder / "prefect"))
        command = [*NIGHTDESK, "run", str(source), "--out", str(folder / "out"), "--no-learn"]
        run = start(command, env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            eventually(lambda: run.poll() is not None or (folder / "out" / "answers.db").exists())
            found = listening(run.pid)
            (server,) = (one for one in found if "ephemeral_server" in one.command)
            return found, weaknesses(server.host, server.port, Expected("/api/health", write=WRITE))
        finally:
            run.terminate()
            run.wait(120)


@cache
def _served() -> tuple[list[Listener], list[str]]:
    from benchmarks.common import scratch

    with scratch() as folder:
        (folder / "wires").mkdir()
        with serving(folder, folder / "wires", "--sources", str(folder / "wires")) as served:
            found = listening(served.process.pid)
            signed_in = {"Authorization": basic(served.auth)}
            expected = Expected("/api/admin/version", signed_in, WRITE)
            return found, weaknesses("127.0.0.1", urlsplit(served.api).port or 0, expected)


def _run_listens(_: Path) -> Outcome:
    return _loopback(_run()[0])


def _serve_listens(_: Path) -> Outcome:
    return _loopback(_served()[0])


def _loopback(found: list[Listener]) -> Outcome:
    reached = [f"{one.host}:{one.port}" for one in open_to_others(found)]
    seen = ", ".join(reached) or f"{len(found)} sockets, none of them"
    return Outcome("the loopback alone", seen, bool(found) and not reached)


def _run_server(_: Path) -> Outcome:
    return _nothing(_run()[1])


def _serve_server(_: Path) -> Outcome:
    return _nothing(_served()[1])


def _nothing(got_in: list[str]) -> Outcome:
    return Outcome("nothing gets in", "; ".join(got_in)[:160] or "nothing", not got_in)
