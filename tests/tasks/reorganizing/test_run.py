"""Nights through all stages: what one publishes, and what the next makes of it."""

import asyncio
import json
import os
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from nightdesk.role_rl import state_versions as states
from nightdesk.tasks.config.profile import DocumentBatches, load_profile
from nightdesk.tasks.errors import InputError, PublishError
from nightdesk.tasks.learning.catching_up import state_folder
from nightdesk.tasks.reorganizing.run import Run, open_run
from nightdesk.tasks.tables import parts
from nightdesk.tasks.tables.audit import Auditor
from nightdesk.tasks.tables.places import run_of, run_of_attempt
from tests.tables import assert_ledger_is_complete, assert_whole, but_for_run_id, rows
from tests.tasks.house import House
from tests.tasks.made import DAY
from tests.texts import evening, write_evening

NEXT_DAY = date(2026, 3, 2)


def texts_of(seed: int, passages: int) -> list[str]:
    return [text for _, text in evening(seed, passages)]


# --- one night, looked at from several sides ---

STRAY = [[1, "The bridge is shut. "], [1, ""], ["x", "  "], [2, "Ferries run instead."], [2, "\tNobody knows."]]


@dataclass(frozen=True)
class Night:
    """A night that is over."""

    run: Run
    out: Path


@pytest.fixture(scope="module")
def night(cluster: str, audits: Auditor, tmp_path_factory: pytest.TempPathFactory) -> Night:
    """Three evenings, a document with stray spaces, and one that cannot be read, in two batches."""
    source, out = tmp_path_factory.mktemp("in"), tmp_path_factory.mktemp("out")
    for k in range(3):
        write_evening(source, f"d{k}", seed=k, passages=14)
    (source / "stray.json").write_text(json.dumps(STRAY))
    (source / "bad.txt").write_bytes(b"fine\n\xff\x00")
    news = load_profile("news")
    profile = news.model_copy(update={"document_batches": DocumentBatches(sentences=300)})
    return Night(House(cluster, audits, source, out).night("run-1", profile=profile), out)


def test_every_sentence_of_every_document_is_published_once(night: Night) -> None:
    passages = rows(night.out, "passages")
    for k in range(3):
        mine = [(p["position"], p["text"]) for p in passages if p["doc_id"] == f"d{k}"]
        assert mine == list(enumerate(texts_of(k, 14), 1))
    assert_ledger_is_complete(night.out)


def test_every_sentence_is_placed_under_a_topic_and_a_category(night: Night) -> None:
    topics = {t["topic_id"]: t for t in rows(night.out, "topics")}
    for p in rows(night.out, "passages"):
        t = topics[p["topic_id"]]
        assert (t["doc_id"], t["title"]) == (p["doc_id"], p["topic"])
        assert any(s["first"] <= p["position"] <= s["last"] for s in t["spans"])
        assert p["category"] in load_profile("news").categories


def test_empty_sentences_and_repeated_ids_come_through(night: Night) -> None:
    stray = [p for p in rows(night.out, "passages") if p["doc_id"] == "stray"]
    assert [[p["sentence_id"], p["text"]] for p in stray] == [[str(i), text] for i, text in STRAY]
    assert [p["position"] for p in stray] == [1, 2, 3, 4, 5]


def test_a_document_that_cannot_be_read_goes_along_with_its_reason(night: Night) -> None:
    by_id = {d["doc_id"]: d for d in rows(night.out, "documents")}
    assert (by_id["bad"]["status"], by_id["bad"]["content_hash"]) == ("unreadable", None)
    assert "not UTF-8" in by_id["bad"]["reason"]
    assert (by_id["d0"]["status"], by_id["d0"]["reason"]) == ("published", None)


def test_documents_are_worked_on_in_batches(night: Night) -> None:
    stems = {p.stem for p in (night.out / "tables" / "calls").rglob("*.parquet")}
    assert {run_of(stem) for stem in stems} == {"run-1"}
    assert {stem.rpartition("-")[2] for stem in stems} == {"1", "2"}
    assert not list((night.out / "_staging").glob("run-1*"))


def test_a_run_counts_what_it_published(night: Night) -> None:
    totals = night.run.totals
    assert (totals.documents, totals.unreadable, totals.skipped, totals.quarantined) == (4, 1, 0, 0)
    assert totals.sentences == totals.placed == len(rows(night.out, "passages"))
    assert totals.unplaced == 0
    assert totals.topics == len(rows(night.out, "topics"))


# --- nights after each other ---


def test_a_rerun_publishes_the_same_and_asks_nothing(house: House) -> None:
    write_evening(house.source, "d", seed=1, passages=12)
    first = house.night("run-1")
    before = {t: but_for_run_id(rows(house.out, t)) for t in ("passages", "topics", "documents")}
    again = house.night("run-2", only_new=True)  # only earlier dates make a document old
    assert (first.router.ledger.made > 0, again.router.ledger.made) == (True, 0)
    assert {t: but_for_run_id(rows(house.out, t)) for t in before} == before
    assert {d["run_id"] for d in rows(house.out, "documents")} == {"run-2"}
    assert_ledger_is_complete(house.out)


def test_a_night_that_ended_midway_is_taken_up(house: House) -> None:
    write_evening(house.source, "d", seed=1, passages=12)
    dead = house.night("run-1", dies_after="relate")
    assert rows(house.out, "documents") == []
    run = house.night("run-2")
    assert dead.router.ledger.made > 0
    assert_whole(house.out, str(DAY), {"d": texts_of(1, 12)})
    assert_ledger_is_complete(house.out)
    made = [c for c in rows(house.out, "calls") if not c["from_cache"]]
    assert len(made) == dead.router.ledger.made + run.router.ledger.made


def test_the_next_night_takes_what_is_new_or_changed_and_goes_on_with_its_stories(house: House) -> None:
    for name, seed in (("same", 1), ("changed", 2)):
        write_evening(house.source, name, seed, passages=6)
    house.night("run-1")
    write_evening(house.source, "changed", seed=3, passages=6)
    write_evening(house.source, "new", seed=1, passages=6)
    run = house.night("run-2", NEXT_DAY, only_new=True)
    assert (run.totals.documents, run.totals.skipped) == (2, 1)
    assert_whole(house.out, str(NEXT_DAY), {"changed": texts_of(3, 6), "new": texts_of(1, 6)})
    stories = {
        name: {t["story_id"] for t in rows(house.out, "topics", str(day)) if t["doc_id"] == name}
        for name, day in (("same", DAY), ("new", NEXT_DAY))
    }
    assert stories["same"] == stories["new"]
    nothing = house.night("run-3", date(2026, 3, 3), only_new=True)
    assert (nothing.totals.documents, nothing.totals.skipped) == (0, 3)
    assert parts.dates(house.out, "documents") == [DAY, NEXT_DAY]


def test_a_transcript_that_grows_keeps_the_ids_of_what_was_published(house: House) -> None:
    texts = texts_of(4, 24)
    begun: dict[int, tuple[str, str]] = {}  # first position -> topic_id, story_id
    kept = 0
    for k, day in enumerate((DAY, DAY, NEXT_DAY), 1):
        (house.source / "talk.json").write_text(json.dumps(list(enumerate(texts[: len(texts) * (k + 2) // 5], 1))))
        house.night(f"run-{k}", day)
        topics = rows(house.out, "topics", str(day))
        assert [t["first_position"] for t in topics] == sorted(t["first_position"] for t in topics)
        now = {t["first_position"]: (t["topic_id"], t["story_id"]) for t in topics}
        same = now.keys() & begun.keys()
        kept += len(same)
        assert {p: now[p] for p in same} == {p: begun[p] for p in same}
        begun = now
    assert kept >= 6


def test_a_greeting_that_opens_two_nights_makes_no_story_of_them(house: House) -> None:
    for day, told in ((DAY, "The harbour bridge is shut."), (NEXT_DAY, "Rates on savings rose at every bank.")):
        (house.source / "show.json").write_text(json.dumps([[1, "Good evening."], *([k, told] for k in range(2, 9))]))
        house.night(f"run-{day}", day)
    (first,), (second,) = (rows(house.out, "topics", str(day)) for day in (DAY, NEXT_DAY))
    assert first["topic_id"] == second["topic_id"]
    assert first["story_id"] != second["story_id"]


def test_a_run_first_learns_from_what_no_version_has_seen_and_then_draws(house: House) -> None:
    write_evening(house.source, "d", seed=5, passages=6)
    house.night("run-1")  # its learn failed, say

    async def weights_of(run_id: str) -> int:
        opened = open_run(run_id, NEXT_DAY, [str(house.source)], house.out, load_profile("news"), catch_up=True)
        async with opened as run:
            return run.weights_version

    assert asyncio.run(weights_of("run-2")) == 1
    (attempt,) = states.load(state_folder(house.out, "news"), 1).from_run_ids
    assert run_of_attempt(attempt) == "run-1"
    assert {r for row in rows(house.out, "weights") for r in row["from_run_ids"]} == {"run-1"}
    assert asyncio.run(weights_of("run-3")) == 1  # nothing is new, so nothing is written
    assert states.versions(state_folder(house.out, "news")) == [1]


def test_a_run_does_not_open_on_what_it_cannot_write(tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_text("The bridge is shut.")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "answers.db").write_text("this is no database " * 100)

    async def opened(out: Path) -> None:
        async with open_run("run-1", DAY, [str(source)], out, load_profile("news")):
            pytest.fail("it opened")

    with pytest.raises(InputError, match=r"a\.txt.out: cannot be written"):
        asyncio.run(opened(source / "out"))
    with pytest.raises(PublishError, match=r"answers\.db"):
        asyncio.run(opened(tmp_path / "broken"))


# --- what a second or a late night of a date reads ---


def test_a_second_night_of_a_date_reads_what_is_new_and_a_late_one_nothing_that_a_later_date_has(house: House) -> None:
    write_evening(house.source, "morning", seed=20, passages=1)
    house.night("run-1", only_new=True)
    write_evening(house.source, "noon", seed=21, passages=1)
    second = house.night("run-2", only_new=True, done_runs=frozenset({"run-1"}))
    assert (second.totals.documents, second.totals.skipped) == (1, 1)
    write_evening(house.source, "noon", seed=22, passages=1)  # as edited since
    third = house.night("run-3", only_new=True, done_runs=frozenset({"run-1", "run-2"}))
    assert (third.totals.documents, third.totals.skipped) == (1, 1)
    assert_whole(house.out, DAY.isoformat(), {"morning": texts_of(20, 1), "noon": texts_of(22, 1)})

    write_evening(house.source, "evening", seed=23, passages=1)
    late = house.night("run-4", day=DAY - timedelta(days=1), only_new=True, late=True)
    assert (late.totals.documents, late.totals.skipped) == (1, 2)
    assert {d["doc_id"] for d in rows(house.out, "documents", (DAY - timedelta(days=1)).isoformat())} == {"evening"}


def test_an_unreadable_document_whose_name_is_not_utf8_does_not_end_the_run(house: House) -> None:
    (house.source / "good.txt").write_text("The bridge is shut.")
    Path(os.fsdecode(os.fsencode(house.source) + b"/caf\xe9.txt")).write_bytes(b"caf\0")
    assert house.night("run-1").totals.unreadable == 1
