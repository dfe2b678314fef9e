"""`nightdesk follow` by hand, on files that grow: interrupted, gone on with, beside a night, until a time of day."""

import asyncio
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nightdesk.flows.follow import follow_days
from nightdesk.flows.shared.following.moments import NOW, UNTIL
from nightdesk.flows.shared.following.parameters import FollowParameters
from nightdesk.tasks import tables
from tests.flows.conftest import Desk
from tests.serving import eventually
from tests.tables import rows

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def told(first: int, last: int) -> list[str]:
    """Return some sentences of a stream."""
    return [f"Ferry number {k} left the northern pier at {k % 12 + 1} o'clock." for k in range(first, last + 1)]


def grow(path: Path, first: int, last: int) -> None:
    """Append sentences to a file."""
    with path.open("a", encoding="utf-8") as f:
        f.writelines(f"{sentence}\n" for sentence in told(first, last))


def standing(out: Path) -> int:
    """Count the sentences that stand by now, settled or not."""
    return tables.scan(out, "passages", open=True).num_rows if (out / "tables" / "passages_open").is_dir() else 0


@contextmanager
def follow(desk: Desk, source: Path, out: Path, *options: str) -> "Iterator[subprocess.Popen[str]]":
    """Begin to follow a folder; end it whatever comes."""
    often = ("--every", "0.5s", "--idle", "1s", "--timezone", "UTC")
    with desk.start("follow", source, "--out", out, *often, *options) as process:
        try:
            yield process
        finally:
            process.kill()


def test_what_is_followed_goes_on_after_an_interruption_and_nights_leave_it_out(
    desk: Desk, source: Path, tmp_path: Path
) -> None:
    out, talk = tmp_path / "out", source / "talk.txt"
    grow(talk, 1, 150)
    with follow(desk, source, out) as first:
        eventually(lambda: first.poll() is not None or standing(out) >= 150)
        assert first.poll() is None, first.communicate()
        other = tmp_path / "other"
        other.mkdir()
        grow(other / "own.txt", 900, 905)
        night = desk.run("run", source, other, "--out", out, "--json", "--no-learn")
        assert (night.json["documents"], night.json["sentences"]) == (1, 6)
        assert f"INFO: {source} is left out, since a follow of the profile news reads it" in night.err
        first.send_signal(signal.SIGINT)
        _, said = first.communicate(timeout=280)
    assert first.returncode == 130, said
    assert re.search(
        r"^cancelled by Ctrl-C; \d+ sentences of \S+ are settled and published, the others are in the journal, and the "
        r"same command goes on from there$",
        said,
        re.MULTILINE,
    ), said
    night = desk.run("run", source, "--out", out, "--json", "--no-learn")
    assert night.json["documents"] == 0
    assert "the same `nightdesk follow` closes them" in night.err
    grow(talk, 151, 200)
    ends = datetime.now(UTC) + timedelta(seconds=110)
    with follow(desk, source, out, "--until", f"{ends:%H:%M}", "--print") as second:
        printed, said = second.communicate(timeout=600)
    assert second.returncode == 0, said
    day = ends.date().isoformat()
    its = [p for p in rows(out, "passages", day) if p["doc_id"] == f"talk@{day}"]
    assert [p["text"] for p in sorted(its, key=lambda p: p["position"])] == told(1, 200)
    assert rows(out, "passages_open", day) == []
    assert told(200, 200)[0] in printed
    assert f"{day}: Good: 1 document, 200 sentences under " in said
    night = desk.run("run", source, "--out", out, "--json", "--no-learn")
    assert "is left out" not in night.err  # nothing is held any more


def test_at_midnight_the_day_is_closed_and_the_next_one_goes_on_with_the_same_stream(
    in_process: Desk, source: Path, tmp_path: Path
) -> None:
    out, talk = tmp_path / "out", source / "talk.txt"
    grow(talk, 1, 150)
    midnight = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
    passed, said = 0, []

    def now() -> float:
        """It is midnight once what has come stands, and time to end once what came after that does."""
        nonlocal passed
        if passed == 0 and standing(out) == 150:
            passed = 1
            grow(talk, 151, 180)
        elif passed == 1 and standing(out) == 180:
            passed = 2
        return midnight + (-30.0, 60.0, 300.0)[passed]

    async def days() -> dict[str, Any]:
        NOW.set(now)
        UNTIL.set(midnight + 300.0)
        given = {"every": "0.5s", "idle": "1s", "timezone": "UTC", "until": "00:05", "dollars_per_day": 1.0}
        return await follow_days(FollowParameters(sources=[str(source)], out=str(out), **given), said.append)

    result = asyncio.run(days())
    assert said[0].startswith("2026-03-01: Good: 1 document, 150 sentences under ")
    assert (result["run_date"], result["sentences"], result["goes_on"]) == ("2026-03-02", 30, False)
    for day, first, last in (("2026-03-01", 1, 150), ("2026-03-02", 151, 180)):
        its = sorted(rows(out, "passages", day), key=lambda p: p["position"])
        assert [p["text"] for p in its] == told(first, last)
        assert {p["doc_id"] for p in its} == {f"talk@{day}"}
        assert (out / "editions" / day / "index.html").exists()
    assert rows(out, "passages_open") == []
    runs = in_process.post("/flow_runs/filter", {"flow_runs": {"name": {"like_": "follow-news/2026-03-0"}}})
    assert result["run_id"] in {r["id"] for r in runs if r["state"]["type"] == "COMPLETED"}
