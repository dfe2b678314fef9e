"""From typing `nightdesk run` to the first answered chunk and to the end, with a Prefect server up and without any.

The first answer's time is read from the ledger (started_at + latency_s). Without a server Prefect starts one;
prefect_alone is what a flow of one empty task takes then, so the difference is ours.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.common import ROOT, nightdesk, prefect_server, scratch, show

_ALONE = """
import asyncio, time
from prefect import flow, task
@task
async def nothing(): print(time.time(), flush=True)
@flow
async def empty(): await nothing()
asyncio.run(empty())
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    rows = []
    with prefect_server() as env:
        rows.append({"server": "up", **measured(runs, env)})
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "PREFECT_HOME": home, "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
        env.pop("PREFECT_API_URL", None)
        subprocess.run([sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"], env=env, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        rows.append({"server": "none", **measured(runs, env)})
    show("startup", rows)


def measured(runs: int, env: dict[str, str]) -> dict[str, float]:
    """Return medians over some runs, in seconds."""
    firsts, wholes, alone = [], [], []
    for _ in range(runs):
        with scratch() as folder:
            started = time.time()
            nightdesk("run", ROOT / "datasets" / "samples", "--out", folder / "out", env=env)
            wholes.append(time.time() - started)
            firsts.append(first_answer(folder / "out") - started)
        started = time.time()
        done = subprocess.run([sys.executable, "-c", _ALONE], env=env, check=True, text=True, capture_output=True)
        alone.append(float(done.stdout.split()[0]) - started)
    return {
        "first_answer_s": statistics.median(firsts),
        "prefect_alone_s": statistics.median(alone),
        "whole_s": statistics.median(wholes),
    }


def first_answer(out: Path) -> float:
    """Return when the first call was answered, in seconds since the epoch."""
    part = next((out / "tables" / "calls").glob("*/*.parquet"))
    rows = pq.ParquetFile(part).read(columns=["started_at", "latency_s"]).to_pylist()
    return min(row["started_at"].timestamp() + row["latency_s"] for row in rows)


if __name__ == "__main__":
    main()
