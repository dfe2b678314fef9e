"""Metering a command of nightdesk: wall time, CPU by kind of process, memory of all and of the flow alone.

CPU is read while a process runs, every INTERVAL_S; what the kernel counts beyond that when all are over (the last
moments of each) is added to the flow, so that nothing is taken for a worker's that is not.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from benchmarks.common import ROOT

INTERVAL_S = 0.3
WORKERS = ("dask", "reader", "auditor")
"""Kinds of process whose CPU counts as spent on workers; Dask's scheduler runs in the flow's process."""


@dataclass(slots=True)
class Metered:
    """What a command took. cpu_s: by kind of process; peak_mb: proportional set sizes, of all at one moment.

    flow_mb: by how many batches were published, the most that the flow's process had until then. result: it printed.
    """

    wall_s: float = 0.0
    cpu_s: Counter[str] = field(default_factory=Counter)
    peak_mb: float = 0.0
    flow_mb: dict[int, float] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def total_s(self) -> float:
        """CPU of all processes but the Prefect server."""
        return sum(s for kind, s in self.cpu_s.items() if kind != "server")

    @property
    def share_off_workers(self) -> float:
        """The part of the CPU that was not spent on workers."""
        return 1 - sum(self.cpu_s[kind] for kind in WORKERS) / self.total_s


def metered_run(env: Mapping[str, str], source: Path, out: Path, *options: object) -> Metered:
    """Run `nightdesk run` and meter it. Batches are counted by the parts of `calls`, of which each publishes one."""
    command = [sys.executable, "-m", "nightdesk.flows.cli.entry", "run", str(source), "--out", str(out), "--json"]
    return _metered([*command, *map(str, options)], env, lambda: sum(1 for _ in out.glob("tables/calls/*/*.parquet")))


def _metered(command: list[str], env: Mapping[str, str], published: Callable[[], int]) -> Metered:
    begin, server = time.perf_counter(), server_cpu_s(env)
    process = subprocess.Popen(command, env=dict(env), cwd=ROOT, text=True, stdout=subprocess.PIPE)
    assert process.stdout is not None
    seen, kinds, metered = dict[psutil.Process, float](), dict[psutil.Process, str](), Metered()
    while True:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        _look(psutil.Process(process.pid), seen, kinds, metered, published())
        time.sleep(INTERVAL_S)
    process.returncode = os.waitstatus_to_exitcode(status)
    printed = process.stdout.read()  # one line, which the pipe holds
    metered.wall_s = time.perf_counter() - begin
    if process.returncode:
        sys.exit(f"{' '.join(command)}: exit code {process.returncode}")
    for one, cpu_s in seen.items():
        metered.cpu_s[kinds.get(one, "auditor")] += cpu_s
    metered.cpu_s["flow"] += max(0.0, used.ru_utime + used.ru_stime - sum(seen.values()))
    metered.cpu_s["server"] = server_cpu_s(env) - server
    metered.result = json.loads(printed)
    return metered


def _look(
    flow: psutil.Process, seen: dict[psutil.Process, float], kinds: dict[psutil.Process, str], metered: Metered, n: int
) -> None:
    """Look at every process once: its CPU so far, its memory, and what kind it is."""
    total = 0.0
    for one in tree(flow):
        try:
            times = one.cpu_times()
            seen[one] = times.user + times.system
            mb = one.memory_full_info().pss / 2**20
            if one not in kinds and (kind := "flow" if one == flow else kind_of(one)):
                kinds[one] = kind
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        total += mb
        if one == flow:
            metered.flow_mb[n] = max(metered.flow_mb.get(n, 0.0), mb)
    metered.peak_mb = max(metered.peak_mb, total)


def kind_of(one: psutil.Process) -> str | None:
    """Tell what a process is; None for a spawned one that listens on no port (yet): the auditor never does."""
    command = " ".join(one.cmdline())
    if "isolation" in command:
        return "reader"
    if "resource_tracker" in command:
        return "flow"
    is_dask = "dask" in command or any(c.status == psutil.CONN_LISTEN for c in one.net_connections("tcp"))
    return "dask" if is_dask else None


def server_cpu_s(env: Mapping[str, str]) -> float:
    """Return the CPU that the Prefect server of an environment has taken so far."""
    port = urlsplit(env["PREFECT_API_URL"]).port
    listening = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.laddr.port == port]
    servers = [psutil.Process(c.pid) for c in listening[:1] if c.pid]
    times = [p.cpu_times() for server in servers for p in tree(server)]
    return sum(t.user + t.system for t in times)


def tree(root: psutil.Process) -> list[psutil.Process]:
    """Return a process and all that came of it; nothing once it is gone."""
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
