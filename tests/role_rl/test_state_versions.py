"""Versions on disk: whole, exclusive, and never in the way of a night."""

import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from nightdesk.role_rl import errors
from nightdesk.role_rl.sampling import Plan
from nightdesk.role_rl.state import LearnerState, to_json
from nightdesk.role_rl.state_versions import commit, latest, load, rollback, save, versions
from tests.role_rl.made import some


def test_files_are_versions_and_the_highest_serves(tmp_path: Path) -> None:
    folder = tmp_path / "news"
    assert latest(folder) == (None, [])
    for version in (1, 2, 10):
        assert save(folder, some(version)).name == f"{version:06d}.json"
    assert versions(folder) == [1, 2, 10]
    assert latest(folder) == (some(10), [])
    assert load(folder, 2) == some(2)
    assert sorted(path.name for path in folder.iterdir()) == ["000001.json", "000002.json", "000010.json"]


def test_a_taken_version_is_refused_and_untouched(tmp_path: Path) -> None:
    save(tmp_path, some(1))
    with pytest.raises(errors.VersionExists, match="learn on top"):
        save(tmp_path, some(1, reason="other"))
    assert load(tmp_path, 1).reason == "because"


GOOD = to_json(some(3))
DAMAGED = {
    "half": GOOD[: len(GOOD) // 2],
    "empty": "",
    "a list": "[]",
    "another version": to_json(some(4)),
    "no plans": GOOD.replace('"plans"', '"plan"'),
    "weights that sum to 2": GOOD.replace("0.9", "1.9"),
    "a weight that is no number": GOOD.replace("0.9", '"much"'),
    "not finite": GOOD.replace("0.9", "NaN"),
    "infinite version": GOOD.replace('"version": 3', '"version": Infinity'),
    "negative evidence": GOOD.replace("1.5", "-1.5"),
    "a schema of the future": GOOD.replace('"schema": 4', '"schema": 99'),
    "deep": "[" * 100_000,
    "a number too long": GOOD.replace("0.9", "9" * 400),
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_newest_file_leaves_the_one_before_serving(tmp_path: Path, text: str) -> None:
    save(tmp_path, some(2))
    (tmp_path / "000003.json").write_text(text)
    state, warnings = latest(tmp_path)
    assert state == some(2)
    assert len(warnings) == 1
    assert "000003.json" in warnings[0]
    with pytest.raises(errors.StateUnreadable, match="roll back"):
        load(tmp_path, 3)


def test_what_is_no_readable_file_never_stops_a_night(tmp_path: Path) -> None:
    (tmp_path / "000001.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "000002.json").mkdir()
    (tmp_path / "000003.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("mine")
    state, warnings = latest(tmp_path)
    assert state is None
    assert len(warnings) == 4
    assert "priors" in warnings[-1]
    file = tmp_path / "file"
    file.write_text("")
    state, warnings = latest(file)
    assert state is None
    assert str(file) in warnings[0]


def test_a_new_version_stands_above_damaged_ones(tmp_path: Path) -> None:
    save(tmp_path, some(2))
    (tmp_path / "000003.json").write_text("")
    state, warnings = commit(tmp_path, lambda before: replace(before or some(1), reason="next"))
    assert (state.version, state.previous, len(warnings)) == (4, 2, 1)
    assert latest(tmp_path)[0] == state


def test_commit_learns_again_on_top_of_whoever_was_faster(tmp_path: Path) -> None:
    seen = []

    def change(before: LearnerState | None) -> LearnerState:
        seen.append(before.version if before else 0)
        if len(seen) == 1:
            save(tmp_path, some(1, reason="faster"))
        return some(99, reason="mine")

    state, _ = commit(tmp_path, change)
    assert seen == [0, 1]
    assert (state.version, state.previous) == (2, 1)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "hardlink_to", full)
    with pytest.raises(errors.StateUnwritable, match=r"000001\.json: No space left.*hard links"):
        save(tmp_path, some(1))
    assert list(tmp_path.iterdir()) == []


RACE = """
import sys, time
from dataclasses import replace
from pathlib import Path
from nightdesk.role_rl.errors import VersionExists
from nightdesk.role_rl.state import LearnerState
from nightdesk.role_rl.state_versions import commit, save
folder, start, mine = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
print("ready", flush=True)
while not start.exists():
    time.sleep(0.001)
try:
    save(folder, LearnerState(1, "news", "now", mine))
    print("won", flush=True)
except VersionExists:
    print("lost", flush=True)
for n in range(5):
    commit(folder, lambda before: replace(before, from_run_ids=(*before.from_run_ids, f"{mine}.{n}")))
"""


def test_of_concurrent_saves_exactly_one_wins_and_no_commit_is_lost(tmp_path: Path) -> None:
    folder, start = tmp_path / "news", tmp_path / "start"
    racers = [
        subprocess.Popen([sys.executable, "-c", RACE, folder, start, str(k)], stdout=subprocess.PIPE, text=True)
        for k in range(6)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    start.touch()
    ends = [racer.communicate(timeout=60)[0].split() for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 6
    assert sorted(end[0] for end in ends) == ["lost"] * 5 + ["won"]
    assert versions(folder) == list(range(1, 32))
    last = load(folder, 31)
    assert sorted(last.from_run_ids) == sorted(f"{k}.{n}" for k in range(6) for n in range(5))
    assert all(load(folder, k).previous == k - 1 for k in range(2, 32))
    assert all(path.suffix == ".json" for path in folder.iterdir())


def test_a_rollback_is_a_new_version_and_what_it_undid_stays_learned(tmp_path: Path, now: datetime) -> None:
    save(tmp_path, some(1, from_run_ids=("r1",), night="2026-03-01"))
    other = Plan({"a": 0.1, "b": 0.9}, 0.02, 0.01, {"a": 1.0})
    save(tmp_path, some(2, from_run_ids=("r2",), night="2026-03-02", plans={("r", "en"): other}, previous=1))
    back = rollback(tmp_path, 1, "worse on\nMonday", now)
    assert (back.version, back.previous) == (3, 2)
    assert back.plans == some(1).plans
    assert back.tallies == some(1).tallies
    assert (back.from_run_ids, back.learned_before) == ((), ())  # the versions that name them stay
    assert back.reason == "Rolled back to version 1: worse on Monday."
    assert latest(tmp_path) == (back, [])
    with pytest.raises(errors.StateMissing, match=r"000009\.json"):
        rollback(tmp_path, 9)


def test_of_a_year_of_versions_only_the_newest_is_read(tmp_path: Path) -> None:
    for version in range(1, 365):
        (tmp_path / f"{version:06d}.json").write_text("damaged")
    save(tmp_path, some(365))
    assert latest(tmp_path) == (some(365), [])
