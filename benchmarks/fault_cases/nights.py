"""What the faults share: a night as a process, a server that charges for answers, and the row that a fault becomes."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from benchmarks.common import ROOT
from tests.servers.playing import Playing, playing

DAY = "2026-03-01"
TEXT = ROOT / "datasets" / "samples" / "wire.xml"
PATIENCE_S = 300.0
WORLD = """
[[models]]
name = "north"
family = "arctic"
brain = "lexical"
accuracy = {{ content_organizer = 1.0 }}
latency_s = {{ median = {latency_s}, sigma = 0.2 }}
faults = {faults}
"""
PROFILE = """
name = "faults"
[categories]
facts = "what happened"
opinions = "what somebody thinks of it"
assumptions = "what may be"
future_plans = "what is to come"
[chunks]
sentences = 12
overlap = 3
[limits]
max_cost_usd = {dollars}
{limits}
{more}
[[models]]
name = "north"
family = "arctic"
provider = "openai"
base_url = "{url}"
prices = {{ input = 1.0, output = 4.0 }}
limits = {{ concurrency = 8 }}
{model}
"""


@dataclass(slots=True)
class Night:
    """`nightdesk run` as a process, into `out`; what it printed is known when it is over."""

    out: Path
    env: dict[str, str]
    arguments: Sequence[object] = (TEXT,)
    options: Sequence[object] = ()
    said: str = ""
    exit_code: int | None = None
    result: dict[str, Any] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None

    def start(self) -> "subprocess.Popen[str]":
        """Begin."""
        command = [sys.executable, "-m", "nightdesk.flows.cli.main", "run", *self.arguments]
        command += ["--out", self.out, "--date", DAY, "--json", *self.options]
        self.process = subprocess.Popen(
            list(map(str, command)), env=self.env, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        return self.process

    def end(self) -> "Night":
        """Wait for the end, and read what was printed."""
        process = self.process or self.start()
        printed, self.said = process.communicate(timeout=PATIENCE_S)
        self.exit_code = process.returncode
        self.result = json.loads(printed) if printed.strip() else {}
        return self

    @property
    def message(self) -> str:
        """The line that says how it went: the last on stderr that is not empty."""
        lines = [line for line in self.said.splitlines() if line.strip()]
        return lines[-1] if lines else ""


@contextmanager
def one_model(
    folder: Path,
    latency_s: float = 0.3,
    faults: str = "{}",
    dollars: float = 100.0,
    limits: str = "",
    more: str = "",
    model: str = "",
) -> Iterator[tuple[Playing, Path]]:
    """Play one model that charges; yield the server, and a profile with the given lines that names it."""
    with playing(WORLD.format(latency_s=latency_s, faults=faults)) as server:
        profile = folder / "faults.toml"
        profile.write_text(
            PROFILE.format(url=server.openai_url, dollars=dollars, limits=limits, more=more, model=model),
            encoding="utf-8",
        )
        yield server, profile


def until(happened: Callable[[], bool], night: Night) -> None:
    """Wait until something has happened while a night is under way.

    Raises:
        RuntimeError: the night ended before.
    """
    assert night.process is not None
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        if night.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"it ended before it could be disturbed: {night.end().said}")
        time.sleep(0.02)


def coverage(night: Night) -> float:
    """Return the share of the sentences that stand in `passages`, each once."""
    keys = rows(night.out, "passages", ["doc_id", "position"])
    distinct = {(r["doc_id"], r["position"]) for r in keys}
    return len(distinct) / night.result["sentences"] if len(distinct) == len(keys) else -1.0


def rows(out: Path, table: str, columns: list[str]) -> list[dict[str, Any]]:
    """Return a table's rows as a plain reader sees them."""
    found: list[dict[str, Any]] = (
        ds.dataset(out / "tables" / table, partitioning="hive").to_table(columns=columns).to_pylist()
    )
    return found


@contextmanager
def polling(out: Path) -> Iterator[list[int]]:
    """Read `passages` again and again; the list gets the number of rows of every half batch that was seen."""
    over, halves = threading.Event(), list[int]()

    def read() -> None:
        while not over.wait(0.05):
            try:
                seen = rows(out, "passages", ["doc_id", "position"])
            except (OSError, ValueError):
                continue  # nothing there yet, or a part was replaced while it was read
            if len({(r["doc_id"], r["position"]) for r in seen}) != len(seen):
                halves.append(len(seen))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield halves
    finally:
        over.set()
        reader.join()


def row(fault: str, ends: str, night: Night, right: bool, **more: Any) -> dict[str, Any]:
    """Return a fault's row. night: the one whose message and exit code count."""
    told = " ".join(night.message.split())[:160]
    return {
        "fault": fault, "ends": ends, "coverage": None, "paid_again": None, "half_batches": None, "message": told,
        "exit_code": night.exit_code, "right": right and "Traceback" not in night.said,
    } | more  # fmt: skip
