"""What learning keeps of the nights is what their rows say, however a learn ends and whatever becomes of the rows."""

import json
import logging
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.role_rl import state_versions as states
from nightdesk.role_rl.state import LearnerState
from nightdesk.role_rl.sufficient_stats import Key, Tally
from nightdesk.tasks.calling.answers.storage_errors import StoreError
from nightdesk.tasks.learning import learn as learning
from nightdesk.tasks.learning.catching_up import state_folder
from nightdesk.tasks.learning.learn import learn_from_tables, learn_unseen, logged, what_if_rows
from nightdesk.tasks.learning.sums import DAMAGED, FILE
from nightdesk.tasks.learning.weights_plot import dollars_lines, weights_lines
from nightdesk.tasks.tables.migration import migrate
from nightdesk.tasks.tables.places import run_of_attempt
from tests.role_rl.feedback.test_rowwise import same_tally
from tests.tasks.learning.nights import (
    MODELS,
    NEWS,
    day_of,
    kept,
    publish_run,
    raw_nights,
    raw_tallies,
    raw_weights,
    run_of,
    usual_run,
)
from tests.tasks.made import call

BY_HAND = "00000000-0000-0000-0000-00000000000b"


def learn(out: Path, number: int = 0) -> LearnerState:
    """Learn, and return the version."""
    said = learn_from_tables(out, NEWS, day_of(number), BY_HAND)
    return states.load(state_folder(out, "news"), said.version)


def nothing_new(out: Path, number: int = 0) -> None:
    """Learn where there is nothing to learn from; see that no version is written."""
    versions = states.versions(state_folder(out, "news"))
    said = learn_from_tables(out, NEWS, day_of(number), BY_HAND)
    assert (said.is_new, said.reason) == (False, "No new runs; nothing moved.")
    assert states.versions(state_folder(out, "news")) == versions


def learned(out: Path) -> list[str]:
    """Return the runs that versions have learned from, in their order."""
    folder = state_folder(out, "news")
    return [run_of_attempt(run) for v in states.versions(folder) for run in states.load(folder, v).from_run_ids]


def same_tallies(one: dict[Key, Tally], other: dict[Key, Tally]) -> None:
    assert one.keys() == other.keys()
    for key, tally in one.items():
        same_tally(tally, other[key])


def same_as_rows(out: Path) -> None:
    """See that the sums say what the tables do."""
    tallies, nights, weights, dollars = kept(out)
    same_tallies(tallies, raw_tallies(out))
    assert [x for night in nights for x in night] == pytest.approx([x for night in raw_nights(out) for x in night])
    assert weights == weights_lines(raw_weights(out).to_pylist())
    raw = dollars_lines(0, raw_nights(out))
    assert dollars == {name: [(x, pytest.approx(y)) for x, y in line] for name, line in raw.items()}


a_row = st.fixed_dictionaries(
    {
        "model": st.sampled_from(MODELS), "role": st.sampled_from(["topic_finder", "topic_locator"]),
        "language": st.sampled_from(["en", "zh"]), "purpose": st.sampled_from(["serve", "duel", "judge", "fallback"]),
        "profile": st.sampled_from(["news", "news", "commerce"]), "from_cache": st.sampled_from([False, False, True]),
        "valid": st.booleans(), "cost_usd": st.floats(0, 1), "latency_s": st.floats(0, 9),
        "teaches": st.sampled_from([True, None, False]), "attempts": st.sampled_from([1, 0]),
        "accuracy": st.none(), "decision_id": st.sampled_from(["d1", "d2", "d3"]), "graded": st.floats(0, 1),
    }
)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.lists(a_row, max_size=6), st.booleans()), max_size=5))
def test_sums_and_picture_are_those_of_the_rows(runs: list[tuple[int, list[dict[str, Any]], bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        for number, (day, made, learns) in enumerate(runs):
            rows, judgements = [], []
            for k, row in enumerate(made):
                family = "wordllama" if row["model"] == "static" else "lexical"
                rows.append(call(f"{number}-{k}", **{**row, "family": family, "graded": None}))
                judge, maker = ("lexical", "lexical") if row["model"] == "static" else ("static", "wordllama")
                graded = {
                    "accuracy": row["graded"],
                    "weight": 1.0,
                    "cost_usd": 0.0,
                    "control": row["purpose"] == "judge",
                }
                judgements.append({"call_id": f"{number}-{k}", "judge": judge, "judge_family": maker, **graded})
            for row in rows:
                del row["graded"]
            publish_run(out, number, day_of(day), rows, judgements)
            same_tallies(logged(out, NEWS), raw_tallies(out))  # before anybody learns from it, too
            if learns:
                learn_from_tables(out, NEWS, day_of(day), BY_HAND)
        learn_from_tables(out, NEWS, day_of(0), BY_HAND)
        same_as_rows(out)
        same_tallies(logged(out, NEWS), raw_tallies(out))


def test_a_learn_that_dies_after_its_version_is_summed_up_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual_run(tmp_path, 0)

    def die(*asked: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(learning, "report", die)  # what comes after the version is written
        learn(tmp_path)
    assert kept(tmp_path)[:2] == ({}, [])
    assert learn_unseen(tmp_path, NEWS, day_of(0), BY_HAND) is None  # it was learned from
    nothing_new(tmp_path)
    tallies, nights, weights, _ = kept(tmp_path)
    same_tallies(tallies, raw_tallies(tmp_path))
    assert nights == [pytest.approx(night) for night in raw_nights(tmp_path)]
    assert [version for version, _ in weights["topic finder, en"]["static"]] == [1]
    nothing_new(tmp_path)
    assert kept(tmp_path)[:2] == (tallies, nights)


def remove(file: Path) -> None:
    file.unlink()


def damage(file: Path) -> None:
    file.write_bytes(b"no database, though it is long enough to be one" * 100)


@pytest.mark.parametrize("lose", [remove, damage])
def test_sums_that_are_lost_are_made_anew_and_nothing_teaches_twice(
    tmp_path: Path, lose: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        usual_run(tmp_path, number)
        learn(tmp_path, number)
    known = kept(tmp_path)
    file = state_folder(tmp_path, "news") / FILE
    lose(file)
    with caplog.at_level(logging.WARNING):
        nothing_new(tmp_path)
    same_as_rows(tmp_path)
    assert kept(tmp_path)[1] == known[1]
    is_told = any("damaged" in line and FILE in line for line in caplog.messages)
    assert is_told == file.with_name(DAMAGED).exists() == (lose is damage)


def test_sums_that_turn_out_to_be_damaged_are_moved_aside_and_the_next_learn_makes_them_anew(tmp_path: Path) -> None:
    for number in range(3):
        usual_run(tmp_path, number)
        before = learn(tmp_path, number)
    known = kept(tmp_path)
    file = state_folder(tmp_path, "news") / FILE
    pages = file.read_bytes()
    file.write_bytes(pages[: 8 * 4096] + b"\xff" * (len(pages) - 8 * 4096))  # the names of its tables are there still
    with pytest.raises(StoreError, match="run the same command again"):
        learn(tmp_path)
    assert file.with_name(DAMAGED).exists()
    assert learn(tmp_path).tallies == before.tallies
    same_as_rows(tmp_path)
    assert kept(tmp_path)[1] == known[1]


def changed(out: Path, *statements: str) -> Path:
    """Have another version of nightdesk change the tables of the sums; return their file."""
    file = state_folder(out, "news") / FILE
    with closing(sqlite3.connect(file)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()
    return file


def test_sums_to_which_a_later_version_has_added_go_on(tmp_path: Path) -> None:
    usual_run(tmp_path, 0)
    learn(tmp_path, 0)
    tables = ("waiting", "attempts", "versions", "weights", "nights", "tallies")
    changed(tmp_path, *(f"ALTER TABLE {table} ADD COLUMN more TEXT" for table in tables))
    usual_run(tmp_path, 1)
    learn(tmp_path, 1)
    same_as_rows(tmp_path)


def test_sums_of_another_version_are_left_as_they_are_and_named(tmp_path: Path) -> None:
    usual_run(tmp_path, 0)
    learn(tmp_path, 0)
    file = changed(tmp_path, "ALTER TABLE attempts RENAME COLUMN version TO learned_by")
    with pytest.raises(StoreError, match=r"sums\.db: .*use the version that wrote it, or move it away"):
        learn(tmp_path)
    file.unlink()
    file.mkdir()
    with pytest.raises(StoreError, match=r"sums\.db: it is a folder; remove it"):
        learn(tmp_path)
    file.rmdir()
    learn(tmp_path)
    same_as_rows(tmp_path)


def test_sums_that_called_a_context_a_language_go_on(tmp_path: Path) -> None:
    for number in range(2):
        usual_run(tmp_path, number)
        learn(tmp_path, number)
    changed(tmp_path, """UPDATE tallies SET tally = replace(tally, '"context"', '"language"')""")
    same_as_rows(tmp_path)


def test_what_was_pruned_stays_in_the_picture_and_in_what_if(tmp_path: Path) -> None:
    for number in range(3):
        usual_run(tmp_path, number)
        learn(tmp_path, number)
    known, told = kept(tmp_path), what_if_rows(tmp_path, NEWS, NEWS.settings())
    for table in ("calls", "judgements", "weights"):
        for number in (0, 1):
            shutil.rmtree(tmp_path / "tables" / table / f"run_date={day_of(number)}")
    assert kept(tmp_path) == known
    assert what_if_rows(tmp_path, NEWS, NEWS.settings()) == told
    nothing_new(tmp_path, 2)
    assert kept(tmp_path)[:2] == known[:2]


def test_runs_that_teach_nothing_here_are_read_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    others = [usual_run(tmp_path, 0, profile="commerce"), usual_run(tmp_path, 1, teaches=False)]
    assert learn_unseen(tmp_path, NEWS, day_of(2), BY_HAND) is None
    for number in (0, 1):
        (part,) = (tmp_path / "tables" / "calls" / f"run_date={day_of(number)}").iterdir()
        part.write_bytes(b"never looked at again")
    usual_run(tmp_path, 2)
    with caplog.at_level(logging.WARNING):
        assert [run_of_attempt(run) for run in learn(tmp_path, 2).from_run_ids] == [run_of(2)]
    assert caplog.messages == []
    assert not set(learned(tmp_path)) & set(others)
    assert [serving for serving, _ in kept(tmp_path)[1]] == pytest.approx([0.8, 0.8])  # the other profile's is not ours


def test_a_part_that_cannot_be_read_teaches_when_it_is_restored(tmp_path: Path) -> None:
    usual_run(tmp_path, 0)
    (part,) = (tmp_path / "tables" / "calls" / f"run_date={day_of(0)}").iterdir()
    good = part.read_bytes()
    part.write_bytes(good[:100])
    nothing_new(tmp_path)
    part.write_bytes(good)
    learn(tmp_path)
    assert learned(tmp_path) == [run_of(0)]
    same_as_rows(tmp_path)


def test_what_only_a_broken_version_knew_is_learned_again_and_summed_up_once(tmp_path: Path) -> None:
    for number in range(3):
        usual_run(tmp_path, number)
        whole = learn(tmp_path, number)
    (state_folder(tmp_path, "news") / "000003.json").write_text("{ torn")
    usual_run(tmp_path, 3)
    after = learn(tmp_path, 3)
    assert (after.version, after.previous) == (4, 2)
    assert list(map(run_of_attempt, after.from_run_ids)) == [run_of(2), run_of(3)]
    assert after.night == whole.night
    same_tallies(kept(tmp_path)[0], raw_tallies(tmp_path))
    nothing_new(tmp_path, 3)


def test_what_was_rolled_back_stays_learned(tmp_path: Path) -> None:
    for number in range(2):
        usual_run(tmp_path, number)
        learn(tmp_path, number)
    states.rollback(state_folder(tmp_path, "news"), 1)
    (state_folder(tmp_path, "news") / FILE).unlink()
    nothing_new(tmp_path)
    assert learned(tmp_path) == [run_of(0), run_of(1)]
    same_tallies(kept(tmp_path)[0], raw_tallies(tmp_path))
    weights = kept(tmp_path)[2]["topic finder, en"]["static"]
    assert [version for version, _ in weights] == [1, 2, 3]  # the one that was rolled back to serves, too


def test_an_out_whose_versions_name_all_that_was_learned_goes_on(tmp_path: Path) -> None:
    for number in range(3):
        usual_run(tmp_path, number)
        learn(tmp_path, number)
    folder, before = state_folder(tmp_path, "news"), list[str]()
    (folder / FILE).unlink()
    for path in sorted(folder.glob("*.json")):  # as schema 2 had them
        document = json.loads(path.read_text())
        del document["learned_before"]
        before += document["from_run_ids"]
        path.write_text(json.dumps({**document, "schema": 2, "learned_run_ids": before}))
    (folder / "000001.json").unlink()  # what it learned from stands in the others
    (tmp_path / "format.json").unlink()
    migrate(tmp_path)
    usual_run(tmp_path, 3)
    assert [run_of_attempt(run) for run in learn(tmp_path, 3).from_run_ids] == [run_of(3)]
    same_as_rows(tmp_path)
    assert len((folder / "000004.json").read_text()) < len((folder / "000003.json").read_text()) + 1_000


def test_the_sums_hold_no_text_and_are_private(tmp_path: Path) -> None:
    usual_run(tmp_path, 0)
    learn(tmp_path)
    file = state_folder(tmp_path, "news") / FILE
    assert file.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(file) as db:
        assert not [line for line in db.iterdump() if "doc-" in line]
