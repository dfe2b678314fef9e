"""kill -9 at any moment of a day of streams: nothing is lost or doubled, and readers see whole rounds."""

import random
import signal
from pathlib import Path

from nightdesk.tasks import tables
from tests.tasks.following.publishing.dying import day_of_streams, ran
from tests.tasks.following.publishing.settling import check, names_of, rows
from tests.tasks.made import DAY

KILLS = 10


def test_a_day_that_is_killed_at_any_moment_ends_as_one_that_is_not(tmp_path: Path) -> None:
    assert ran(tmp_path / "whole") == 0
    calls = int((tmp_path / "whole" / "calls").read_text())
    wanted = shown(tmp_path / "whole")
    steps = random.Random(18).sample(range(1, calls), KILLS)
    for step in steps:
        out = tmp_path / str(step)
        out.mkdir()
        assert ran(out, step) == -signal.SIGKILL
        check_readers(out)
        check(out, day_of_streams(out, "again"))
        assert shown(out) == wanted
        assert not rows(out, "passages_open")
        assert not list((out / "_staging").glob("*/manifest.json"))


def shown(out: Path) -> list[list[object]]:
    """Return what stands in the end, but for who published it."""
    found = [tables.scan(out, t).drop_columns(["run_id"]).to_pylist() for t in ("passages", "topics", "documents")]
    assert names_of(out, "passages") == names_of(out, "documents") == names_of(out, "topics")
    return [sorted(rows, key=str) for rows in found]


def check_readers(out: Path) -> None:
    """Check that each sentence is seen once, and documents as long as their sentences; with provisional rows, too."""
    if not (out / "tables").exists():
        return
    settled = tables.scan(out, "passages", DAY, DAY)
    for row in tables.scan(out, "documents", DAY, DAY).to_pylist():
        its = [p for d, p in zip(*keys(settled), strict=True) if d == row["doc_id"]]
        assert sorted(its) == list(range(1, row["sentences"] + 1))
    both = tables.scan(out, "passages", DAY, DAY, open=True)
    pairs = list(zip(*keys(both), strict=True))
    assert len(pairs) == len(set(pairs))
    talk = sorted(p for d, p in pairs if d.startswith("talk"))
    assert talk == list(range(1, len(talk) + 1))


def keys(found: object) -> tuple[list[str], list[int]]:
    return found["doc_id"].to_pylist(), found["position"].to_pylist()  # type: ignore[index]
