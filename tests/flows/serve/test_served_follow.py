"""A follow that the UI starts and cancels, in a `nightdesk serve`: its page, what stands, and how it goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightdesk.tasks import tables
from tests.serving import Served, eventually, serving
from tests.tables import rows

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
OVER = ("FAILED", "CRASHED")
SENTENCES = [f"Ferry number {k} left the northern pier at {k % 12 + 1} o'clock." for k in range(1, 201)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a folder in which a stream begins."""
    home = tmp_path_factory.mktemp("follow")
    (home / "wires").mkdir()
    grow(home / "wires", 0, 150)
    with serving(home, home / "wires", "--sources", str(home / "wires"), "--timezone", "UTC") as one:
        yield one


def grow(folder: Path, first: int, last: int) -> None:
    """Append some of the sentences."""
    with (folder / "talk.txt").open("a", encoding="utf-8") as f:
        f.writelines(f"{sentence}\n" for sentence in SENTENCES[first:last])


def standing(out: Path) -> list[str]:
    """Return the sentences that stand, settled or not."""
    if not (out / "tables" / "passages_open").is_dir():
        return []
    its = tables.scan(out, "passages", open=True).select(["position", "text"]).to_pylist()
    return [p["text"] for p in sorted(its, key=lambda p: p["position"])]


def cancelled(served: Served, run_id: str) -> str:
    """Cancel a run as the UI does; return its message."""
    served.ask(f"/flow_runs/{run_id}/set_state", {"state": {"type": "CANCELLING", "name": "Cancelling"}})
    assert served.ended(run_id)["type"] == "CANCELLED"
    states = served.ask(f"/flow_run_states/?flow_run_id={run_id}")
    return " | ".join(str(s["message"]) for s in states)


def test_a_follow_is_started_and_cancelled_and_the_next_one_goes_on(served: Served) -> None:
    first = served.start("follow", every="0.5s", idle="1s")
    eventually(lambda: standing(served.out) == SENTENCES[:150] or served.state(first)["type"] in OVER)
    assert served.state(first)["type"] == "RUNNING", served.log.read_text()
    run = served.ask(f"/flow_runs/{first}")
    assert run["name"].startswith("follow-news/")
    page = eventually(lambda: artifact(served, first, "live"))
    assert "/live/index.html" in page
    twice = served.start("follow", every="0.5s")
    assert "another process follows the profile news" in str(served.ended(twice)["message"])
    said = cancelled(served, first)
    assert "are settled and published, the others are in the journal" in said, said
    assert "cancelled" in served.ask(f"/flow_runs/{first}")["tags"]
    grow(served.source, 150, 200)
    second = served.start("follow", every="0.5s", idle="1s")
    eventually(lambda: standing(served.out) == SENTENCES or served.state(second)["type"] in OVER)
    assert served.state(second)["type"] == "RUNNING", served.log.read_text()
    cancelled(served, second)
    assert len({p["position"] for p in rows(served.out, "passages")}) == len(rows(served.out, "passages"))
    assert "Crash detected" not in served.log.read_text()


def artifact(served: Served, run_id: str, key: str) -> str:
    """Return what stands on a run's page under a key."""
    asked = {"flow_runs": {"id": {"any_": [run_id]}}, "artifacts": {"key": {"any_": [key]}}}
    found = served.ask("/artifacts/filter", asked)
    return str(found[0]["data"]) if found else ""
