"""What stands on disk: the answers' store, the tables, forgetting. Each fault is made to files that real runs wrote."""

import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from benchmarks.fault_cases.disk import (
    KILLS,
    covered,
    filled,
    forget,
    holding,
    night,
    nightdesk,
    parts_of,
    read_only,
    sentences_of,
    small_disk,
    wrong_clock,
)
from benchmarks.fault_cases.nights import DAY, Night, one_model, polling, row, rows, until
from tests.servers.playing import Playing

NEXT = "2026-03-02"
HOLD = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1], isolation_level=None); d.execute('BEGIN IMMEDIATE')"
Row = dict[str, Any]


def cases() -> dict[str, Callable[[Path, dict[str, str]], Row]]:
    """Return fault -> what performs it."""
    return {
        "store damaged, then restored": _damaged,
        "store locked by another process": _locked,
        "store read-only": _read_only,
        "store deleted beside published calls": _deleted,
        "dates deleted by hand, then a later night": _dates_deleted,
        "part truncated at an earlier date": _truncated_earlier,
        "part truncated at the same date": _truncated_today,
        "stray folder and files between the dates": _stray,
        "killed between two moves of publishing": _between_moves,
        "disk full while answers come back": _disk_full,
        "disk full while publishing": _full_at_publishing,
        "tables read-only while publishing": _read_only_at_publishing,
        "file-size limit while publishing": _size_limit_at_publishing,
        "clock 400 days ahead, then right": _clock_ahead,
        "clock 400 days behind, then right": _clock_behind,
        "forget during a run": _forget_during,
        "forget killed while it clears an edition": _forget_killed,
    }


def _published(folder: Path, env: dict[str, str], profile: Path) -> Night:
    """Run a night that nothing disturbs."""
    first = night(folder, env, profile).end()
    assert first.exit_code == 0, first.said
    return first


def _refused(
    said: str, ended: Night, again: Night, server: Playing, day: str = NEXT, no: str = "move", code: int = 1
) -> Row:
    """Judge a run that ended with an exit code and one line without a word, and the run that went on from there."""
    counts, share = server.counts(), covered(again, day)
    right = ended.exit_code == code and said in ended.message and (not no or no not in ended.message)
    right = right and again.exit_code == 0 and share == 1.0 and counts["paid_again"] == 0
    return row("", "resumed", ended, right, coverage=share, paid_again=counts["paid_again"])


def _went_on(said: str, ended: Night, server: Playing, day: str = NEXT, asked_again: bool = False, **more: Any) -> Row:
    """Judge a night that went on to its end, warned."""
    counts, share = server.counts(), covered(ended, day)
    told = next((line for line in ended.said.splitlines() if said in line), "") if said else ended.message
    right = ended.exit_code == 0 and share == 1.0 and bool(counts["paid_again"]) == asked_again and bool(told)
    right = more.pop("right", True) and right
    message = " ".join((told or ended.message).split())[:160]
    return row("", "finished", ended, right, coverage=share, paid_again=counts["paid_again"], message=message, **more)


def _damaged(folder: Path, env: dict[str, str]) -> Row:
    with one_model(folder) as (server, profile):
        store = _published(folder, env, profile).out / "answers.db"
        kept = store.read_bytes()
        store.write_bytes(b"\0" * 4096 + kept[4096:])
        ended = night(folder, env, profile, NEXT).end()
        store.write_bytes(kept)
        again = night(folder, env, profile, NEXT).end()
        return _refused("not yet published are asked and paid for again", ended, again, server, no="")


def _locked(folder: Path, env: dict[str, str]) -> Row:
    with one_model(folder) as (server, profile):
        store = _published(folder, env, profile).out / "answers.db"
        with subprocess.Popen(
            [sys.executable, "-c", f"{HOLD}; sys.stdin.read()", store], stdin=subprocess.PIPE
        ) as held:
            ended = night(folder, env, profile, NEXT).end()
            held.kill()
        again = night(folder, env, profile, NEXT).end()
        return _refused(f"another process keeps it locked; end that process (`fuser {store}`", ended, again, server)


def _read_only(folder: Path, env: dict[str, str]) -> Row:
    with one_model(folder) as (server, profile):
        store = _published(folder, env, profile).out / "answers.db"
        with read_only(store):
            ended = night(folder, env, profile, NEXT).end()
        again = night(folder, env, profile, NEXT).end()
        # Seen before anything starts: so exit code 2.
        return _refused("answers.db cannot be written; mend its rights", ended, again, server, code=2)


def _deleted(folder: Path, env: dict[str, str]) -> Row:
    with one_model(folder) as (server, profile):
        out = _published(folder, env, profile).out
        before = {r["call_id"] for r in rows(out, "calls", ["call_id"])}
        for file in out.glob("answers.db*"):
            file.unlink()
        ended = night(folder, env, profile, NEXT).end()
        ids = [r["call_id"] for r in rows(out, "calls", ["call_id"])]
        once = len(ids) == len(set(ids)) and before < set(ids)
        return _went_on(
            "the answers' store is empty, but calls were published before", ended, server, asked_again=True, right=once
        )


def _dates_deleted(folder: Path, env: dict[str, str]) -> Row:
    with one_model(folder) as (server, profile):
        out = _published(folder, env, profile).out
        before = {r["call_id"] for r in rows(out, "calls", ["call_id"])}
        requests = server.counts()["requests"]
        for gone in (out / "tables").glob(f"*/run_date={DAY}"):
            shutil.rmtree(gone)
        ended = night(folder, env, profile, NEXT).end()
        calls = rows(out, "calls", ["call_id", "from_cache", "cost_usd", "doc_id"])
        served = [c for c in calls if c["doc_id"].startswith("wire")]
        right = not before & {c["call_id"] for c in calls} and all(c["from_cache"] for c in served)
        right = right and server.counts()["requests"] == requests
        return _went_on("", ended, server, right=right)


def _truncated_earlier(folder: Path, env: dict[str, str]) -> Row:
    with one_model(folder) as (server, profile):
        out = _published(folder, env, profile).out
        for table in ("documents", "topics", "calls"):
            (part,) = parts_of(out, table, DAY)
            part.write_bytes(part.read_bytes()[:-100])
        ended = night(folder, env, profile, NEXT).end()
        (topics,) = parts_of(out, "topics", DAY)
        said = f"{topics.relative_to(out)}: cannot be read"
        return _went_on(said, ended, server, right=f"remove it and run {DAY} again" in ended.said)


def _truncated_today(folder: Path, env: dict[str, str]) -> Row:
    with one_model(folder) as (server, profile):
        out = _published(folder, env, profile).out
        (part,) = parts_of(out, "passages", DAY)
        part.write_bytes(part.read_bytes()[:-100])
        ended = night(folder, env, profile, DAY).end()
        kept = len(list((out / "_staging" / "broken").rglob("*.parquet"))) == 3
        said = "no longer stand as published; this run publishes all of them anew"
        return _went_on(said, ended, server, DAY, right=kept)


def _stray(folder: Path, env: dict[str, str]) -> Row:
    with one_model(folder) as (server, profile):
        out = _published(folder, env, profile).out
        for table in ("documents", "passages", "topics", "calls"):
            (out / "tables" / table / "run_date=foo").mkdir()
            (out / "tables" / table / "run_date=foo" / "part-0.parquet").write_bytes(b"")
            (out / "tables" / table / ".DS_Store").write_bytes(b"x")
        ended = night(folder, env, profile, NEXT).end()
        return _went_on("run_date=foo: is no folder of a date", ended, server)


def _between_moves(folder: Path, env: dict[str, str]) -> Row:
    with one_model(folder) as (server, profile), polling(folder / "out") as halves:
        first = night(folder, KILLS.at(folder, env, "tables/documents/"), profile, DAY).end()
        ahead = bool(parts_of(first.out, "passages", DAY)) and not parts_of(first.out, "documents", DAY)
        scanned = nightdesk(env, "export", "--table", "documents", "--out", first.out, "--date", DAY)
        seen = len(scanned.stdout.splitlines()) - 1
        again = night(folder, env, profile, DAY).end()
        counts, share = server.counts(), covered(again, DAY)
        right = first.exit_code == -signal.SIGKILL and ahead and seen == 2 and not halves
        right = right and again.exit_code == 0 and share == 1.0 and counts["paid_again"] == 0
        return row(
            "", "resumed", again, right, coverage=share, paid_again=counts["paid_again"], half_batches=len(halves),
            exit_code=first.exit_code,
        )  # fmt: skip


def _disk_full(folder: Path, env: dict[str, str]) -> Row:
    with small_disk(folder / "out", "24m"), one_model(folder) as (server, profile):
        ended = night(folder, env, profile)
        ended.start()
        until(lambda: _stored(ended.out) > 3, ended)
        with filled(ended.out):
            ended.end()
        again = night(folder, env, profile).end()
        return _refused(
            "the disk is full; what was answered until then is stored; make room", ended, again, server, DAY
        )


def _at_publishing(folder: Path, env: dict[str, str], happens: Callable[[Night], Any], said: str) -> Row:
    """Have something happen to a night from when its calls are claimed for publishing until it ends."""
    with small_disk(folder / "out", "24m"), one_model(folder) as (server, profile):
        with polling(folder / "out") as halves, ExitStack() as stack:
            ended = night(folder, env, profile)
            ended.start()
            until(lambda: _stored(ended.out, "calls WHERE part IS NOT NULL") > 0, ended)
            if (fault := happens(ended)) is not None:
                stack.enter_context(fault)
            ended.end()
        unfinished = not parts_of(ended.out, "documents", DAY)
        again = night(folder, env, profile).end()
        judged = _refused(said, ended, again, server, DAY)
        return judged | {"half_batches": len(halves), "right": judged["right"] and unfinished and not halves}


def _full_at_publishing(folder: Path, env: dict[str, str]) -> Row:
    return _at_publishing(folder, env, lambda ended: filled(ended.out), "make room on the disk, then run the same")


def _read_only_at_publishing(folder: Path, env: dict[str, str]) -> Row:
    def protect(ended: Night) -> Any:
        (ended.out / "tables").mkdir(exist_ok=True)
        return read_only(ended.out / "tables")

    return _at_publishing(folder, env, protect, "make it and its folder writable, then run the same")


def _size_limit_at_publishing(folder: Path, env: dict[str, str]) -> Row:
    def limit(ended: Night) -> None:
        assert ended.process is not None
        resource.prlimit(ended.process.pid, resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))

    return _at_publishing(folder, env, limit, "allow larger files (`ulimit -f`), then run the same")


def _clock_ahead(folder: Path, env: dict[str, str]) -> Row:
    return _clock(folder, env, 400)


def _clock_behind(folder: Path, env: dict[str, str]) -> Row:
    return _clock(folder, env, -400)


def _clock(folder: Path, env: dict[str, str], days: int) -> Row:
    """Run a night whose clock is wrong by some days, then the next, whose clock is right, into the same OUT."""
    with one_model(folder) as (server, profile):
        first = night(folder, wrong_clock(folder, env, days), profile)
        if first.end().exit_code != 0:
            return row("", "finished", first, False)
        late = night(folder, env, profile, NEXT).end()
        return _went_on("", late, server, right=covered(first, DAY) == 1.0)


def _forget_during(folder: Path, env: dict[str, str]) -> Row:
    with one_model(folder, latency_s=3.0) as (server, profile), polling(folder / "out") as halves:
        ended = night(folder, env, profile, DAY)
        ended.start()
        until(lambda: _stored(ended.out) > 3, ended)
        told = forget(env, ended.out, "wire-morning")
        ended.end()
        left = holding(ended.out, sentences_of("wire-morning"))
        docs = {r["doc_id"] for r in rows(ended.out, "documents", ["doc_id"])}
        right = told.returncode == 0 and not left and docs == {"wire-evening"} and not halves
        said = "wire-morning: forgotten while this run was under way; not published"
        return _went_on(said, ended, server, DAY, right=right, half_batches=len(halves))


def _forget_killed(folder: Path, env: dict[str, str]) -> Row:
    with one_model(folder) as (server, profile):
        out = _published(folder, env, profile).out
        killed = forget(KILLS.at(folder, env, f"editions/{DAY}/index.html"), out, "wire-morning")
        halfway = holding(out, sentences_of("wire-morning"))
        told = forget(env, out, "wire-morning")
        left = holding(out, sentences_of("wire-morning"))
        right = killed.returncode == -signal.SIGKILL and bool(halfway) and told.returncode == 0 and not left
        ended = night(folder, env, profile, DAY)
        ended.said, ended.exit_code, ended.result = told.stderr, told.returncode, {"sentences": 30}
        share = covered(ended, DAY)
        return row(
            "", "resumed", ended, right and share == 1.0, coverage=share, paid_again=server.counts()["paid_again"],
            exit_code=killed.returncode,
        )  # fmt: skip


def _stored(out: Path, what: str = "answers") -> int:
    try:
        with closing(sqlite3.connect(f"file:{out / 'answers.db'}?mode=ro", uri=True, timeout=5)) as db:
            return int(db.execute(f"SELECT count(*) FROM {what}").fetchone()[0])
    except sqlite3.OperationalError:  # not there yet
        return 0
