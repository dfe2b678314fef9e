"""`nightdesk run` from outside, against a real Prefect server: what it publishes, and what a second run makes of it."""

import json
from html import escape
from pathlib import Path

from tests.flows.conftest import Desk
from tests.tables import assert_ledger_is_complete, assert_whole, but_for_run_id, rows
from tests.texts import evening, write_evening

DAY, NEXT_DAY = "2026-03-01", "2026-03-02"


def test_a_run_files_every_sentence_and_says_what_it_did(desk: Desk, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_evening(source, "late", seed=1, passages=30)
    write_evening(source, "early", seed=2, passages=4)
    result = desk.run("run", source, "--out", out, "--date", DAY, "--json").json
    texts = {"late": [s for _, s in evening(1, 30)], "early": [s for _, s in evening(2, 4)]}
    assert_whole(out, DAY, texts)
    assert_ledger_is_complete(out)
    passages, topics, documents, calls = (rows(out, t, DAY) for t in ("passages", "topics", "documents", "calls"))
    assert result["documents"] == 2
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
    # The edition is there, with every sentence.
    assert result["edition"] == str(out / "editions" / DAY / "index.html")
    page = Path(result["edition"]).read_text(encoding="utf-8")
    assert all(escape(s) in page for text in texts.values() for s in text)


def test_a_failed_edition_is_a_warning_and_is_made_later(desk: Desk, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "editions").write_text("in the way")
    write_evening(source, "a", seed=3, passages=2)
    done = desk.run("run", source, "--out", out, "--date", DAY, "--no-learn", "--json")
    assert done.json["edition"] is None
    assert "no edition was made" in done.err
    assert desk.get(f"/flow_runs/{done.json['run_id']}")["state"]["type"] == "COMPLETED"
    assert len(rows(out, "documents", DAY)) == 1
    (out / "editions").unlink()
    made = desk.run("edition", "--out", out, "--date", DAY, "--json").json
    assert escape(evening(3, 2)[0][1]) in Path(made["edition"]).read_text(encoding="utf-8")


def test_a_rerun_after_learning_makes_no_call_and_publishes_the_same(desk: Desk, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_evening(source, "a", seed=3, passages=25)
    write_evening(source, "b", seed=4, passages=6)
    first = desk.run("run", source, "--out", out, "--date", DAY, "--json").json
    before = {t: but_for_run_id(rows(out, t, DAY)) for t in ("passages", "topics", "documents")}
    again = desk.run("run", source, "--out", out, "--date", DAY, "--json").json
    assert first["calls"] > 0
    assert again["calls"] == 0
    assert again["weights_version"] == first["weights_version"]
    assert {t: but_for_run_id(rows(out, t, DAY)) for t in before} == before
    assert {p["run_id"] for p in rows(out, "passages", DAY)} == {again["run_id"]}
    cached = [c for c in rows(out, "calls") if c["from_cache"]]
    assert cached and all(c["cost_usd"] == 0 for c in cached)
    assert_ledger_is_complete(out)
    # Another date, and a rerun that is drawn anew, are served by what was learned.
    later = desk.run("run", source, "--out", out, "--date", NEXT_DAY, "--json").json
    assert later["weights_version"] == again["new_weights_version"]
    anew = desk.run("run", source, "--out", out, "--date", DAY, "--reassign", "--no-learn", "--json").json
    assert anew["weights_version"] == later["new_weights_version"]
    assert anew["new_weights_version"] is None
    # Stories go on over nights.
    assert {t["story_id"] for t in rows(out, "topics", NEXT_DAY)} <= {t["story_id"] for t in rows(out, "topics", DAY)}


def test_one_bad_document_does_not_stop_the_others(desk: Desk, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_evening(source, "good", seed=5, passages=3)
    (source / "bad.json").write_text('[[1, "fine"],\n [2, }', encoding="utf-8")
    odd = [[7, ""], [7, "  The same id came twice. "], ["x", "A lone \ud800 surrogate."]]
    (source / "odd.json").write_text(json.dumps({"document": odd}), encoding="utf-8")
    result = desk.run("run", source, "--out", out, "--date", DAY, "--json").json
    assert (result["documents"], result["unreadable"]) == (2, 1)
    documents = {d["doc_id"]: d for d in rows(out, "documents", DAY)}
    assert documents["bad"]["status"] == "unreadable"
    assert "bad.json: line 2" in documents["bad"]["reason"]
    assert documents["good"]["status"] == documents["odd"]["status"] == "published"
    assert "U+FFFD" in documents["odd"]["reason"]
    filed = [(p["sentence_id"], p["text"]) for p in rows(out, "passages", DAY) if p["doc_id"] == "odd"]
    assert filed == [("7", ""), ("7", "  The same id came twice. "), ("x", "A lone \ufffd surrogate.")]


def test_weights_are_shown_learned_again_and_rolled_back(desk: Desk, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_evening(source, "a", seed=6, passages=8)
    unlearned = desk.run("run", source, "--out", out, "--date", DAY, "--no-learn", "--json").json
    assert unlearned["new_weights_version"] is None
    learned = desk.run("learn", "--out", out, "--json").json
    assert learned["new_weights_version"] == 1
    assert "no" in desk.run("learn", "--out", out, "--json").json["reason"].lower()
    shown = desk.run("weights", "--out", out, "--role", "topic_finder", "--json").json["weights"]
    assert {w["model"] for w in shown} == {"static", "lexical", "baseline"}
    assert abs(sum(w["weight"] for w in shown) - 1) < 1e-6
    assert all(w["low"] <= w["value"] <= w["high"] for w in shown)
    assert {"judged", "dollars", "seconds"} <= set(shown[0])
    assert desk.run("rollback", 1, "--out", out, "--json").json["new_weights_version"] == 3
    assert {w["version"] for w in rows(out, "weights")} == {1, 2}


def test_a_corrupt_state_file_does_not_stop_a_run(desk: Desk, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_evening(source, "a", seed=7, passages=4)
    desk.run("run", source, "--out", out, "--date", DAY, "--json")
    state = out / "state" / "news" / "000001.json"
    state.write_bytes(state.read_bytes()[:100])
    done = desk.run("run", source, "--out", out, "--date", NEXT_DAY, "--json")
    # What the broken version had learned is learned again, before models are drawn.
    assert done.json["weights_version"] == 2
    assert done.json["new_weights_version"] == 3
    assert "000001.json" in done.err


def test_a_learner_that_fails_leaves_the_run_published(desk: Desk, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_evening(source, "a", seed=8, passages=3)
    (out / "state").mkdir(parents=True)
    (out / "state" / "news").write_text("in the way")
    done = desk.run("run", source, "--out", out, "--date", DAY, "--json")
    assert done.json["new_weights_version"] is None
    assert "weights were not updated" in done.err
    assert len(rows(out, "passages", DAY)) == done.json["sentences"]
    (out / "state" / "news").unlink()
    assert desk.run("learn", "--out", out, "--json").json["new_weights_version"] == 1
