"""Dask and cancelling: workers without the package, lost, stopped or killed; a lost scheduler; a night told to end."""

import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.fault_cases.dask_parts import WITHOUT, Parts, dask_parts
from benchmarks.fault_cases.nights import DAY, TEXT, Night, coverage, one_model, row, until
from tests.servers.playing import Playing
from tests.serving import eventually, serving

LATENCY_S = 1.0
IN_FLIGHT = 4  # calls at the least, when a night is disturbed
AWAY_S = 18.0  # longer than Dask's own client looks for a lost scheduler
FILES = 128
RESUMES = "the same command goes on from there"


def cases() -> dict[str, Callable[[Path, dict[str, str]], dict[str, Any]]]:
    """Return fault -> what performs it."""
    return {
        "dask: a worker without the package beside a good one": _one_bad_worker,
        "dask: only workers without the package": lambda f, e: _no_good_worker(f, e, bad=2),
        "dask: no worker at all": lambda f, e: _no_good_worker(f, e, bad=0),
        "dask: the scheduler is lost and comes back": _scheduler_restarts,
        "dask: the scheduler is lost for good": _scheduler_lost,
        "dask: a worker is killed with calls under way": _worker_killed,
        "dask: a worker of the night's own is killed": _own_worker_killed,
        "dask: a worker is stopped (SIGSTOP) with calls under way": _worker_stopped,
        "dask: the flow is killed, its own workers end with it": _flow_killed,
        "dask: the flow is killed, its workers live on": _flow_killed_beside_workers,
        "dask: SIGTERM with calls under way": lambda f, e: _told_to_end(f, e, signal.SIGTERM),
        "dask: Ctrl-C with calls under way": lambda f, e: _told_to_end(f, e, signal.SIGINT),
        "dask: cancelled in Prefect's UI with calls under way": _cancelled_in_ui,
        "dask: SIGTERM, and the answers come too late": _given_up,
        f"dask: at most {FILES} open files": _few_files,
    }


@contextmanager
def _set_up(
    folder: Path, env: dict[str, str], workers: int | None = 2, wait_s: float = 60.0, latency_s: float = LATENCY_S,
    limits: str = "",
) -> Iterator[tuple[Playing, Parts, Callable[[], Night]]]:  # fmt: skip
    """Yield a model's server, a scheduler with workers (None: the night's own), and what makes a night on them."""
    with ExitStack() as stack:
        parts = stack.enter_context(dask_parts(folder, workers or 0))
        more = f"{parts.dask if workers is not None else '[dask]'}\nwait_s = {wait_s}\n"
        server, profile = stack.enter_context(one_model(folder, latency_s=latency_s, limits=limits, more=more))
        yield server, parts, lambda: Night(folder / "out", env, options=("--profile", profile))


def _disturbed(night: Night, server: Playing) -> "subprocess.Popen[str]":
    """Start a night; return when it has some calls under way, and some answers."""
    process = night.start()
    until(lambda: (c := server.counts())["out"] >= IN_FLIGHT and c["requests"] > c["out"] + 2, night)
    return process


def _judged(ends: str, last: Night, server: Playing, right: bool, told: Night | None = None) -> dict[str, Any]:
    """Return the row of a fault that ended with `last`, and whose message is that of `told`."""
    told, covered, again = told or last, coverage(last), server.counts()["paid_again"]
    right = right and last.exit_code == 0 and covered == 1.0 and again == 0 and "Traceback" not in last.said
    return row("", ends, told, right and _lines(told) <= 6, coverage=covered, paid_again=again)


def _lines(night: Night) -> int:
    return len(night.said.splitlines())


def _one_bad_worker(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    with _set_up(folder, env, workers=1) as (server, parts, night):
        parts.add_worker(WITHOUT)
        time.sleep(5)  # until both have joined
        only = night().end()
        named = [line for line in only.said.splitlines() if "is not used" in line and "nightdesk" in line]
        return {**_judged("finished", only, server, len(named) == 1), "message": " ".join(named)[:160]}


def _no_good_worker(folder: Path, env: dict[str, str], bad: int) -> dict[str, Any]:
    with _set_up(folder, env, workers=0, wait_s=6.0) as (server, parts, night):
        for _ in range(bad):
            parts.add_worker(WITHOUT)
        first = night().end()
        told = "dask worker tcp://" in first.message and ("none of its 2" in first.message) == (bad == 2)
        parts.add_worker()
        again = night().end()
        return _judged("resumed", again, server, told and first.exit_code == 2, told=first)


def _scheduler_restarts(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    with _set_up(folder, env) as (server, parts, night):
        only = night()
        _disturbed(only, server)
        parts.scheduler.kill()
        parts.scheduler.wait()
        time.sleep(AWAY_S)
        parts.start_scheduler()
        parts.add_worker()
        return _judged("finished", only.end(), server, True)


def _scheduler_lost(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    with _set_up(folder, env, wait_s=5.0) as (server, parts, night):
        first = night()
        _disturbed(first, server)
        parts.scheduler.kill()
        parts.scheduler.wait()
        first.end()
        told = "scheduler is gone" in first.message and RESUMES in first.message
        parts.start_scheduler()
        parts.add_worker()
        return _judged("resumed", night().end(), server, told and first.exit_code == 1, told=first)


def _worker_killed(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    with _set_up(folder, env) as (server, parts, night):
        only = night()
        _disturbed(only, server)
        parts.workers[0].kill()
        return _judged("finished", only.end(), server, True)


def _own_worker_killed(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    with _set_up(folder, env, workers=None) as (server, _, night):
        only = night()
        children = psutil.Process(_disturbed(only, server).pid).children(recursive=True)
        next(p for p in children if any(c.status == psutil.CONN_LISTEN for c in p.net_connections())).kill()
        return _judged("finished", only.end(), server, True)


def _worker_stopped(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    with _set_up(folder, env, limits="call_timeout_s = 5") as (server, parts, night):
        only = night()
        _disturbed(only, server)
        parts.workers[0].send_signal(signal.SIGSTOP)
        only.end()
        made = _judged("finished", only, server, True)
        # What it had been sent had to be asked again: nobody can know of an answer that a stopped process holds.
        right = only.exit_code == 0 and made["coverage"] == 1.0 and 0 < made["paid_again"] <= IN_FLIGHT + 4
        return {**made, "right": right and "Traceback" not in only.said}


def _flow_killed(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    with _set_up(folder, env, workers=None) as (server, _, night):
        first = night()
        _disturbed(first, server).kill()
        first.end()
        return _judged("resumed", night().end(), server, first.exit_code == -signal.SIGKILL, told=first)


def _flow_killed_beside_workers(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    with _set_up(folder, env) as (server, _, night):
        first = night()
        _disturbed(first, server).kill()
        first.end()
        until_quiet(server)
        return _judged("resumed", night().end(), server, first.exit_code == -signal.SIGKILL, told=first)


def _told_to_end(folder: Path, env: dict[str, str], how: signal.Signals) -> dict[str, Any]:
    with _set_up(folder, env, workers=None) as (server, _, night):
        first = night()
        _disturbed(first, server).send_signal(how)
        first.end()
        right = first.exit_code == 130 and RESUMES in first.message
        return _judged("resumed", night().end(), server, right, told=first)


def _cancelled_in_ui(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    with one_model(folder, latency_s=4.0) as (server, profile):
        with serving(folder, TEXT, "--profile", str(profile), "--sources", str(TEXT)) as served:
            name = next(n for n in served.deployments() if n.startswith("adhoc"))
            run_id = served.start(name, sources=[str(TEXT)], run_date=DAY)
            eventually(lambda: (c := server.counts())["out"] >= IN_FLIGHT and c["requests"] > c["out"] + 2)
            served.ask(f"/flow_runs/{run_id}/set_state", {"state": {"type": "CANCELLING", "name": "Cancelling"}})
            state = served.ended(run_id)
            eventually(lambda: not served.flow_processes())
        again = Night(folder / "out", env, options=("--profile", profile)).end()
        judged = _judged("resumed", again, server, state["type"] == "CANCELLED")
        return {**judged, "message": f"{state['name']}: {state['message']}"[:160], "exit_code": None}


def _given_up(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    """End a night whose answers take longer than it may wait, on workers that live on: the next run has them all."""
    with _set_up(folder, env) as (server, _, night):
        first = night()
        process = _disturbed(first, server)
        server.control("trouble", fault="slow", times=3)  # these take half a minute
        until(lambda: sum(seen["fault"] == "slow" for seen in server.log()) == 3, first)
        process.send_signal(signal.SIGTERM)
        first.end()
        until_quiet(server)
        right = first.exit_code == 130 and RESUMES in first.message
        return _judged("resumed", night().end(), server, right, told=first)


def _few_files(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    with _set_up(folder, env, workers=None) as (server, _, night):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))  # a child has what this process has
        try:
            first = night()
            first.start()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        first.end()
        if first.exit_code == 0:
            return _judged("finished", first, server, True)
        told = "open files" in first.message
        return _judged("resumed", night().end(), server, told and first.exit_code in (1, 2), told=first)


def until_quiet(server: Playing) -> None:
    """Wait until nothing is under way at a server any more, and what came has been written down."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not all(s["done"] for s in server.log() if s["status"] in (0, 200)):
        time.sleep(0.1)
    time.sleep(1)
