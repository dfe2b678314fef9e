"""Nights of one OUT from outside, against a real Prefect server: what they publish, learn and say when a part fails.

The nights follow on each other, so they are run once and the tests look at what each of them left.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import Desk, Finished
from tests.tables import assert_ledger_is_complete, assert_whole, but_for_run_id, rows
from tests.texts import evening, write_evening

DAY, NEXT_DAY = "2026-03-01", "2026-03-02"
TEXTS = {"late": [s for _, s in evening(1, 30)], "early": [s for _, s in evening(2, 4)]}
ODD = [[7, ""], [7, "  The same id came twice. "], ["x", "A lone \ud800 surrogate."]]
ODD_TEXTS = ["", "  The same id came twice. ", "A lone \ufffd surrogate."]


@dataclass(frozen=True)
class Night:
    """A command, and the tables of DAY after it."""

    finished: Finished
    tables: dict[str, list[dict[str, Any]]]

    @property
    def result(self) -> dict[str, Any]:
        """What the command printed."""
        return self.finished.json

    def published(self) -> dict[str, Sequence[object]]:
        """Return what readers see, but for the run's id."""
        return {t: but_for_run_id(self.tables[t]) for t in ("passages", "topics", "documents")}


@dataclass(frozen=True)
class Nights:
    """first: of DAY. again: of the same text and date. later: of NEXT_DAY, after the newest state file was cut short.

    anew: of DAY, drawn anew, while something stands where its edition goes.
    """

    out: Path
    first: Night
    again: Night
    later: Night
    anew: Night


@pytest.fixture(scope="module")
def nights(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    home = tmp_path_factory.mktemp("nights")
    out, source = home / "out", home / "in"
    source.mkdir()
    write_evening(source, "late", seed=1, passages=30)
    write_evening(source, "early", seed=2, passages=4)
    (source / "bad.json").write_text('[[1, "fine"],\n [2, }', encoding="utf-8")
    (source / "odd.json").write_text(json.dumps({"document": ODD}), encoding="utf-8")

    def night(*options: str) -> Night:
        finished = desk.run("run", source, "--out", out, "--json", *options)
        return Night(finished, {t: rows(out, t, DAY) for t in ("passages", "topics", "documents", "calls")})

    first = night("--date", DAY)
    again = night("--date", DAY)
    newest = max((out / "state" / "news").glob("*.json"))
    newest.write_bytes(newest.read_bytes()[:100])
    later = night("--date", NEXT_DAY)
    (out / "editions").rename(home / "editions")
    (out / "editions").write_text("in the way")
    anew = night("--date", DAY, "--reassign", "--no-learn")
    return Nights(out, first, again, later, anew)


def test_a_run_files_every_sentence_and_says_what_it_did(desk: Desk, nights: Nights) -> None:
    result, tables = nights.first.result, nights.first.tables
    passages, topics, calls = tables["passages"], tables["topics"], tables["calls"]
    documents = [d for d in tables["documents"] if d["status"] == "published"]
    assert_whole(nights.out, DAY, {**TEXTS, "odd": ODD_TEXTS, "bad": []})
    assert result["documents"] == 3
    assert result["sentences"] == len(passages) == result["placed"] + result["unplaced"]
    assert result["topics"] == len(topics) == sum(d["topics"] for d in documents)
    assert result["calls"] == sum(not c["from_cache"] for c in calls)
    assert result["cost_usd"] == 0
    assert result["run_date"] == DAY
    assert (result["weights_version"], result["new_weights_version"]) == (0, 1)
    stages = ["read", "split", "find", "locate", "relate", "organize", "check", "publish", "edition", "learn"]
    assert list(result["stages"]) == stages
    assert all(seconds >= 0 for seconds in (*result["stages"].values(), result["seconds"]))
    assert {p["run_id"] for p in passages} == {result["run_id"]}
    assert {p["topic_id"] for p in passages if p["topic_id"]} == {t["topic_id"] for t in topics}
    assert {p["category"] for p in passages} <= {"facts", "opinions", "assumptions", "future_plans", "unplaced"}
    # Prefect shows the stages of the run, its progress and its summary.
    filters = {"flow_runs": {"id": {"any_": [result["run_id"]]}}}
    names = {t["name"] for t in desk.post("/task_runs/filter", filters)}
    assert {"find-1", "locate-1", "relate-1", "organize-1", "check-1", "publish-1", "learn"} <= names
    assert desk.get(f"/flow_runs/{result['run_id']}")["state"]["type"] == "COMPLETED"
    artifacts = {a["key"]: a for a in desk.post("/artifacts/filter", filters)}
    assert artifacts["progress"]["data"] == 100.0
    assert str(result["sentences"]) in artifacts["summary"]["data"]


def test_one_bad_document_does_not_stop_the_others(nights: Nights) -> None:
    assert (nights.first.result["documents"], nights.first.result["unreadable"]) == (3, 1)
    documents = {d["doc_id"]: d for d in nights.first.tables["documents"]}
    assert documents["bad"]["status"] == "unreadable"
    assert "bad.json: line 2" in documents["bad"]["reason"]
    assert documents["early"]["status"] == documents["odd"]["status"] == "published"
    assert "U+FFFD" in documents["odd"]["reason"]
    filed = [(p["sentence_id"], p["text"]) for p in nights.first.tables["passages"] if p["doc_id"] == "odd"]
    assert filed == list(zip(["7", "7", "x"], ODD_TEXTS, strict=True))


def test_a_rerun_after_learning_makes_no_call_and_publishes_the_same(nights: Nights) -> None:
    first, again = nights.first.result, nights.again.result
    assert first["calls"] > 0
    assert again["calls"] == 0
    assert again["weights_version"] == first["weights_version"]
    assert nights.again.published() == nights.first.published()
    assert {p["run_id"] for p in nights.again.tables["passages"]} == {again["run_id"]}
    cached = [c for c in nights.again.tables["calls"] if c["from_cache"]]
    assert cached and all(c["cost_usd"] == 0 for c in cached)
    assert_ledger_is_complete(nights.out)


def test_a_corrupt_state_file_does_not_stop_a_run(nights: Nights) -> None:
    learned = nights.again.result["new_weights_version"] or nights.first.result["new_weights_version"]
    later = nights.later.result
    # What only the broken version knew is learned again before the night begins, so that nothing of it is missing.
    assert later["weights_version"] == learned + 1
    assert later["new_weights_version"] == learned + 2
    assert f"{learned:06}.json" in nights.later.finished.err


def test_stories_go_on_over_nights(nights: Nights) -> None:
    assert {t["story_id"] for t in rows(nights.out, "topics", NEXT_DAY)} <= {
        t["story_id"] for t in nights.later.tables["topics"]
    }


def test_a_run_that_is_drawn_anew_is_served_by_what_was_learned(nights: Nights) -> None:
    assert nights.anew.result["weights_version"] == nights.later.result["new_weights_version"]
    assert nights.anew.result["new_weights_version"] is None


def test_a_failed_edition_is_a_warning_and_is_made_later(desk: Desk, nights: Nights) -> None:
    assert nights.first.result["edition"] == str(nights.out / "editions" / DAY / "index.html")
    assert nights.anew.result["edition"] is None
    assert "no edition was made" in nights.anew.finished.err
    assert desk.get(f"/flow_runs/{nights.anew.result['run_id']}")["state"]["type"] == "COMPLETED"
    (nights.out / "editions").unlink()
    made = desk.run("edition", "--out", nights.out, "--date", DAY, "--json").json
    page = Path(made["edition"]).read_text(encoding="utf-8")
    assert all(escape(s) in page for told in TEXTS.values() for s in told)


def test_a_learner_that_fails_leaves_the_run_published_and_learns_when_asked(
    desk: Desk, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    write_evening(source, "a", seed=8, passages=8)
    (out / "state").mkdir(parents=True)
    (out / "state" / "news").write_text("in the way")
    done = desk.run("run", source, "--out", out, "--date", DAY, "--json")
    assert done.json["new_weights_version"] is None
    assert "weights were not updated" in done.err
    assert len(rows(out, "passages", DAY)) == done.json["sentences"]
    (out / "state" / "news").unlink()
    assert desk.run("learn", "--out", out, "--json").json["new_weights_version"] == 1
    # Weights are shown, not learned twice from the same night, and rolled back.
    again = desk.run("learn", "--out", out, "--json")
    assert (again.json["new_weights_version"], again.json["reason"]) == (None, "No new runs; nothing moved.")
    assert "version 1 serves" in again.err
    shown = desk.run("weights", "--out", out, "--role", "topic_finder", "--json").json["weights"]
    assert {w["model"] for w in shown} == {"static", "lexical", "baseline"}
    assert abs(sum(w["weight"] for w in shown) - 1) < 1e-6
    assert all(w["low"] <= w["value"] <= w["high"] for w in shown)
    assert {"judged", "dollars", "seconds"} <= set(shown[0])
    assert desk.run("rollback", 1, "--out", out, "--json").json["new_weights_version"] == 2
    assert {w["version"] for w in rows(out, "weights")} == {1}
