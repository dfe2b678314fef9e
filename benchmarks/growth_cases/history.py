"""The same night after thirty others and after 360: what it costs to learn from it, to start it and to show it."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pyarrow as pa

from benchmarks.common import ROOT
from benchmarks.growth_cases.copies import LONG_AGO, date_of, real_night
from benchmarks.growth_cases.metering import metered_run
from benchmarks.growth_cases.rows import Case, Rows, at_most, told
from benchmarks.growth_cases.steps import STEPS, learn_night, save
from benchmarks.growth_cases.texts import write_varied

SENTENCES, LENGTH = 1000, 25  # of a night, and of a document
MOST = 1.2


def _history(few: int, many: int, scratch: Path, env: Mapping[str, str]) -> Rows:
    """Measure after few nights, go on to many, measure again."""
    night = real_night(scratch / "real", env, SENTENCES, LENGTH, seed=30)
    taken = [_after(number, scratch, env, night) for number in (few, many)]
    name = f"night {many} over night {few}: "
    rows = [at_most(f"{name}{what}", taken[1][what] / taken[0][what], MOST) for what in taken[0]]
    return [*rows, *(told(f"night {many}: {what}, CPU s", cpu_s) for what, cpu_s in taken[1].items())]


def _after(nights: int, scratch: Path, env: Mapping[str, str], night: Mapping[str, pa.Table]) -> dict[str, float]:
    """Make a history of so many nights; return CPU seconds of each step after it."""
    folder = scratch / str(nights)
    out, edition = folder / "out", scratch / "real" / "out" / "editions" / LONG_AGO.isoformat()
    save(folder / "night", night)
    for number in range(-nights, 0):
        learn_night(out, night, number)
        shutil.copytree(edition, out / "editions" / date_of(number).isoformat())
    write_varied(folder / "in", LENGTH, LENGTH, seed=31)
    taken = {step: _cpu_s(step, env, out, folder / "night", scratch / "real" / "in") for step in STEPS}
    metered = metered_run(env, folder / "in", out)
    return taken | {"start of a run, all of it": metered.total_s, "start of a run, flow": metered.cpu_s["flow"]}


def _cpu_s(step: str, env: Mapping[str, str], *paths: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.growth_cases.steps", step, *map(str, paths)]
    done = subprocess.run(command, env=dict(env), cwd=ROOT, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return float(done.stdout.split()[-1])


QUICK: dict[str, Case] = {"history-90": partial(_history, 30, 90)}
LONG: dict[str, Case] = {"history-360": partial(_history, 30, 360)}
