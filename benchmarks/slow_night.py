"""`nightdesk run` with a language model whose calls take long, a Prefect server up: wall time and CPU of the command.

One row a run. ideal_s: calls x latency / concurrency. cpu_s: of the command and all that it started; of it, what its
Dask workers took (as sampled), and cpu_ms a call beyond a run of one chunk, which is what a start costs.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from benchmarks.common import ROOT, prefect_server, scratch, show
from tests.servers.playing import Playing, playing

WORLD = """
[[models]]
name = "steady"
family = "lowland"
brain = "baseline"
accuracy = {{ topic_finder = 1.0, topic_locator = 1.0, relationship_checker = 1.0, content_organizer = 1.0 }}
latency_s = {{ median = {latency_s}, sigma = 0.0 }}
"""
PROFILE = """
name = "slow"
[categories]
facts = "what happened"
opinions = "what somebody thinks of it"
[chunks]
sentences = {chunk}
overlap = 0
[limits]
max_cost_usd = 1e6
[dask]
workers = 2
[[models]]
name = "steady"
family = "lowland"
provider = "openai"
base_url = "{url}"
prices = {{ input = 1.0, output = 4.0 }}
limits = {{ concurrency = {concurrency} }}
"""
CHUNK = 20  # sentences


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, nargs="*", default=[1, 33])
    parser.add_argument("--latency", type=float, default=1.0, help="seconds of a call")
    parser.add_argument("--concurrency", type=int, default=32)
    a = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with playing(WORLD.format(latency_s=a.latency)) as server, prefect_server() as env, scratch() as folder:
        for chunks in a.chunks:
            row = measured(folder / str(chunks), server, env, chunks, a.latency, a.concurrency)
            if rows:
                row["cpu_ms_a_call"] = 1000 * (row["cpu_s"] - rows[0]["cpu_s"]) / (row["calls"] - rows[0]["calls"])
            rows.append(row)
    show("slow_night", rows)


def measured(
    folder: Path, server: Playing, env: Mapping[str, str], chunks: int, latency: float, concurrency: int
) -> dict[str, Any]:
    """Run a night of so many chunks and return its figures."""
    folder.mkdir()
    source, profile = folder / "night.json", folder / "slow.toml"
    texts = [f"Officials said {k} people saw the flood in district {k // CHUNK}." for k in range(chunks * CHUNK)]
    source.write_text(json.dumps(list(enumerate(texts, 1))), encoding="utf-8")
    profile.write_text(PROFILE.format(chunk=CHUNK, url=server.openai_url, concurrency=concurrency), encoding="utf-8")
    server.control("reset")
    command = [sys.executable, "-m", "nightdesk.flows.cli.main", "run", str(source), "--out", str(folder / "out")]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--profile", str(profile), "--json"], env=env, cwd=ROOT, text=True, stdout=subprocess.PIPE
    )
    workers: dict[int, float] = {}
    while not _is_over(process):
        _note(psutil.Process(process.pid), workers)
        time.sleep(0.2)
    _, status, used = os.wait4(process.pid, 0)
    assert process.stdout is not None
    printed = process.stdout.read()
    if status:
        sys.exit("the run failed")
    result = json.loads(printed)
    wall_s = time.perf_counter() - started
    ideal = result["calls"] * latency / concurrency
    return {
        "chunks": chunks,
        "calls": result["calls"],
        "wall_s": wall_s,
        "over_ideal": wall_s / ideal,
        "cpu_s": used.ru_utime + used.ru_stime,
        "of_which_workers_s": sum(workers.values()),
        "stages": " ".join(f"{k}:{v:.2f}" for k, v in result["stages"].items()),
    }


def _is_over(process: "subprocess.Popen[str]") -> bool:
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _note(command: psutil.Process, workers: dict[int, float]) -> None:
    """Note the CPU seconds that the command's workers have taken by now."""
    try:
        for child in command.children(recursive=True):
            said = " ".join(child.cmdline())
            if "spawn_main" in said or "forkserver" in said:
                times = child.cpu_times()
                workers[child.pid] = times.user + times.system
    except psutil.NoSuchProcess:
        return


if __name__ == "__main__":
    main()
