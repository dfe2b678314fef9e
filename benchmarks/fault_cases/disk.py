"""What the faults of the disk share: nights of a date, commands, files that are made read-only, processes that die."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from html import unescape
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.common import ROOT
from benchmarks.fault_cases.nights import DAY, TEXT, Night
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.sources import check_sources


def night(folder: Path, env: dict[str, str], profile: Path, day: str = DAY) -> Night:
    """Return a night of a date, into the fault's OUT."""
    return Night(folder / "out", env, options=("--profile", profile, "--date", day))


def nightdesk(env: dict[str, str], *arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    command = [sys.executable, "-m", "nightdesk.flows.cli.main", *map(str, arguments)]
    return subprocess.run(command, env=env, cwd=ROOT, text=True, capture_output=True, check=False, timeout=300)


def forget(env: dict[str, str], out: Path, doc_id: str) -> "subprocess.CompletedProcess[str]":
    """Run `nightdesk forget`."""
    return nightdesk(env, "forget", doc_id, "--out", out)


def parts_of(out: Path, table: str, day: str) -> list[Path]:
    """Return a table's parts of a date."""
    return sorted((out / "tables" / table / f"run_date={day}").glob("*.parquet"))


def covered(ended: Night, day: str) -> float:
    """Return the share of a night's sentences that stand in `passages` for its date, each once; -1 if one repeats."""
    keys = [
        (r["doc_id"], r["position"])
        for part in parts_of(ended.out, "passages", day)
        for r in pq.ParquetFile(part).read(columns=["doc_id", "position"]).to_pylist()
    ]
    if len(set(keys)) != len(keys) or not ended.result:
        return -1.0
    return len(keys) / ended.result["sentences"]


def sentences_of(doc_id: str) -> list[str]:
    """Return the sentences of one of the shared documents that no other of them has."""
    found = {
        d.doc_id: d.texts for d in check_sources([str(TEXT)], date(2026, 3, 1)).documents() if isinstance(d, Document)
    }
    others = {t for other, texts in found.items() if other != doc_id for t in texts}
    return [t for t in found[doc_id] if t not in others]


def holding(out: Path, texts: Collection[str]) -> set[str]:
    """Return the files below OUT in which one of some sentences stands, in whatever form."""

    def written(path: Path) -> Iterator[str]:
        yield unescape(path.read_bytes().decode("utf-8", "replace"))
        if path.suffix == ".parquet":
            for column in pq.ParquetFile(path).read().columns:
                if pa.types.is_string(column.type):
                    yield "\n".join(t or "" for t in column.to_pylist())

    files = [p for p in out.rglob("*") if p.is_file()]
    return {str(p.relative_to(out)) for p in files if any(t in w for w in written(p) for t in texts)}


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """Make a file or folder read-only for root too, by a mount of it on itself."""
    subprocess.run(["mount", "--bind", path, path], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", path], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


@contextmanager
def small_disk(path: Path, size: str) -> Iterator[None]:
    """Put a file system of some size at a folder."""
    path.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Fill a disk to the last byte."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as f, contextlib.suppress(OSError):
        while True:
            f.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>
#define SHIFT (%d * 86400L)
int clock_gettime(clockid_t id, struct timespec *t) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int r = real(id, t);
    if (id == CLOCK_REALTIME) t->tv_sec += SHIFT;
    return r;
}
int gettimeofday(struct timeval *t, void *zone) {
    struct timespec now;
    int r = clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec, t->tv_usec = now.tv_nsec / 1000;
    return r;
}
time_t time(time_t *t) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return t ? (*t = now.tv_sec) : now.tv_sec;
}
"""


def wrong_clock(folder: Path, env: dict[str, str], days: int) -> dict[str, str]:
    """Return the environment of processes whose clock is wrong by some days; it takes a C compiler."""
    source, library = folder / "clock.c", folder / "clock.so"
    source.write_text(CLOCK % days, encoding="utf-8")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return {**env, "LD_PRELOAD": str(library)}


class KILLS:
    """Processes that die by SIGKILL just before they put a certain file in place."""

    HOOK = """
import os, signal, sys
def hook(event, arguments):
    if event == "os.rename" and os.environ["KILLED_AT"] in str(arguments[1]):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
"""

    @staticmethod
    def at(folder: Path, env: dict[str, str], place: str) -> dict[str, str]:
        """Return the environment in which a process dies before it moves a file to a path that holds `place`."""
        site = folder / "site"
        site.mkdir(exist_ok=True)
        (site / "sitecustomize.py").write_text(KILLS.HOOK, encoding="utf-8")
        before = env.get("PYTHONPATH", "")
        return {**env, "PYTHONPATH": os.pathsep.join(filter(None, (str(site), before))), "KILLED_AT": place}
