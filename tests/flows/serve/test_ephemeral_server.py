"""The server that Prefect starts for a run: its doors are closed, and it ends with the run, however that ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.flows.conftest import NIGHTDESK
from tests.flows.serve.doors import ask, assert_closed
from tests.prefect_home import prefect_home
from tests.processes import start, wait_until_nothing_is_left_of
from tests.servers.listening import Expected, listening, open_to_others, weaknesses
from tests.serving import eventually
from tests.texts import write_evening

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]


def test_the_server_of_a_run_is_closed_and_the_run_goes_on(tmp_path: Path) -> None:
    home, source = tmp_path / "prefect", tmp_path / "in"
    source.mkdir()
    write_evening(source, "long", seed=80, passages=4000)
    env = {**{k: v for k, v in os.environ.items() if k != "PREFECT_API_URL"}, "PREFECT_HOME": str(prefect_home(home))}
    command = [*NIGHTDESK, "run", str(source), "--out", str(tmp_path / "out"), "--no-learn"]
    with subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        try:
            api = eventually(lambda: run.poll() is not None or ephemeral(run.pid))
            assert run.poll() is None, run.communicate()
            assert_closed(api)
            assert weaknesses("127.0.0.1", urlsplit(api).port or 0, Expected("/api/health", csrf=False)) == []
            assert run.poll() is None, "the run ended before its server was tried"
            eventually((tmp_path / "out" / "answers.db").exists)  # it works with its server
            assert len(found := listening(run.pid)) >= 4 and not open_to_others(found), found  # Dask's too
        finally:
            if run.poll() is None:
                run.send_signal(signal.SIGINT)
            printed, said = run.communicate(timeout=240)
    assert run.returncode == 130, said
    password = (home / "nightdesk-auth").read_text().strip().partition(":")[2]
    assert password not in printed + said


def ephemeral(pid: int) -> str | None:
    """Return the API of the server that a run has started for itself, once it is healthy."""
    for child in psutil.Process(pid).children():
        try:
            words = child.cmdline()
        except psutil.Error:  # it has just ended
            continue
        if (module := "nightdesk.flows.serve.ephemeral_server") in words:
            api = f"http://127.0.0.1:{words[words.index(module) + 1]}/api"
            try:
                return api if ask(api, "GET", "/health", {}).status == 200 else None
            except OSError:
                return None
    return None


CLIENT = """
import asyncio, sys
from nightdesk.flows.serve.ephemeral_server import keep_it_apart
from prefect.client.orchestration import get_client

async def main():
    async with get_client() as client:
        print((await client.hello()).status_code, flush=True)
        sys.stdin.read()

keep_it_apart()
asyncio.run(main())
"""


def test_it_ends_though_whoever_it_was_started_for_was_killed(tmp_path: Path) -> None:
    env = {k: v for k, v in os.environ.items() if k != "PREFECT_API_URL"}
    env["PREFECT_HOME"] = str(prefect_home(tmp_path / "prefect"))
    with start([sys.executable, "-c", CLIENT], env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "200\n"
        assert ephemeral(client.pid) is not None
        client.kill()
    wait_until_nothing_is_left_of(client.pid)


BROKEN = """
from nightdesk.flows.serve.ephemeral_server import keep_it_apart
from prefect.server.api.server import SubprocessASGIServer
from nightdesk.tasks.errors import NightdeskError

keep_it_apart()
try:
    SubprocessASGIServer().start()
except NightdeskError as e:
    print(e)
"""


def test_one_that_cannot_start_is_one_line_that_names_its_log(tmp_path: Path) -> None:
    env = {k: v for k, v in os.environ.items() if k != "PREFECT_API_URL"}
    env |= {"PREFECT_HOME": str(tmp_path), "PREFECT_SERVER_DATABASE_CONNECTION_URL": "sqlite+aiosqlite:////no/such.db"}
    ended = subprocess.run([sys.executable, "-c", BROKEN], env=env, capture_output=True, text=True, check=False)
    log = tmp_path / "nightdesk-run-server.log"
    (line,) = ended.stdout.splitlines()
    assert line.startswith(f"Prefect's server of this run ended at once; {log} says why; ")
    assert "PREFECT_API_URL" in line
    assert "Traceback" not in ended.stderr
    assert "unable to open database file" in log.read_text()
