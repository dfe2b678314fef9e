"""`nightdesk follow` by hand, on files that grow: interrupted, gone on with, beside a night, until a time of day."""

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

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
