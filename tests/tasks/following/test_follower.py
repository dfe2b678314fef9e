"""A follow of a date: what it publishes while streams go on, what the day's end makes of it, and going on later."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nightdesk.tasks.calling.answers.tombstones import bury
from nightdesk.tasks.errors import InputError, PublishError
from nightdesk.tasks.following import follower as follower_module
from nightdesk.tasks.following.follower import Follower, open_dates
from nightdesk.tasks.following.journal import Journal, document_id
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.following.steady_auditor import SteadyAuditor
from nightdesk.tasks.tables.audit import Auditor
from tests.tables import assert_ledger_is_complete, assert_whole, rows
from tests.tasks.following.followed import DOC, Talk, settle_all, ticks
from tests.tasks.made import DAY
from tests.texts import evening

NEXT_DAY = DAY + timedelta(days=1)
SAID = [text for _, text in evening(3, 8)]


@pytest.fixture
def talk(cluster: str, audits: Auditor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Talk:
    """Return a file that grows. The process that audits is that of the session, since it is slow to start."""
    monkeypatch.setattr(follower_module, "SteadyAuditor", lambda: SteadyAuditor(lambda: nullcontext(audits)))
    source = tmp_path / "source"
    source.mkdir()
    return Talk(cluster, source, tmp_path / "out")


def _noon() -> datetime:
    return datetime(2026, 3, 1, 12, tzinfo=UTC)


def positions(out: Path, table: str) -> list[int]:
    return sorted(p["position"] for p in rows(out, table))


def test_sentences_are_provisional_then_settled_and_each_stands_once_when_the_day_is_over(talk: Talk) -> None:
    heard: list[Settled] = []

    async def work(follower: Follower) -> None:
        talk.say(SAID[:60])
        await settle_all(follower)
        settled, provisional = positions(talk.out, "passages"), positions(talk.out, "passages_open")
        assert settled
        assert provisional
        assert {*settled} | {*provisional} == {*range(1, 61)}
        talk.say(SAID[60:])
        await settle_all(follower)
        assert len(positions(talk.out, "passages")) > len(settled)
        await follower.finish("midnight")

    talk.follow(work, heard=heard.extend)
    assert_whole(talk.out, DAY.isoformat(), {DOC: SAID})
    assert rows(talk.out, "passages_open") == []
    assert [p for s in heard for p in range(s.first, s.last + 1)] == list(range(1, len(SAID) + 1))
    assert_ledger_is_complete(talk.out)
    assert all(c["served"] for c in rows(talk.out, "calls") if c["purpose"] == "serve")
    for table in ("passages", "topics", "documents"):
        assert len(list((talk.out / "tables" / table).rglob("*.parquet"))) == 1
    assert (talk.out / "editions" / DAY.isoformat() / "index.html").exists()
    assert rows(talk.out, "weights")
    with Journal(talk.out, "news") as journal:
        assert journal.documents() == []


def test_a_follow_that_was_stopped_goes_on_where_it_was(talk: Talk) -> None:
    async def begin(follower: Follower) -> None:
        talk.say(SAID[:70])
        await ticks(follower, lambda tick: tick.settled > 0)
        await follower.stop()

    async def end(follower: Follower) -> None:
        talk.say(SAID[70:])
        await settle_all(follower)
        await follower.finish("midnight")

    async def only_stop(follower: Follower) -> None:
        await follower.stop()

    talk.follow(begin)
    talk.follow(only_stop)
    page = (talk.out / "live" / "index.html").read_text()
    assert "70 sentences" in page
    assert f"<b>{70 - len(positions(talk.out, 'passages'))} wait</b>" in page  # what is settled does not
    before = {(p["position"], p["topic_id"], p["category"]) for p in rows(talk.out, "passages")}
    stories = {t["topic_id"]: t["story_id"] for t in rows(talk.out, "topics")}
    assert before
    assert positions(talk.out, "passages_open")
    talk.follow(end)
    assert_whole(talk.out, DAY.isoformat(), {DOC: SAID})
    after = rows(talk.out, "topics")
    merged = {alias for t in after for alias in t["aliases"] or ()}
    now = {(p["position"], p["topic_id"], p["category"]) for p in rows(talk.out, "passages")}
    assert {row for row in before if row[1] not in merged} <= now
    assert all(stories[t["topic_id"]] == t["story_id"] for t in after if t["topic_id"] in stories)
    assert_ledger_is_complete(talk.out)


@pytest.mark.slow
def test_what_arrives_in_ticks_is_settled_as_what_came_at_once(talk: Talk, tmp_path: Path) -> None:
    async def bit_by_bit(follower: Follower) -> None:
        for k in range(0, len(SAID), 16):
            talk.say(SAID[k : k + 16])
            await settle_all(follower)
        await follower.finish("midnight")

    async def at_once(follower: Follower) -> None:
        await follower.finish("midnight")

    talk.follow(bit_by_bit)
    other = Talk(talk.cluster, talk.source, tmp_path / "other")
    other.follow(at_once)
    filed = [[(p["position"], p["category"]) for p in rows(t.out, "passages")] for t in (talk, other)]
    assert filed[0] == filed[1]
    calls = [sum(c["role"] != "relationship_checker" for c in rows(t.out, "calls")) for t in (talk, other)]
    assert calls[0] == calls[1]


def test_a_date_that_was_left_open_is_finished_before_the_next_begins(talk: Talk) -> None:
    async def leave(follower: Follower) -> None:
        talk.say(SAID[:50])
        await follower.tick(_noon())

    async def end(follower: Follower) -> None:
        await follower.finish("it was left open")

    async def next_day(follower: Follower) -> None:
        talk.say(SAID[50:])
        await follower.finish("midnight")

    talk.follow(leave)
    assert open_dates(talk.out, "news", NEXT_DAY) == [DAY]
    assert open_dates(talk.out, "news", DAY) == []
    talk.follow(end, sources=[])
    assert open_dates(talk.out, "news", NEXT_DAY) == []
    talk.follow(next_day, day=NEXT_DAY)
    assert_whole(talk.out, DAY.isoformat(), {DOC: SAID[:50]})
    assert_whole(talk.out, NEXT_DAY.isoformat(), {document_id("talk", NEXT_DAY): SAID[50:]})


def test_what_comes_after_the_end_of_a_day_is_a_document_of_its_own(talk: Talk) -> None:
    async def end(follower: Follower) -> None:
        await follower.finish("--until 18:00")

    talk.say(SAID[:50])
    talk.follow(end)
    talk.say(SAID[50:])
    talk.follow(end)
    assert_whole(talk.out, DAY.isoformat(), {DOC: SAID[:50], f"{DOC}.2": SAID[50:]})


def test_a_document_that_is_forgotten_meanwhile_stands_nowhere_and_comes_no_more(talk: Talk) -> None:
    async def work(follower: Follower) -> None:
        talk.say(SAID[:50])
        await settle_all(follower)
        bury(talk.out, DOC)
        talk.say(SAID[50:])
        tick = await settle_all(follower)
        assert tick.provisional == 0
        await follower.finish("midnight")

    talk.follow(work)
    assert positions(talk.out, "passages_open") == []
    assert max(positions(talk.out, "passages"), default=0) <= 50


def test_where_the_tables_cannot_be_written_it_ends_in_one_line_and_the_same_command_goes_on(talk: Talk) -> None:
    async def work(follower: Follower) -> None:
        talk.say(SAID[:50])
        await settle_all(follower)

    async def end(follower: Follower) -> None:
        await follower.finish("midnight")

    talk.out.mkdir()
    (talk.out / "tables").touch()  # somebody has put a file there
    with pytest.raises(PublishError, match="tables"):
        talk.follow(work)
    (talk.out / "tables").unlink()
    talk.say(SAID[50:])
    talk.follow(end)
    assert_whole(talk.out, DAY.isoformat(), {DOC: SAID})
    assert_ledger_is_complete(talk.out)


def test_one_process_follows_a_profile_into_an_out(talk: Talk) -> None:
    async def nothing(follower: Follower) -> None:
        pass

    talk.out.mkdir()
    with Journal(talk.out, "news"), pytest.raises(InputError, match="another process follows"):
        talk.follow(nothing)


def test_a_day_without_a_sentence_ends_without_a_trace(talk: Talk) -> None:
    async def end(follower: Follower) -> Any:
        return await follower.finish("midnight")

    talk.say([])
    tick = talk.follow(end)
    assert (tick.arrived, tick.settled, tick.troubles) == (0, 0, ())
    assert rows(talk.out, "documents") == []
