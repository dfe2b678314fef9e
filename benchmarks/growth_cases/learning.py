"""What learning costs: after few nights and after many, of an OUT that kept no sums, and of a million calls at once.

Each figure is of a process of its own: python -m benchmarks.growth_cases.learning STEP OUT NIGHT prints it.
"""

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks.common import ROOT
from benchmarks.growth_cases.made_nights import date_of_night, run_of_night, write_night
from benchmarks.growth_cases.rows import Case, Rows, at_most, told
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.learning.catching_up import state_folder
from nightdesk.tasks.learning.learn import history_rows, learn_from_tables, learn_unseen, what_if_rows
from nightdesk.tasks.learning.sums import opened
from nightdesk.tasks.learning.weights_plot import draw

NEWS = load_profile("news")
CALLS = 300  # of a usual night
TIMES = 5
MOST = 1.2


def learn_nights(out: Path, first: int, last: int, calls: int = CALLS) -> None:
    """Publish nights and learn from each, as a run does at its end."""
    for night in range(first, last + 1):
        _learn(out, night, calls)


def _learn(out: Path, night: int, calls: int = CALLS) -> float:
    """Publish a night; return the CPU seconds that learning from it took."""
    day = write_night(out, night, calls)
    return _cpu_s(lambda: learn_from_tables(out, NEWS, day, run_of_night(night)))


def _draw(out: Path, night: int) -> None:
    with opened(out, state_folder(out, NEWS.name)) as sums:
        draw(out, NEWS.name, night, sums)


def _cpu_s(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def _least(work: Callable[[Path, int], object]) -> Callable[[Path, int], float]:
    return lambda out, night: min(_cpu_s(lambda: work(out, night)) for _ in range(TIMES))


STEPS: dict[str, Callable[[Path, int], float]] = {
    "learn": lambda out, night: min(_learn(out, night + k) for k in range(TIMES)),
    "a run's start, nothing new": _least(lambda out, night: learn_unseen(out, NEWS, date_of_night(night), "")),
    "picture": _least(_draw),
    "what-if": _least(lambda out, _: what_if_rows(out, NEWS, NEWS.settings())),
    "history": _least(lambda out, _: history_rows(out, NEWS)),
    "catch up": lambda out, night: _cpu_s(lambda: learn_from_tables(out, NEWS, date_of_night(night), "")),
}


def _nights(few: int, many: int, scratch: Path, env: Mapping[str, str]) -> Rows:
    """Measure after few nights and after many, then an OUT of many whose sums are gone."""
    out, early = scratch / "many", scratch / "few"
    learn_nights(out, 1, few)
    shutil.copytree(out, early)
    learn_nights(out, few + 1, many)
    steps = [step for step in STEPS if step != "catch up"]
    pairs = {step: [_measured(step, *where)[0] for where in ((early, few + 1), (out, many + 1))] for step in steps}
    taken = [{step: cpu_s[k] for step, cpu_s in pairs.items()} for k in (0, 1)]
    name = f"night {many} over night {few}: "
    rows = [at_most(f"{name}{step}", taken[1][step] / taken[0][step], MOST) for step in taken[0]]
    rows += [told(f"night {many}: {step}, CPU ms", 1000 * cpu_s) for step, cpu_s in taken[1].items()]
    size = sum(path.stat().st_size for path in state_folder(out, NEWS.name).glob("*.json"))
    rows.append(told(f"night {many}: KB of a version", size / 1000 / many))
    (state_folder(out, NEWS.name) / "sums.db").unlink()
    return [*rows, told(f"night {many}: sums made anew of its tables, CPU s", _measured("catch up", out, many + 1)[0])]


def _million(calls: int, parts: int, scratch: Path, env: Mapping[str, str]) -> Rows:
    """Learn from one night of very many calls."""
    out = scratch / "out"
    write_night(out, 1, calls, parts=parts)
    cpu_s, peak_mb = _measured("catch up", out, 1)
    name = f"learn over {calls:,} calls in {parts} parts: "
    goals = (6.0, 500.0) if calls >= 1_000_000 else (6.0 * calls / 1e6 + 1, 500.0)
    shutil.rmtree(out)
    return [at_most(f"{name}CPU s", cpu_s, goals[0]), at_most(f"{name}peak MB", peak_mb, goals[1])]


def _measured(step: str, out: Path, night: int) -> tuple[float, float]:
    """Take a step in a process of its own; return its CPU seconds and the most MB that the process had."""
    command = [sys.executable, "-m", "benchmarks.growth_cases.learning", step, str(out), str(night)]
    done = subprocess.run(command, env=dict(os.environ), cwd=ROOT, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    cpu_s, peak_mb = done.stdout.split()[-2:]
    return float(cpu_s), float(peak_mb)


QUICK: dict[str, Case] = {
    "learning-60": partial(_nights, 10, 60),
    "learning-100k": partial(_million, 100_000, 4),
}
LONG: dict[str, Case] = {
    "learning-360": partial(_nights, 30, 360),
    "learning-1m": partial(_million, 1_000_000, 20),
    "learning-1m-part": partial(_million, 1_000_000, 1),
}

if __name__ == "__main__":
    print(STEPS[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3])))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
