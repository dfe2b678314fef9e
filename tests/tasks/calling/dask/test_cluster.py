"""Where the scheduler is that a run uses, and who gets in there."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dask
import pytest

from nightdesk.tasks.calling.dask.cluster import TLS_FILES, Cluster, check_address
from nightdesk.tasks.calling.dask.pool import fan_out
from nightdesk.tasks.errors import InputError
from tests.servers.dask_doors import certificate_files, runs_code
from tests.servers.listening import Listener, answer_of, listening, open_to_others
from tests.tasks import work_functions


def test_the_scheduler_in_the_environment_is_used(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster)
    found = Cluster("", 2)
    assert asyncio.run(found.address()) == cluster
    found.close()  # it is not ours to end

    async def main() -> int:
        async with fan_out(cluster, 2, 60.0) as pool:
            return int(await pool.call(work_functions.add, 1, 1))

    assert asyncio.run(main()) == 2


def test_the_scheduler_that_a_profile_names_comes_before_the_one_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:1")
    assert asyncio.run(Cluster("tcp://127.0.0.1:2", 2).address()) == "tcp://127.0.0.1:2"


def test_who_reaches_a_scheduler_without_tls_gets_in(cluster: str) -> None:
    """So that the tests below try what is an attack."""
    assert runs_code(cluster)


def gets_in(try_: tuple[str, Listener]) -> bool:
    """Try a socket as another user of this machine or as a website would; tell whether it answers."""
    how, listener = try_
    where = f"{listener.host}:{listener.port}"
    if how == "plain":
        return runs_code(f"tcp://{where}")
    if how == "another certificate":
        return runs_code(f"tls://{where}", certificate=True)
    page = answer_of(listener, "GET /info/main/workers.html HTTP/1.0\r\nHost: evil.example")
    return bool(page) and " 404 " not in page


def test_a_cluster_of_a_run_listens_on_the_loopback_and_only_its_own_clients_get_in() -> None:
    """Dask unpickles what it is sent: whoever gets in runs code."""
    before = set(listening(os.getpid()))  # the tests' own cluster is there, too
    own = Cluster("", 1)
    try:
        address = asyncio.run(own.address())
        mine = sorted(set(listening(os.getpid())) - before)
        assert len(mine) >= 4 and not open_to_others(mine), mine
        tries = [(how, one) for one in mine for how in ("plain", "another certificate", "a page")]
        with ThreadPoolExecutor(len(tries)) as together:
            entered = [one for one, got_in in zip(tries, together.map(gets_in, tries), strict=True) if got_in]
        assert entered == []
        assert runs_code(address, security=own.security)
    finally:
        own.close()


def test_the_folder_of_its_workers_is_entered_by_this_user_alone_and_gone_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = tmp_path / "dask-scratch-space"  # where Dask would look, and load modules from
    planted.mkdir()
    planted.chmod(0o777)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    own = Cluster("", 1)
    try:
        asyncio.run(own.address())
        (folder,) = (p for p in tmp_path.iterdir() if p != planted)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert list(folder.rglob("worker-*")) and not list(planted.iterdir())
    finally:
        own.close()
    assert list(tmp_path.iterdir()) == [planted]


OPEN = "tcp://198.51.100.7:8786"  # an address that documents keep for examples


@pytest.mark.parametrize(
    ("address", "settings", "said"),
    [
        (OPEN, {}, "without TLS"),
        ("198.51.100.7:8786", {}, "without TLS"),
        (OPEN, {"distributed.comm.require-encryption": False}, ""),
        ("tcp://127.0.0.1:8786", {}, ""),
        ("localhost:8786", {}, ""),
        ("tls://198.51.100.7:8786", dict.fromkeys(TLS_FILES, __file__), ""),
    ],
)
def test_a_scheduler_on_a_network_without_tls_is_warned_of_in_one_line(
    address: str, settings: dict[str, Any], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with dask.config.set(settings):
        check_address(address)
    assert len(caplog.messages) == bool(said)
    assert said in "".join(caplog.messages) and "\n" not in "".join(caplog.messages)


@pytest.mark.parametrize(
    ("address", "settings", "said"),
    [
        ("tls://198.51.100.7:8786", {}, "set DASK_DISTRIBUTED__COMM__TLS__CA_FILE"),
        ("tls://a:1", {TLS_FILES[0]: __file__}, "set DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT"),
        ("tls://a:1", dict.fromkeys(TLS_FILES, "/no/such"), "CA_FILE=/no/such: there is no such file"),
        ("tcp://a:1", {"distributed.comm.require-encryption": True}, "TLS only"),
    ],
)
def test_what_dask_lacks_for_tls_is_told_in_one_line(address: str, settings: dict[str, Any], said: str) -> None:
    with dask.config.set(settings), pytest.raises(InputError, match=said):
        check_address(address)


@pytest.mark.slow
def test_a_scheduler_with_tls_of_dasks_own_configuration_is_used(tmp_path: Path) -> None:
    files = certificate_files(tmp_path)
    root = str(Path(__file__).parents[4])  # where the worker finds the tests' functions
    env = {
        **os.environ,
        "PYTHONPATH": root,
        **{f"DASK_{k.upper().replace('.', '__').replace('-', '_')}": v for k, v in files.items()},
    }
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        address = f"tls://127.0.0.1:{s.getsockname()[1]}"
    bin_ = Path(sys.executable).parent
    scheduler = [bin_ / "dask", "scheduler", "--host", address.rpartition(":")[0], "--no-dashboard"]
    scheduler += ["--port", address.rpartition(":")[2]]
    worker = [bin_ / "dask", "worker", address, "--nthreads", "1", "--preload", "nightdesk.tasks.models.worker"]
    started = [
        subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path)
        for command in (scheduler, [*worker, "--no-dashboard", "--local-directory", str(tmp_path)])
    ]

    async def main() -> int:
        async with fan_out(address, 1, 60.0) as pool:
            return int(await pool.call(work_functions.add, 1, 1))

    try:
        with dask.config.set(files):
            assert asyncio.run(main()) == 2
        assert not runs_code(address, certificate=True)
    finally:
        for process in started[::-1]:
            process.terminate()
            process.wait(60)
