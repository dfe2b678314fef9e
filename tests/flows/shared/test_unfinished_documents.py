"""What a night takes up again before its own documents: what models failed on is not lost, nor tried for ever."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.flows.conftest import Desk
from tests.flows.verdict_nights import state_of
from tests.servers.playing import ROOT, Playing
from tests.tables import assert_whole, rows
from tests.texts import evening

pytestmark = pytest.mark.long


@pytest.fixture
def night(desk: Desk, source: Path, tmp_path: Path) -> Callable[[Path, int], dict[str, str]]:
    """Return a function that runs the night that was due so many days ago, and returns the state it ended in."""
    cron = {"schedule": {"cron": "0 2 * * *", "timezone": "UTC"}, "active": False}
    allowed = tmp_path / "allowed.toml"

    def run(profile: Path, ago: int) -> dict[str, str]:
        may = {"out": [str(tmp_path / "out")], "sources": [str(source)]}
        lines = [f"{key} = {json.dumps(value)}" for key, value in may.items()]
        allowed.write_text("\n".join([*lines, "[profiles]", f"one = {json.dumps(str(profile))}"]), encoding="utf-8")
        asked = {"sources": [str(source)], "out": str(tmp_path / "out"), "profile": str(profile)}
        flow_id = desk.post("/flows/", {"name": "nightly"})["id"]
        deployment = desk.post(
            "/deployments/",
            {
                "name": tmp_path.name,
                "flow_id": flow_id,
                "entrypoint": "nightdesk.flows.nightly.nightly",
                "path": str(ROOT),
            }
            | {"schedules": [cron], "parameters": {"parameters": asked}, "enforce_parameter_schema": False},
        )
        due = {"type": "SCHEDULED", "state_details": {"scheduled_time": f"{day_of(ago)}T02:00:00Z"}}
        flow_run = desk.post(f"/deployments/{deployment['id']}/create_flow_run", {"state": due})
        subprocess.run(
            [sys.executable, "-m", "prefect", "flow-run", "execute", flow_run["id"]],
            env={**desk.env, "NIGHTDESK_ALLOWED": str(allowed)},
            cwd=ROOT,
            check=False,
            capture_output=True,
        )
        return state_of(desk, flow_run["id"])

    return run


def day_of(ago: int) -> str:
    """Return the date (UTC) of so many days ago."""
    return (datetime.now(UTC).date() - timedelta(days=ago)).isoformat()


def standing(out: Path, ago: int) -> dict[str, tuple[int, list[str]]]:
    """Return how the documents of a date stand: failed sentences, and the nights that took them up."""
    return {d["doc_id"]: (d["failed"], d["taken_up"]) for d in rows(out, "documents", day_of(ago))}


@pytest.mark.timeout(1200)  # nights that start their workers anew, on a machine that may be busy
def test_a_bad_night_is_run_again_by_the_next_and_succeeds(
    night: Callable[[Path, int], dict[str, str]],
    server: Playing,
    profile: Callable[..., Path],
    source: Path,
    tmp_path: Path,
    texts: dict[str, list[str]],
) -> None:
    one, out = profile(), tmp_path / "out"
    server.control("trouble", fault="server_error")
    assert night(one, 4)["message"].startswith("Bad: 3 documents, ")
    assert standing(out, 4) == {name: (len(told), []) for name, told in texts.items()}
    server.control("reset")
    new = [s for _, s in evening(3, 3)]
    (source / "new.json").write_text(json.dumps(list(enumerate(new, 1))), encoding="utf-8")
    os.utime(source / "new.json", (then := datetime.fromisoformat(f"{day_of(3)}T01:00:00Z").timestamp(), then))
    assert night(one, 3)["message"].startswith("Good: 1 document, ")
    assert standing(out, 4) == {name: (0, [day_of(3)]) for name in texts}
    assert_whole(out, day_of(4), texts)
    assert_whole(out, day_of(3), {"new": new})


@pytest.mark.timeout(1200)  # five nights, most of them in two runs
def test_what_models_failed_on_is_taken_up_on_three_nights_from_the_tables_and_then_given_up(
    night: Callable[[Path, int], dict[str, str]],
    server: Playing,
    profile: Callable[..., Path],
    source: Path,
    tmp_path: Path,
    texts: dict[str, list[str]],
) -> None:
    one, out = profile(), tmp_path / "out"
    server.control("trouble", fault="truncated", where="zebra")  # bad replies, which are stored: they are asked anew
    assert night(one, 5)["message"].startswith("Worth a look: 3 documents, ")
    (source / "odd.json").unlink()
    for ago in (4, 3, 2):
        asked = server.counts()["requests"]
        assert night(one, ago)["message"] == "Worth a look: nothing new to read"
        assert server.counts()["requests"] > asked
    failed, nights = standing(out, 5)["odd"]
    assert (failed, nights) == (len(texts["odd"]), [day_of(4), day_of(3), day_of(2)])
    (odd,) = (d for d in rows(out, "documents", day_of(5)) if d["doc_id"] == "odd")
    assert odd["reason"].startswith("given up, since 5 sentences still have no place after it was taken up again on")
    server.control("reset")
    assert night(one, 1)["message"] == "Good: nothing new to read"
    assert standing(out, 5)["odd"] == (failed, nights)
    assert_whole(out, day_of(5), texts)
