"""Lane batch: a night that is killed while a batch is out."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.fault_cases.nights import Night, coverage, one_model, row, until

BATCHES = "[provider_batches]\npoll_s = 0.2\n"
LANE = 'form = "json_schema"\nlane = "batch"\n'


def cases() -> dict[str, Callable[[Path, dict[str, str]], dict[str, Any]]]:
    """Return fault -> what performs it."""
    return {"batch lane, killed while a batch is out": _killed}


def _killed(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    with one_model(folder, more=BATCHES, model=LANE) as (server, profile):
        server.control("batches", delay_s=5.0)
        first = Night(folder / "out", env, options=("--profile", profile))
        process = first.start()
        until(lambda: _batches_out(first.out) > 0, first)
        process.kill()
        first.end()
        server.control("batches", delay_s=0.2)
        again = Night(folder / "out", env, options=("--profile", profile)).end()
        counts = server.counts()
    covered = coverage(again)
    right = again.exit_code == 0 and covered == 1.0 and counts["duplicates"] == 0
    return row(
        "", "resumed", again, right, coverage=covered, paid_again=counts["paid_again"], exit_code=first.exit_code
    )


def _batches_out(out: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{out / 'answers.db'}?mode=ro", uri=True, timeout=5)) as db:
            return int(db.execute("SELECT count(batch_id) FROM batches").fetchone()[0])
    except sqlite3.OperationalError:  # not there yet
        return 0
