"""`nightdesk serve` after a downtime: late runs stand in Prefect's database, and nights were missed beside them."""

import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nightdesk.tasks.reorganizing import missed_nights
from nightdesk.tasks.reorganizing.missed_nights import ScheduledNight
from tests.processes import alive_of
from tests.serving import Served, eventually, serving
from tests.tables import rows
from tests.texts import write_evening

pytestmark = pytest.mark.long

# A zone in which it is noon or so: its days do not end while the tests run.
HOURS = 12 - datetime.now(UTC).hour
ZONE = f"Etc/GMT{-HOURS:+d}" if HOURS else "Etc/GMT"  # the signs of these zones are turned round
OVER = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def due(back: int) -> datetime:
    """Return when the night of some days ago was due: at nine in the morning."""
    today = datetime.now(ZoneInfo(ZONE)).replace(hour=9, minute=0, second=0, microsecond=0)
    return today - timedelta(days=back)


def nightly_runs(served: Served) -> list[dict[str, Any]]:
    """Return the runs of nights, those below others too, that were due by now."""
    now = datetime.now(UTC).isoformat()
    runs = served.runs(expected_start_time={"before_": now})
    return [
        r for r in runs if r["deployment_id"] == served.deployments()["nightly-news"]["id"] or not r["deployment_id"]
    ]


def is_done(out: Path, night: ScheduledNight) -> bool:
    """Tell whether a night is done, by its mark."""
    return missed_nights.read_marks(out, "news").is_done(night)


def make_late(database: Path, moments: list[datetime]) -> list[str]:
    """Move runs that Prefect has planned to moments that have passed, as a downtime would; return their ids."""
    with closing(sqlite3.connect(database)) as db, db:
        planned = db.execute(
            "SELECT id, state_id FROM flow_run WHERE auto_scheduled AND state_type = 'SCHEDULED' "
            "ORDER BY expected_start_time LIMIT ?",
            (len(moments),),
        ).fetchall()
        for (run, state), moment in zip(planned, moments, strict=True):
            stored = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
            db.execute(
                "UPDATE flow_run SET expected_start_time = ?, next_scheduled_start_time = ?, idempotency_key = ? "
                "WHERE id = ?",
                (stored, stored, f"late {moment.isoformat()}", run),
            )
            (details,) = db.execute("SELECT state_details FROM flow_run_state WHERE id = ?", (state,)).fetchone()
            late = json.dumps({**json.loads(details), "scheduled_time": moment.astimezone(UTC).isoformat()})
            db.execute("UPDATE flow_run_state SET state_details = ? WHERE id = ?", (late, state))
    return [run for run, _ in planned]


@pytest.mark.timeout(1800)
def test_late_runs_and_missed_nights_are_one_thing(tmp_path: Path) -> None:
    source, out = tmp_path / "wires", tmp_path / "out"
    source.mkdir()
    options = ("--cron", "0 9 * * *", "--timezone", ZONE, "--sources", str(source))
    with serving(tmp_path, source, *options) as before:
        eventually(lambda: len(before.runs(state={"type": {"any_": ["SCHEDULED"]}})) >= 3)
        assert nightly_runs(before) == []  # nothing is known of earlier nights
    eventually(lambda: not alive_of(before.process.pid))

    came = {"a": (3, -2), "b": (2, -2), "c": (2, 3), "d": (1, -4), "e": (0, -1), "f": (0, 1)}  # days back; hours after
    for number, (name, (back, hours)) in enumerate(came.items()):
        moment = (due(back) + timedelta(hours=hours)).timestamp()
        os.utime(write_evening(source, name, seed=90 + number, passages=1), (moment, moment))
    for back in (22, *range(20, 3, -1)):
        missed_nights.mark(out, "news", ScheduledNight(due(back)), "0", done=True)
    late = make_late(tmp_path / "prefect" / "prefect.db", [due(21), due(2), due(1)])

    with serving(tmp_path, source, *options) as after:

        def all_over() -> bool:
            runs = nightly_runs(after)
            return set(late) <= {r["id"] for r in runs} and all(r["state"]["type"] in OVER for r in runs)

        for back in (3, 2, 1, 0):  # one after the other
            eventually(partial(is_done, out, ScheduledNight(due(back))))
        eventually(all_over)
        runs = nightly_runs(after)
        assert {r["state"]["type"] for r in runs} == {"COMPLETED"}, [(r["name"], r["state"]) for r in runs]

        standing = {back: rows(out, "documents", due(back).date().isoformat()) for back in range(23)}
        by_date = {back: {d["doc_id"] for d in documents} for back, documents in standing.items() if documents}
        assert by_date == {3: {"a"}, 2: {"b"}, 1: {"c", "d"}, 0: {"e", "f"}}
        who = {back: {d["run_id"] for d in documents} for back, documents in standing.items() if documents}
        assert [len(w) for w in who.values()] == [1, 1, 1, 1]  # one run a date

        by_id = {r["id"]: r for r in runs}
        too_late = by_id[late[0]]
        assert too_late["state"]["message"].startswith(f"Too late: the night of {due(21).date()} was due more than 7")
        assert too_late["name"] == f"nightly-news/{due(21).date()} too late"
        read = [r for r in runs if r["id"] in set.union(*who.values())]
        assert len(read) == 4
        names = [f"nightly-news/{due(back).date()}" for back in (3, 2, 1, 0)]
        assert [r["name"] for r in sorted(read, key=lambda r: r["end_time"])] == names  # the oldest first
        others = [r for r in runs if r not in read and r is not too_late]
        assert all(r["state"]["message"].startswith("Done before") for r in others)
