"""Publishing a night of sixteen batches: bytes written for each that stays, and what a reader beside it sees."""

import multiprocessing
import sys
from collections.abc import Callable, Mapping
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from benchmarks.growth_cases.copies import publish_batch, real_night
from benchmarks.growth_cases.rows import Case, Rows, at_most, exactly, told

BATCHES = 16
SPAWN = multiprocessing.get_context("spawn")  # a fork of a process with Arrow's threads may hang


def _publishing(scratch: Path, env: Mapping[str, str]) -> Rows:
    """Publish batches of 2,000 sentences for one date."""
    night = real_night(scratch / "real", env, sentences=2000, length=25, seed=16)
    out = scratch / "out"
    given, told_by = SPAWN.Pipe()
    child = SPAWN.Process(target=_publish_metered, args=(out, night, told_by))
    child.start()
    written = given.recv()
    child.join()
    final = sum(part.stat().st_size for part in out.glob("tables/*/*/*.parquet"))
    return [
        at_most(f"bytes written over final bytes, {BATCHES} batches", written / final, 2.0),
        *(row for name in READERS for row in _read_beside(name, scratch / name, night)),
    ]


def _publish_metered(out: Path, night: dict[str, pa.Table], told_by: Any) -> None:
    """Publish, and tell how many bytes this process has written meanwhile, whatever became of them."""
    before = _written()
    _publish(out, night)
    told_by.send(_written() - before)


def _publish(out: Path, night: Mapping[str, pa.Table]) -> None:
    for number in range(1, BATCHES + 1):
        publish_batch(out, night, number)


def _written() -> int:
    """Return what this process has written so far, in bytes: to files, as it does nothing else."""
    said = dict(line.split(": ") for line in Path("/proc/self/io").read_text("ascii").splitlines())
    return int(said["wchar"])


def _read_beside(name: str, out: Path, night: dict[str, pa.Table]) -> Rows:
    """Have a reader poll without a pause while parts are published."""
    publish_batch(out, night, 0)  # so that there is something from the start
    over, given, told_by = SPAWN.Event(), *SPAWN.Pipe()
    child = SPAWN.Process(target=_poll, args=(name, out, over, told_by))
    child.start()
    assert given.recv() == "ready"
    _publish(out, night)
    over.set()
    reads, failed, twice, why = given.recv()
    child.join()
    if why:
        print(f"{name}: {why}", file=sys.stderr)
    return [
        exactly(f"{name} beside publishing: failed reads", failed, 0),
        exactly(f"{name} beside publishing: documents seen twice", twice, 0),
        told(f"{name} beside publishing: reads", reads),
    ]


def _poll(name: str, out: Path, over: Event, told_by: Any) -> None:
    """Read `documents` and `passages` until it is over; tell reads, failures, rows that stood twice, the last error."""
    reads = failed = twice = 0
    why = ""
    read, is_over = READERS[name], False
    told_by.send("ready")
    while not is_over:
        is_over = over.is_set()
        for table, key in (("documents", "doc_id"), ("passages", "doc_id, position")):
            reads += 1
            try:
                twice += read(str(out / "tables" / table), key)
            except Exception as e:  # noqa: BLE001  (whatever it is, that read has failed)
                failed, why = failed + 1, f"{type(e).__name__}: {e}"
    told_by.send((reads, failed, twice, why[:300]))


def _pandas(folder: str, key: str) -> int:
    return int(pd.read_parquet(folder, columns=key.split(", ")).duplicated().sum())


def _pyarrow(folder: str, key: str) -> int:
    names = key.split(", ")
    table = ds.dataset(folder, partitioning="hive").to_table(columns=names)
    counts = table.group_by(names).aggregate([([], "count_all")])["count_all"]
    return int(pc.sum(pc.subtract(counts, 1)).as_py() or 0)


def _duckdb(folder: str, key: str) -> int:
    parts = f"read_parquet('{folder}/*/*.parquet', hive_partitioning = true)"
    (found,) = duckdb.sql(f"select count(*) - count(distinct ({key})) from {parts}").fetchall()
    return int(found[0])


READERS: dict[str, Callable[[str, str], int]] = {"pandas": _pandas, "pyarrow": _pyarrow, "duckdb": _duckdb}
QUICK: dict[str, Case] = {"publishing": _publishing}
