"""Past dates through Prefect's API: a range of nights, what it says before, what it leaves out, and what it refuses.

One serve for all of it, since each takes many seconds to start. The tests run in this order.
"""

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from nightdesk.tasks.reorganizing import missed_nights
from nightdesk.tasks.reorganizing.missed_nights import ScheduledNight
from tests.serving import Served, basic, eventually, serving
from tests.tables import assert_whole, rows
from tests.texts import evening, write_evening

pytestmark = pytest.mark.long
FIRST = date(2026, 3, 1)
DAYS = [(FIRST + timedelta(days=n)).isoformat() for n in range(4)]
EVERYTHING = "everything again"
CRON = ("--cron", "0 2 29 2 *")  # no night of it comes meanwhile, and none was missed


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve wires of four dates, of which one has none and one has a night that was begun and is not done."""
    home = tmp_path_factory.mktemp("past")
    source = home / "wires"
    for k in (0, 1, 3):
        folder = source / DAYS[k]
        folder.mkdir(parents=True)
        write_evening(folder, f"d{k}", seed=60 + k, passages=1)
    due = datetime(2026, 3, 2, 2, tzinfo=UTC)
    missed_nights.mark(home / "out", "news", ScheduledNight(due), "0", done=False)
    with serving(home, source, *CRON, "--timezone", "UTC", "--sources", f"{source}/{{run_date}}", cwd=home) as one:
        yield one


def finished(served: Served, **parameters: Any) -> tuple[str, dict[str, Any]]:
    run_id = served.start("nightly-news", **parameters)
    return run_id, served.ended(run_id)


def artifacts(served: Served, run_id: str) -> dict[str, dict[str, Any]]:
    found = served.ask("/artifacts/filter", {"flow_runs": {"id": {"any_": [run_id]}}})
    return {a["key"]: a for a in found}


def log_of(served: Served, run_id: str) -> list[str]:
    lines = served.ask("/logs/filter", {"logs": {"flow_run_id": {"any_": [run_id]}}, "sort": "TIMESTAMP_ASC"})
    return [line["message"] for line in lines]


def below(served: Served, run_id: str) -> list[dict[str, Any]]:
    return served.runs(parent_flow_run_id={"any_": [run_id]})


def test_a_range_is_foretold_and_each_night_is_a_run_of_its_own(served: Served) -> None:
    run_id, state = finished(served, run_date=DAYS[0], last_run_date=DAYS[3])
    assert state["type"] == "COMPLETED", state
    assert state["message"].startswith(f"Good: 3 nights done from {DAYS[0]} to {DAYS[3]}, 3 documents, $0.0000")
    page = artifacts(served, run_id)
    line = "3 nights to run: 3 documents, about $0.0000; 1 date with nothing to do"
    assert page["plan"]["description"] == line
    assert all(f"| {day} |" in page["plan"]["data"] for day in DAYS)
    nights = below(served, run_id)
    assert [n["name"] for n in nights] == [f"nightly-news/{DAYS[k]}" for k in (0, 1, 3)]
    assert page["plan"]["created"] < nights[0]["start_time"]
    assert line in log_of(served, run_id)
    assert served.ask(f"/flow_runs/{run_id}")["name"] == f"nightly-news/{DAYS[0]}..{DAYS[3]}"
    for k in (0, 1, 3):
        assert_whole(served.out, DAYS[k], {f"d{k}": [s for _, s in evening(60 + k, 1)]})
    learned_from = [r for w in rows(served.out, "weights") if w["role"] == "topic_finder" for r in w["from_run_ids"]]
    assert {n["id"] for n in nights} <= set(learned_from)  # each night has learned


def test_a_night_that_the_schedule_knows_of_is_done_with_that_and_no_other_has_a_mark(served: Served) -> None:
    marks = missed_nights.read_marks(served.out, "news")
    assert set(marks.of) == {date.fromisoformat(DAYS[1])}
    assert marks.of[date.fromisoformat(DAYS[1])].done is not None


def test_only_what_is_missing_is_run_and_the_rest_is_counted(served: Served) -> None:
    write_evening(served.source / DAYS[1], "late", seed=70, passages=1)
    run_id, state = finished(served, run_date=DAYS[0], last_run_date=DAYS[3])
    assert state["message"].startswith("Good: 1 night done")
    assert "3 left out as they stand in the tables" in state["message"]
    (night,) = below(served, run_id)
    assert any("1 document was left out for 2026-03-02" in m for m in log_of(served, night["id"]))
    assert "skipped, as they stand under" in artifacts(served, night["id"])["summary"]["data"]


def test_documents_of_today_are_not_filed_under_a_past_date_unless_that_is_asked_for(served: Served) -> None:
    source = [str(served.source / DAYS[1])]  # without {run_date}
    run_id, state = finished(served, run_date="2026-02-01", sources=source)
    assert state["type"] == "COMPLETED", state
    assert rows(served.out, "documents", "2026-02-01") == []
    assert artifacts(served, run_id)["plan"]["description"].endswith("2 left out as they stand in the tables")
    assert any("2 documents were left out for 2026-02-01" in m for m in log_of(served, run_id))
    run_id, state = finished(served, run_date="2026-02-01", sources=source, documents=EVERYTHING)
    assert state["type"] == "COMPLETED", state
    assert len(rows(served.out, "documents", "2026-02-01")) == 2
    assert any("stand under another date, too (2026-03-02: 2)" in m for m in log_of(served, run_id))


def test_the_older_name_of_the_choice_is_taken(served: Served) -> None:
    _, state = finished(served, run_date="2026-02-02", sources=[str(served.source / DAYS[0])], only_new=False)
    assert state["type"] == "COMPLETED", state
    assert len(rows(served.out, "documents", "2026-02-02")) == 1


def test_a_night_that_fails_and_one_that_cannot_be_read_do_not_end_the_others(served: Served) -> None:
    lock = served.out / "_staging" / "turns" / f"news-{DAYS[2]}.lock"
    lock.mkdir()  # a folder where the lock of that night has its file
    (served.source / DAYS[2]).mkdir()
    write_evening(served.source / DAYS[2], "d2", seed=80, passages=1)
    write_evening(served.source / DAYS[3], "more", seed=81, passages=1)
    (served.source / DAYS[0] / "d0.txt").write_text("It rains.")  # beside d0.json
    run_id, state = finished(served, run_date=DAYS[0], last_run_date=DAYS[3])
    lock.rmdir()
    assert state["type"] == "FAILED", state
    assert state["message"].startswith("Bad: 1 of 3 nights done")
    assert f"{DAYS[0]}: " in state["message"]
    assert "would both be document 'd0'" in state["message"]
    assert f"{DAYS[2]}: " in state["message"]
    assert [n["state"]["type"] for n in below(served, run_id)] == ["FAILED", "COMPLETED"]
    assert {d["doc_id"] for d in rows(served.out, "documents", DAYS[3])} == {"d3", "more"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"run_date": DAYS[1], "last_run_date": DAYS[0]}, "the last date (2026-03-01) comes before the first"),
        ({"last_run_date": DAYS[0]}, "without a first one"),
        ({"run_date": DAYS[0], "last_run_date": "2999-01-01"}, "is in the future"),
        ({"run_date": "2999-01-01"}, "is in the future"),
        ({"run_date": "2020-01-01", "last_run_date": DAYS[0]}, "one run takes 366 at most"),
    ],
)
def test_dates_that_cannot_be_meant_end_the_run_with_one_line(served: Served, asked: dict[str, str], said: str) -> None:
    _, state = finished(served, **asked)
    assert state["type"] == "FAILED"
    assert said in state["message"]
    assert len(state["message"].splitlines()) == 1, json.dumps(state["message"])


def test_a_night_that_was_paused_and_moved_stays_so_when_serve_is_started_again(served: Served) -> None:
    one = served.deployments()["nightly-news"]
    (schedule,) = one["schedules"]
    path = f"/deployments/{one['id']}/schedules/{schedule['id']}"
    moved = {"schedule": {"cron": "30 4 * * *", "timezone": "Asia/Tokyo"}, "active": False}
    _patch(served, path, moved)
    served.process.terminate()
    served.process.wait(timeout=60)
    home = served.out.parent
    with serving(home, served.source, *CRON, "--sources", f"{served.source}/{{run_date}}", cwd=home) as again:
        (kept,) = again.deployments()["nightly-news"]["schedules"]
        said = eventually(lambda: (t := again.log.read_text()) and "nights: " in t and t)
        assert "nightly-news: the schedule is paused in Prefect, and stays so" in said
        assert "the schedule is 30 4 * * * (Asia/Tokyo) in Prefect, and stays so; the command line has" in said
        assert "nights: none by themselves" in said
        assert (kept["id"], kept["active"]) == (schedule["id"], False)
        assert (kept["schedule"]["cron"], kept["schedule"]["timezone"]) == ("30 4 * * *", "Asia/Tokyo")


def _patch(served: Served, path: str, body: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json", "Authorization": basic(served.auth), **served.csrf}
    data = json.dumps(body).encode()
    urllib.request.urlopen(urllib.request.Request(served.api + path, data, headers, method="PATCH"), timeout=30).close()
