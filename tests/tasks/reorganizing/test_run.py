"""Nights through all stages, without a flow around them: real workers, real audit, real files."""

import asyncio
import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from nightdesk.role_rl import state_versions as states
from nightdesk.tasks.calling.answer_store import Store
from nightdesk.tasks.calling.dask_pool import fan_out
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import DocumentBatches, Profile, load_profile
from nightdesk.tasks.errors import InputError, PublishError
from nightdesk.tasks.learning.learn import learn_from_tables, state_folder, weights_rows
from nightdesk.tasks.reading.sources import check_sources
from nightdesk.tasks.reorganizing import role_stages
from nightdesk.tasks.reorganizing.run import Run, open_run
from nightdesk.tasks.tables import parts
from nightdesk.tasks.tables.audit import Auditor
from tests.tables import assert_ledger_is_complete, assert_whole, but_for_run_id, rows
from tests.tasks.made import DAY
from tests.texts import evening, write_evening

NEXT_DAY = date(2026, 3, 2)
ROLE_STAGES = (role_stages.split, role_stages.find, role_stages.locate, role_stages.relate, role_stages.organize)


@dataclass(frozen=True)
class House:
    """What the nights of one test share."""

    cluster: str
    audits: Auditor
    source: Path
    out: Path

    def night(
        self,
        run_id: str,
        day: date = DAY,
        profile: Profile | None = None,
        only_new: bool = False,
        dies_after: str = "",
        late: bool = False,
        done_runs: frozenset[str] = frozenset(),
    ) -> Run:
        """Take the source through all stages, as the flow does; or end after one of them."""
        profile = profile or load_profile("news")

        async def main() -> Run:
            store = Store(self.out, run_id)
            try:
                store.adopt()
                newest, _ = states.latest(state_folder(self.out, profile.name))
                async with fan_out(self.cluster, 2, profile.limits.call_timeout_s) as pool:
                    desk = Router(profile, day, lambda version: newest if version else None, store, pool)
                    version = newest.version if newest else 0
                    reading = check_sources([str(self.source)], day)
                    run = Run(run_id, day, self.out, profile, reading, store, desk, self.audits, version)
                    run.begin(only_new, reassign=False, late=late, done_runs=done_runs)
                    while (batch := run.next_batch()) is not None:
                        for stage in ROLE_STAGES:
                            await stage(desk, batch, lambda done, of: None)
                            if stage.__name__ == dies_after:
                                return run
                        await run.check(batch)
                        await run.publish(batch)
                    return run
            finally:
                store.close()

        return asyncio.run(main())


@pytest.fixture
def house(cluster: str, audits: Auditor, tmp_path: Path) -> House:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    return House(cluster, audits, tmp_path / "in", tmp_path / "out")


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
    names = {p.name for p in (night.out / "tables" / "calls").rglob("*.parquet")}
    assert names == {"run-1-1.parquet", "run-1-2.parquet"}
    assert not list((night.out / "_staging").glob("run-1-*"))


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


# --- learning ---


def test_weights_are_learned_once_from_each_run_that_is_over(house: House) -> None:
    profile = load_profile("news")
    write_evening(house.source, "d", seed=1, passages=12)
    house.night("run-1")

    def learned(run_id: str) -> tuple[int, tuple[str, ...]]:
        version = learn_from_tables(house.out, profile, DAY, run_id).version
        newest, _ = states.latest(state_folder(house.out, "news"))
        assert newest is not None
        assert newest.version == version
        return version, tuple(newest.learned_run_ids)

    still_at_work = Store(house.out, "run-1")
    assert learned("by-hand-1") == (1, ())
    still_at_work.close()
    assert learned("by-hand-2") == (2, ("run-1",))
    assert learned("by-hand-3") == (3, ("run-1",))
    assert {r["version"] for r in rows(house.out, "weights")} == {2, 3}  # the first knew of no role
    shown, warnings = weights_rows(house.out, profile, "topic_finder")
    assert warnings == []
    assert {(r["role"], r["version"]) for r in shown} == {("topic_finder", 3)}
    assert sum(r["weight"] for r in shown if r["language"] == "en") == pytest.approx(1)
    # A rerun is served by the weights of the first run, another date by the newest.
    for run_id, day, version in (("run-2", DAY, 0), ("run-3", NEXT_DAY, 3)):
        house.night(run_id, day)
        assert [d["weights_version"] for d in rows(house.out, "documents", str(day))] == [version]


def test_before_the_first_night_the_priors_serve(tmp_path: Path) -> None:
    shown, warnings = weights_rows(tmp_path, load_profile("news"), None)
    assert warnings == []
    assert {r["version"] for r in shown} == {0}
    best = {r["role"]: max((x for x in shown if x["role"] == r["role"]), key=lambda x: x["weight"]) for r in shown}
    assert {r["model"] for r in best.values()} == {"static"}


def test_a_run_first_learns_from_what_no_version_has_seen_and_then_draws(house: House) -> None:
    write_evening(house.source, "d", seed=5, passages=6)
    house.night("run-1")  # its learn failed, say

    async def weights_of(run_id: str) -> int:
        opened = open_run(run_id, NEXT_DAY, [str(house.source)], house.out, load_profile("news"), catch_up=True)
        async with opened as run:
            return run.weights_version

    assert asyncio.run(weights_of("run-2")) == 1
    assert states.load(state_folder(house.out, "news"), 1).from_run_ids == ("run-1",)
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
