"""The same night after thirty others and after a year or five: what it costs to learn from it, start it and show it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pyarrow as pa

from benchmarks.common import ROOT
from benchmarks.growth_cases.copies import LONG_AGO, date_of, made_quickly, real_night
from benchmarks.growth_cases.metering import metered_run
from benchmarks.growth_cases.rows import Case, Rows, at_most, told
from benchmarks.growth_cases.steps import learn_night, save
from benchmarks.growth_cases.texts import write_varied

SENTENCES, LENGTH = 1000, 25  # of a night, and of a document
MOST, MOST_AFTER_YEARS = 1.2, 1.5


def _history(few: int, many: int, scratch: Path, env: Mapping[str, str]) -> Rows:
    """Measure after few nights, go on to many, measure again."""
    night = real_night(scratch / "real", env, SENTENCES, LENGTH, seed=30)
    write_varied(scratch / "in", LENGTH, LENGTH, seed=31)
    early, late = scratch / "early", scratch / "late"
    save(scratch / "night", night)
    _go_on(late, scratch, night, -many, few - many)
    shutil.copytree(late, early)
    _go_on(late, scratch, night, few - many, 0)
    taken = [_measured(out, scratch, env) for out in (early, late)]
    name = f"night {many} over night {few}: "
    most = MOST if many <= 360 else MOST_AFTER_YEARS
    rows = [at_most(f"{name}{what}", taken[1][what] / taken[0][what], most) for what in taken[0]]
    return [*rows, *(told(f"night {many}: {what}, CPU s", cpu_s) for what, cpu_s in taken[1].items())]


def _go_on(out: Path, scratch: Path, night: Mapping[str, pa.Table], first: int, last: int) -> None:
    """Publish nights and learn from each, as a run does at its end. first, last: days from today, the last not done."""
    edition = scratch / "real" / "out" / "editions" / LONG_AGO.isoformat()
    with made_quickly():
        for number in range(first, last):
            learn_night(out, night, number)
            shutil.copytree(edition, out / "editions" / date_of(number).isoformat())


def _measured(out: Path, scratch: Path, env: Mapping[str, str]) -> dict[str, float]:
    """Return CPU seconds of each step of a night that comes after those in OUT."""
    command = [sys.executable, "-m", "benchmarks.growth_cases.steps", out, scratch / "night", scratch / "real" / "in"]
    done = subprocess.run(list(map(str, command)), env=dict(env), cwd=ROOT, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    taken: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    metered = metered_run(env, scratch / "in", out)
    return taken | {"start of a run, all of it": metered.total_s, "start of a run, flow": metered.cpu_s["flow"]}


QUICK: dict[str, Case] = {"history-90": partial(_history, 30, 90)}
LONG: dict[str, Case] = {"history-360": partial(_history, 30, 360), "history-1800": partial(_history, 30, 1800)}
