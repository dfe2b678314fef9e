"""Starts: what is wrong with the machine, the environment or the command is told in one line before anything starts."""

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT
from benchmarks.fault_cases.nights import DAY, TEXT, Night, coverage, one_model, row

Case = Callable[[Path, dict[str, str]], dict[str, Any]]
NOBODY = 12345  # a user without an entry in passwd
# Somebody who may write nothing of root's, and still reads the installation, wherever that lies (this needs root).
AS_USER = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=+dac_read_search",
           "--ambient-caps=+dac_read_search")  # fmt: skip
PATIENCE_S = 120.0
NIGHTDESK = (sys.executable, "-m", "nightdesk.flows.cli.main")
DEAD = "http://127.0.0.1:9"  # nobody listens there


def cases() -> dict[str, Case]:
    """Return fault -> what performs it."""
    variables = {
        "ALL_PROXY=socks://": {"ALL_PROXY": f"socks://{DEAD[7:]}"},
        "SSL_CERT_FILE that is not there": {"SSL_CERT_FILE": "/nowhere.pem"},
        "REQUESTS_CA_BUNDLE that is not there": {"REQUESTS_CA_BUNDLE": "/nowhere.pem"},
        "PREFECT_API_URL of another kind": {"PREFECT_API_URL": "ftp://127.0.0.1/api"},
        "PREFECT_API_URL where nobody listens": {"PREFECT_API_URL": f"{DEAD}/api"},
    }
    return {
        "HTTP_PROXY without NO_PROXY": _proxy,
        **{name: _refused(named, words=next(iter(named))) for name, named in variables.items()},
        "PREFECT_API_URL without /api": _without_api,
        "database of a newer Prefect": _newer_database,
        "no HOME and no user of this number": _refused({"HOME": None, "PREFECT_HOME": None}, "HOME", user=NOBODY),
        "PREFECT_HOME that cannot be written": _refused({"PREFECT_HOME": "/sys/kernel"}, "PREFECT_HOME", user=NOBODY),
        "more paths than Prefect takes": _many_paths,
        "/tmp full": _mounted("size=64k", "TMPDIR"),
        "/tmp read-only": _mounted("ro", "TMPDIR"),
        "/dev/shm read-only": _mounted("ro", "/dev/shm", where="/dev/shm"),
        "too little memory": _refused({}, "ulimit -v", limits={resource.RLIMIT_AS: 1_000_000_000}),
        "threads exhausted": _refused({}, "ulimit -u", user=NOBODY, limits={resource.RLIMIT_NPROC: 20}),
        "serve where the time zone is a rule": _refused(
            {"TZ": "EST5EDT"}, "--timezone", command=("serve", "--sources")
        ),
        '--out ""': _refused({}, "--out", out=""),
        "OUT inside the sources": _inside,
        "OUT that cannot be written": _refused({}, "--out", out="/sys/kernel/out", user=NOBODY),
    }


def _refused(
    named: dict[str, str | None],
    words: str,
    user: int | None = None,
    limits: dict[int, int] | None = None,
    command: Sequence[str] = ("run",),
    out: str | None = None,
) -> Case:
    """Return the case of a start that is refused. named: variables that are set or, by None, unset."""

    def perform(folder: Path, env: dict[str, str]) -> dict[str, Any]:
        env = {k: v for k, v in {**env, **named}.items() if v is not None}
        home = _own_home(folder, env) if named.keys().isdisjoint(("HOME", "PREFECT_HOME")) and user else env
        return _start(folder, home, words, command, out, user=user, limits=limits)

    return perform


def _start(
    folder: Path,
    env: dict[str, str],
    words: str,
    command: Sequence[str] = ("run",),
    out: str | None = None,
    sources: Sequence[object] = (TEXT,),
    user: int | None = None,
    limits: dict[int, int] | None = None,
    inside: Sequence[str] = (),
) -> dict[str, Any]:
    """Start a command that is to be refused; judge that. inside: a command that runs it in other surroundings."""
    if user:
        os.chown(folder, user, user)
    there = folder / "there"  # the working folder, so that what is written beside OUT is seen
    there.mkdir(exist_ok=True)

    def limited() -> None:
        for what, most in (limits or {}).items():
            resource.setrlimit(what, (most, most))

    date = ("--date", DAY) if command[0] == "run" else ()
    whole = [
        *(AS_USER if user else ()),
        *inside,
        *NIGHTDESK,
        *command,
        *sources,
        *date,
        "--out",
        str(folder / "out") if out is None else out,
    ]
    began = time.perf_counter()
    done = subprocess.run(
        list(map(str, whole)), env={**env, "PYTHONPATH": str(ROOT)}, cwd=there, text=True, capture_output=True,
        timeout=PATIENCE_S, check=False, preexec_fn=limited if limits else None,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    night = Night(folder / "out", env, said=done.stderr, exit_code=done.returncode)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    written = (folder / "out").exists() or any(there.iterdir())
    right = done.returncode == 2 and len(lines) == 1 and lines[0].startswith("nightdesk: ") and words in lines[0]
    return row("", "refused", night, right and not written, refused_after_s=round(seconds, 1))


def _own_home(folder: Path, env: dict[str, str]) -> dict[str, str]:
    """Return an environment whose user can keep Prefect's files."""
    home = folder / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    return {**env, "HOME": str(home), "PREFECT_HOME": str(home / "prefect")}


def _mounted(options: str, words: str, where: str | None = None) -> Case:
    """Return the case of a folder for files that nobody keeps, mounted so that nothing can be written there."""

    def perform(folder: Path, env: dict[str, str]) -> dict[str, Any]:
        place = where or str(folder / "scratch")
        Path(place).mkdir(exist_ok=True)
        script = f'mount -t tmpfs -o {options} none {place}; (head -c 1M /dev/zero > {place}/full) 2>&-; exec "$@"'
        inside = ("unshare", "-m", "sh", "-c", script, "sh")
        return _start(folder, env if where else {**env, "TMPDIR": place}, words, inside=inside)

    return perform


def _proxy(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    """What is on this machine is asked directly, so that a proxy that nobody has started changes nothing."""
    without = {k: v for k, v in env.items() if k.lower() != "no_proxy"}
    with one_model(folder) as (server, profile):
        proxies = {"HTTP_PROXY": DEAD, "HTTPS_PROXY": DEAD, "http_proxy": DEAD, "https_proxy": DEAD}
        night = Night(folder / "out", {**without, **proxies}, options=("--profile", profile)).end()
        counts = server.counts()
    covered = coverage(night)
    right = night.exit_code == 0 and covered == 1.0 and counts["paid_again"] == 0
    return row("", "finished", night, right, coverage=covered, paid_again=counts["paid_again"])


def _without_api(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    return _start(folder, {**env, "PREFECT_API_URL": env["PREFECT_API_URL"].removesuffix("/api")}, "ends in /api")


def _newer_database(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    home = folder / "prefect"
    home.mkdir()
    with closing(sqlite3.connect(home / "prefect.db")) as db, db:
        db.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        db.execute("INSERT INTO alembic_version VALUES ('fedcba987654')")
    without = {k: v for k, v in env.items() if k != "PREFECT_API_URL"}
    return _start(folder, {**without, "PREFECT_HOME": str(home)}, "newer Prefect")


def _many_paths(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    sources = folder / ("in-" + "a" * 60)
    sources.mkdir()
    for k in range(6_600):
        (sources / f"{k:06d}.txt").write_text("The bridge is shut.", encoding="utf-8")
    return _start(folder, env, f"name the folder that holds them ({sources})", sources=sorted(sources.iterdir()))


def _inside(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    sources = folder / "in"
    sources.mkdir()
    shutil.copy(TEXT, sources)
    return _start(folder, env, "lies inside the source", sources=(sources,), out=str(sources / "out"))
