"""A run and what it stands on: its Prefect server is gone, its terminal is gone, it is killed, it is interrupted."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.fault_cases.nights import Night, coverage, one_model, row, until
from tests.servers.playing import Playing

Case = Callable[[Path, dict[str, str]], dict[str, Any]]
MARK = "NIGHTDESK_FAULT"  # an environment variable that tells the processes of one run
SERVER = "nightdesk.flows.serve.ephemeral_server"
GONE_S = 20.0  # until what a killed run has started has ended, too
LATE_S = 30.0  # that a run may take longer without its server: what Prefect's client asks again and again takes minutes


def cases() -> dict[str, Case]:
    """Return fault -> what performs it."""
    return {
        "Prefect's server killed during a run": _server_killed,
        "Prefect's server stopped (SIGSTOP) during a run": _server_stopped,
        "run without a server after that": _dead_address,
        "SIGHUP to a run": _ended_by(signal.SIGHUP, 130),
        "SIGHUP to a run under nohup": _nohup,
        "SIGKILL to a run": _ended_by(signal.SIGKILL, -9),
        "Ctrl-C while the command is imported": _early,
        "Ctrl-C during a run": _ended_by(signal.SIGINT, 130),
        "cold start on a busy machine": _busy,
    }


@contextmanager
def _own(folder: Path, env: dict[str, str]) -> Iterator[tuple[Playing, Night]]:
    """Yield a model's server and a night that starts its own Prefect server, whose processes can be told."""
    without = {k: v for k, v in env.items() if k != "PREFECT_API_URL"}
    with one_model(folder, latency_s=0.8) as (server, profile):
        yield server, Night(folder / "out", {**without, MARK: uuid4().hex}, options=("--profile", profile))


def _again(night: Night) -> Night:
    """Return the same command, not yet begun."""
    return Night(night.out, night.env, options=night.options)


def _asked(server: Playing, night: Night) -> None:
    """Begin, and wait until some calls have been answered and others are under way."""
    night.start()
    until(lambda: server.counts()["requests"] > 2, night)


def processes(night: Night) -> dict[int, str]:
    """Return what a night has running: number -> command line."""
    mark, found = f"{MARK}={night.env[MARK]}".encode(), {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes():
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it has just ended
            continue
    return {number: command for number, command in found.items() if command}


def _left(night: Night) -> dict[int, str]:
    """Return what a night that is over has still running, after some patience; end that."""
    deadline = time.monotonic() + GONE_S
    while (left := processes(night)) and time.monotonic() < deadline:
        time.sleep(0.2)
    for number in left:
        os.kill(number, signal.SIGKILL)
    return left


def _server_of(night: Night) -> int:
    return next((number for number, command in processes(night).items() if SERVER in command), 0)


def _server_killed(folder: Path, env: dict[str, str], how: int = signal.SIGKILL) -> dict[str, Any]:
    with _own(folder, env) as (server, night):
        _asked(server, night)
        number = _server_of(night)
        os.kill(number, how)
        since = time.perf_counter()
        night.end()
        seconds = time.perf_counter() - since
        if how == signal.SIGSTOP:
            os.kill(number, signal.SIGCONT)
        left, counts = _left(night), server.counts()
    covered = coverage(night)
    warned = night.said.count("does not take reports")
    late = seconds - sum(night.result["stages"].values())
    right = night.exit_code == 0 and covered == 1.0 and counts["paid_again"] == 0 and warned == 1 and late < LATE_S
    message = next((line for line in night.said.splitlines() if "does not take reports" in line), night.message)
    return row(
        "", "finished", night, right and not left and len(night.said) < 3_000, coverage=covered,
        paid_again=counts["paid_again"], message=message[:160], late_s=round(late, 1),
    )  # fmt: skip


def _server_stopped(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    return _server_killed(folder, env, signal.SIGSTOP)


def _dead_address(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    night = Night(folder / "out", {**env, "PREFECT_API_URL": "http://127.0.0.1:9/api"}).end()
    right = night.exit_code == 2 and len(night.said.splitlines()) == 1 and "PREFECT_API_URL" in night.said
    return row("", "refused", night, right)


def _ended_by(number: signal.Signals, code: int) -> Case:
    """Return the case of a run that a signal ends: nothing stays behind, and the same command goes on."""

    def perform(folder: Path, env: dict[str, str]) -> dict[str, Any]:
        with _own(folder, env) as (server, first):
            _asked(server, first)
            assert first.process is not None
            first.process.send_signal(number)
            first.end()
            left = _left(first)
            again = _again(first).end()
            left |= _left(again)
            counts = server.counts()
        covered = coverage(again)
        lines = first.said.splitlines()
        told = code < 0 or (len(lines) == 1 and "the same command goes on" in lines[0] and "published" in lines[0])
        right = first.exit_code == code and again.exit_code == 0 and covered == 1.0 and told and not left
        whole = row("", "resumed", first, right, coverage=covered, paid_again=counts["paid_again"])
        return {**whole, "message": f"left: {list(left.values())}"[:160]} if left else whole

    return perform


def _nohup(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with _own(folder, env) as (server, night):
            _asked(server, night)
            assert night.process is not None
            night.process.send_signal(signal.SIGHUP)
            night.end()
            left, counts = _left(night), server.counts()
    finally:
        signal.signal(signal.SIGHUP, before)
    covered = coverage(night)
    right = night.exit_code == 0 and covered == 1.0 and counts["paid_again"] == 0 and not left
    return row("", "finished", night, right, coverage=covered, paid_again=counts["paid_again"])


def _early(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    """Interrupt it again and again, a little later each time: as it begins, and as it imports what a run needs."""
    wrong: list[str] = []
    with _own(folder, env) as (server, night):
        for wait_s in (0.1, 0.2, 0.3, 0.4, 0.6, 0.9, 1.5, 2.5, 4.0):
            tried = _again(night)
            process = tried.start()
            time.sleep(wait_s)
            process.send_signal(signal.SIGINT)
            tried.end()
            lines = tried.said.splitlines()
            if tried.exit_code != 130 or len(lines) != 1 or "interrupted" not in lines[0] or _left(tried):
                wrong.append(f"after {wait_s} s: {tried.exit_code} {' '.join(tried.said.split())[-100:]}")
        untouched = not night.out.exists() and server.counts()["requests"] == 0
        last = _again(night).end()
    covered = coverage(last)
    right = not wrong and untouched and last.exit_code == 0 and covered == 1.0
    whole = row("", "resumed", tried, right, coverage=covered)
    return {**whole, "message": "; ".join(wrong)} if wrong else whole


def _busy(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    """Begin with a new database for Prefect while others want every core several times over."""
    busy = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        with _own(folder, {**env, "PREFECT_HOME": str(folder / "prefect")}) as (server, night):
            night.end()
            left, counts = _left(night), server.counts()
    finally:
        for process in busy:
            process.kill()
            process.wait()
    covered = coverage(night)
    right = night.exit_code == 0 and covered == 1.0 and counts["paid_again"] == 0 and not left
    return row("", "finished", night, right, coverage=covered, paid_again=counts["paid_again"])
