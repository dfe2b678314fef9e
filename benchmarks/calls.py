"""Many slow calls: 2,000 of one second, 64 at a time, from two Dask workers, against the stand-in over real HTTP.

One row for each way to make them: `desk` is the product's own path (draw, admission, worker, gate, store), cluster and
clients warm; `bare` is an asyncio loop with a semaphore around the same SDK in one process. ideal_s is calls x latency
/ concurrency. cpu_ms: of ours a call (this process, its Dask workers); server_cpu_ms: the stand-in's own.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psutil

from benchmarks.common import scratch, show
from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.call_rows import Unit
from nightdesk.tasks.calling.dask_pool import fan_out
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.messages import RoleRequest
from nightdesk.tasks.roles.content_organizer import make_request
from tests.servers.playing import Playing, playing

WORLD = """
[[models]]
name = "steady"
family = "lowland"
brain = "baseline"
accuracy = {{ content_organizer = 1.0 }}
latency_s = {{ median = {latency_s}, sigma = 0.0 }}
"""
SENTENCES = 20  # of a question


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--latency", type=float, default=1.0, help="seconds of a call")
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--provider", choices=["openai", "anthropic"], nargs="*", default=["openai", "anthropic"])
    a = parser.parse_args()
    rows = []
    with playing(WORLD.format(latency_s=a.latency)) as server, scratch() as folder:
        for provider in a.provider:
            for way in ("desk", "bare"):
                measured = _desk if way == "desk" else bare
                row = measured(server, folder / provider, provider, a.calls, a.concurrency)
                ideal = a.calls * a.latency / a.concurrency
                row = {"provider": provider, "way": way, "calls": a.calls, "ideal_s": ideal, **row}
                row["over_ideal"] = row["wall_s"] / ideal
                rows.append(row)
            rows[-2]["cpu_ms_beyond_bare"] = rows[-2]["cpu_ms"] - rows[-1]["cpu_ms"]
    show("calls", rows)


def questions(n: int, name: str) -> list[RoleRequest]:
    texts = [
        [f"Officials said {j} people saw the flood in district {k} of {name}." for j in range(SENTENCES)]
        for k in range(n)
    ]
    return [make_request(t, "en", ["facts", "opinions", "assumptions", "future_plans"]) for t in texts]


def _profile(server: Playing, provider: str, concurrency: int) -> Profile:
    model = {
        "name": "steady",
        "family": "lowland",
        "provider": provider,
        "base_url": _url(server, provider),
        "prices": {"input": 1.0, "output": 4.0},
        "limits": {"concurrency": concurrency},
    }
    changes = {"models": [model], "limits": {"max_cost_usd": 1e6}, "dask": {"workers": 2}}
    return Profile.model_validate(load_profile("news").model_dump() | changes)


def _url(server: Playing, provider: str) -> str:
    return server.openai_url if provider == "openai" else server.url


def _desk(server: Playing, out: Path, provider: str, calls: int, concurrency: int) -> dict[str, Any]:
    """Measure the product's path: one stage's questions to a desk."""
    out.mkdir()
    profile = _profile(server, provider, concurrency)

    async def main() -> dict[str, Any]:
        store = Store(out, "run-1")
        async with fan_out("", profile.dask.workers, profile.limits.call_timeout_s) as pool:
            desk = Router(profile, date(2026, 1, 1), lambda version: None, store, pool)
            await desk.ask(_units(questions(2 * concurrency, "warm-up")), lambda: None)
            units = _units(questions(calls, "measured"))
            server.control("reset")
            with _measured(calls, server.pid) as row:
                outcomes = await desk.ask(units, lambda: None)
            assert all(o.answer is not None for o in outcomes)
        store.close()
        return row | _seen(server)

    return asyncio.run(main())


def _units(requests: list[RoleRequest]) -> list[Unit]:
    return [Unit("d", f"d/c{k:05d}", 0, r) for k, r in enumerate(requests)]


def bare(server: Playing, _: Path, provider: str, calls: int, concurrency: int) -> dict[str, Any]:
    """Measure a loop and the SDK, in a process that has done nothing else."""
    arguments = [provider, _url(server, provider), str(calls), str(concurrency)]
    server.control("reset")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.bare_calls", *arguments], check=True, capture_output=True, text=True
    )
    wall_s, cpu_s = map(float, done.stdout.split())
    return {"wall_s": wall_s, "cpu_ms": 1000 * cpu_s / calls} | _seen(server)


def _seen(server: Playing) -> dict[str, Any]:
    counts = server.counts()
    return {"server_cpu_ms": 1000 * counts["cpu_s"] / counts["requests"]}


@contextmanager
def _measured(calls: int, server: int) -> Iterator[dict[str, Any]]:
    """Measure wall time, and the CPU of this process and of what it started but for the stand-in server."""
    row: dict[str, Any] = {}
    start, flow, workers = time.perf_counter(), time.process_time(), _workers_s(server)
    yield row
    flow_ms, workers_ms = 1000 * (time.process_time() - flow) / calls, 1000 * (_workers_s(server) - workers) / calls
    row |= {"wall_s": time.perf_counter() - start, "cpu_ms": flow_ms + workers_ms, "of_which_workers_ms": workers_ms}


def _workers_s(server: int) -> float:
    times = [p.cpu_times() for p in psutil.Process().children(recursive=True) if p.pid != server]
    return sum(t.user + t.system for t in times)


if __name__ == "__main__":
    main()
