"""What a night survives, over real HTTP: replies that fail, a Dask worker that is killed, a flow that is killed.

storm: 10 % of the replies are a 429 (half of them with Retry-After), 5 % a 500, 5 % broken JSON, 2 % are cut off.
worker, flow: SIGKILL in the middle, of a Dask worker or of the flow, which is then run again. in_flight: calls that the
server had been sent at the kill and whose answers were not stored yet. asked_twice: questions that it saw again.
"""

import argparse
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pyarrow.dataset as ds

from benchmarks.common import ROOT, SHARED, prefect_server, scratch, show
from tests.servers.playing import Playing, playing

STORM = "{ rate_limited = 0.05, rate_limited_silently = 0.05, server_error = 0.05, truncated = 0.05, cut = 0.02 }"
MODEL = """
[[models]]
name = "{name}"
family = "{name}"
brain = "{brain}"
accuracy = {{ content_organizer = 1.0 }}
latency_s = {{ median = 0.5, sigma = 0.3 }}
faults = {faults}
"""
POOL = {"north": "static", "south": "lexical", "west": "static"}
PROFILE = """
name = "storm"
[categories]
facts = "what happened"
opinions = "what somebody thinks of it"
assumptions = "what may be"
future_plans = "what is to come"
[chunks]
sentences = 30
overlap = 6
[limits]
max_cost_usd = 1000.0
"""
ENTRY = """
[[models]]
name = "{name}"
family = "{name}"
provider = "{provider}"
base_url = "{url}"
prices = {{ input = 1.0, output = 4.0 }}
limits = {{ concurrency = 16 }}
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=["storm", "worker", "flow"])
    rows = []
    with prefect_server() as env, scratch() as folder:
        for case in parser.parse_args().cases:
            faults = STORM if case == "storm" else "{}"
            world = "".join(MODEL.format(name=n, brain=b, faults=faults) for n, b in POOL.items())
            with playing(world) as server:
                rows.append({"case": case, **_night(case, server, folder / case, env)})
    show("faults", rows)


def _night(case: str, server: Playing, folder: Path, env: dict[str, str]) -> dict[str, Any]:
    folder.mkdir()
    profile, out = folder / "storm.toml", folder / "out"
    entries = [
        ENTRY.format(name=n, provider=p, url=server.url if p == "anthropic" else server.openai_url)
        for n, p in zip(POOL, ("openai", "anthropic", "openai"), strict=True)
    ]
    profile.write_text(PROFILE + "".join(entries), encoding="utf-8")
    text = SHARED / "data/stories/dev_large.json"
    source = text if text.exists() else ROOT / "datasets/samples"
    command = [
        sys.executable,
        "-m",
        "nightdesk.flows.cli.main",
        "run",
        source,
        "--profile",
        profile,
        "--out",
        out,
        "--json",
    ]
    started = time.perf_counter()
    row: dict[str, Any] = {}
    process = _start(command, env)
    if case == "worker":
        row["in_flight"] = _kill_a_worker(process, server)
    elif case == "flow":
        _until(server, 60, process)
        process.kill()
        process.wait()
        row["in_flight"] = server.counts()["requests"] - _stored(out)
        process = _start(command, env)
    printed, said = process.communicate()
    if process.returncode:
        sys.exit(f"{case}: the run failed\n{said}")
    result, counts = json.loads(printed), server.counts()
    passages = ds.dataset(out / "tables/passages").to_table(columns=["doc_id", "position"]).num_rows
    times: dict[str, int] = {}
    for seen in server.log():
        times[seen["body"]] = times.get(seen["body"], 0) + 1
    return row | {
        "asked_twice": None if case == "storm" else sum(n - 1 for n in times.values()),
        "wall_s": time.perf_counter() - started,
        "calls": result["calls"],
        "requests": counts["requests"],
        "coverage": passages / result["sentences"],
        "unplaced": result["unplaced"] / result["sentences"],
        "paid_again": counts["paid_again"],
        "cost_usd": result["cost_usd"],
    }


def _start(command: list[Any], env: dict[str, str]) -> "subprocess.Popen[str]":
    arguments = [*map(str, command)]
    return subprocess.Popen(arguments, env=env, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _until(server: Playing, requests: int, process: "subprocess.Popen[str]") -> None:
    while server.counts()["requests"] < requests:
        if process.poll() is not None:
            sys.exit(f"the run ended before it could be disturbed\n{process.communicate()[1]}")
        time.sleep(0.05)


def _kill_a_worker(process: "subprocess.Popen[str]", server: Playing) -> int:
    """Kill the process below the command that holds connections to the server; return how many calls it had out."""
    _until(server, 60, process)
    port = int(server.url.rpartition(":")[2])
    for child in psutil.Process(process.pid).children(recursive=True):
        calls = [c for c in child.net_connections("tcp") if c.raddr and c.raddr.port == port]
        if calls:
            out: int = server.counts()["out"]
            os.kill(child.pid, signal.SIGKILL)
            return min(out, len(calls))
    sys.exit("no worker talks to the server")


def _stored(out: Path) -> int:
    with closing(sqlite3.connect(out / "answers.db")) as db:
        return int(db.execute("SELECT count(*) FROM calls").fetchone()[0])


if __name__ == "__main__":
    main()
