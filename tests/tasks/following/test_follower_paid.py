"""A follow that pays: its caps, and kills at any moment, after which no answer is paid for again."""

import random
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from nightdesk.tasks.following import follower as follower_module
from nightdesk.tasks.following.calls.spending import Caps
from nightdesk.tasks.following.follower import Follower
from nightdesk.tasks.following.steady_auditor import SteadyAuditor
from nightdesk.tasks.tables.audit import Auditor
from tests.servers.playing import Playing
from tests.tables import assert_ledger_is_complete, assert_whole, rows
from tests.tasks.following.followed import DOC, Talk, settle_all, ticks
from tests.tasks.following.paid import WORLD, life, paid_profile
from tests.tasks.made import DAY
from tests.texts import evening

SAID = [text for _, text in evening(5, 10)]
KILLS = 10


def grow(path: Path, sentences: list[str]) -> None:
    with path.open("a", encoding="utf-8") as f:
        f.writelines(f"{s}\n" for s in sentences)


@pytest.fixture
def talk(cluster: str, tmp_path: Path) -> Talk:
    source = tmp_path / "source"
    source.mkdir()
    return Talk(cluster, source, tmp_path / "out")


@pytest.fixture
def quick(audits: Auditor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower_module, "SteadyAuditor", lambda: SteadyAuditor(lambda: nullcontext(audits)))


@pytest.mark.usefixtures("quick")
def test_chunks_wait_beyond_a_cap_and_are_left_to_a_night_when_the_day_ends(
    talk: Talk, stand_in: Callable[..., Playing]
) -> None:
    profile = paid_profile(talk.cluster, stand_in(WORLD).openai_url)

    async def work(follower: Follower) -> None:
        talk.say(SAID)
        tick = await ticks(follower, lambda tick: tick.waiting > 0 and not follower.is_settling and tick.dollars > 0)
        assert tick.provisional >= tick.waiting  # what waits is filed provisionally
        assert tick.dollars <= cap
        await follower.finish("midnight")

    cap = 0.02
    talk.follow(work, profile=profile, caps=Caps(day_usd=cap))
    assert_whole(talk.out, DAY.isoformat(), {DOC: SAID})
    (document,) = rows(talk.out, "documents")
    assert 0 < document["unpaid"] < len(SAID)
    assert document["unpaid"] == document["unplaced"]
    assert "budget" in {p["reason"].partition(":")[0] for p in rows(talk.out, "passages") if p["reason"]}
    assert 0 < sum(c["cost_usd"] for c in rows(talk.out, "calls")) <= cap
    assert_ledger_is_complete(talk.out)


@pytest.mark.usefixtures("quick")
def test_a_follow_that_goes_on_counts_what_the_one_before_has_spent(
    talk: Talk, stand_in: Callable[..., Playing]
) -> None:
    profile = paid_profile(talk.cluster, stand_in(WORLD).openai_url)

    async def begin(follower: Follower) -> float:
        talk.say(SAID[:60])
        tick = await settle_all(follower)
        await follower.stop()
        return tick.dollars

    async def go_on(follower: Follower) -> float:
        return (await follower.tick(follower_module.datetime.now().astimezone())).dollars

    spent = talk.follow(begin, profile=profile)
    assert spent == pytest.approx(sum(c["cost_usd"] for c in rows(talk.out, "calls")))
    assert talk.follow(go_on, profile=profile) == pytest.approx(spent)


@pytest.mark.usefixtures("quick")
def test_a_call_that_hangs_holds_up_its_own_stream_alone(talk: Talk, stand_in: Callable[..., Playing]) -> None:
    server, other = stand_in(WORLD), talk.source / "other.txt"
    profile = paid_profile(talk.cluster, server.openai_url)
    server.control("hold", texts=["zebra"])

    def settled(stream: str) -> int:
        return sum(p["doc_id"].startswith(stream) for p in rows(talk.out, "passages"))

    async def work(follower: Follower) -> None:
        talk.say(["A zebra is never answered.", *SAID[:40]])  # both are asked about at once, and then the other goes on
        grow(other, SAID[:30])
        await ticks(follower, lambda _: settled("other") > 0)
        first = settled("other")
        grow(other, SAID[30:60])
        tick = await ticks(follower, lambda _: settled("other") > first)
        assert server.control("hold")["waiting"] > 0
        assert settled("talk") == 0
        assert tick.waiting > 0
        assert tick.lag_s > 0
        server.control("hold", texts=[])
        await settle_all(follower)
        await follower.finish("midnight")

    talk.follow(work, profile=profile, sources=[str(talk.source)])
    day = DAY.isoformat()
    assert_whole(talk.out, day, {DOC: ["A zebra is never answered.", *SAID[:40]], f"other@{day}": SAID[:60]})
    assert_ledger_is_complete(talk.out)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("fault", ["server_error", "rate_limited_silently", "cut"])
def test_while_no_model_answers_chunks_wait_and_nothing_is_unplaced_for_it(
    talk: Talk, stand_in: Callable[..., Playing], fault: str
) -> None:
    server = stand_in(WORLD)
    known = paid_profile(talk.cluster, server.openai_url)
    short = {"outage_s": 0.2, "deadline_s": 0.2, "patience_s": 0.2}  # a night would give up at once
    profile = known.model_copy(update={"limits": known.limits.model_copy(update=short)})

    async def work(follower: Follower) -> None:
        server.control("trouble", fault=fault)
        talk.say(SAID[:50])
        asked = len(server.log())
        await ticks(follower, lambda _: len(server.log()) > asked + 8)  # each model has failed again and again
        talk.say(SAID[50:60])
        tick = await ticks(follower, lambda tick: tick.provisional == 60)  # the newest sentences go on
        assert tick.waiting > 0
        assert rows(talk.out, "passages") == []
        server.control("reset")
        await settle_all(follower)
        await follower.finish("midnight")

    talk.follow(work, profile=profile)
    assert_whole(talk.out, DAY.isoformat(), {DOC: SAID[:60]})
    (document,) = rows(talk.out, "documents")
    assert (document["failed"], document["unplaced"]) == (0, 0)
    assert_ledger_is_complete(talk.out)


@pytest.mark.usefixtures("quick")
def test_a_day_ends_though_no_model_answers_and_leaves_the_rest_to_a_night(
    talk: Talk, stand_in: Callable[..., Playing]
) -> None:
    server = stand_in(WORLD)
    known = paid_profile(talk.cluster, server.openai_url)
    profile = known.model_copy(update={"limits": known.limits.model_copy(update={"outage_s": 1.0})})

    async def work(follower: Follower) -> None:
        server.control("trouble", fault="server_error")
        talk.say(SAID[:50])
        await ticks(follower, lambda tick: tick.waiting > 0 and follower.is_settling)
        await follower.finish("midnight")

    talk.follow(work, profile=profile)
    assert_whole(talk.out, DAY.isoformat(), {DOC: SAID[:50]})
    (document,) = rows(talk.out, "documents")
    assert document["failed"] == 50
    assert rows(talk.out, "passages_open") == []


@pytest.mark.slow
def test_after_kills_at_any_moment_every_sentence_stands_once_and_no_answer_was_paid_twice(
    talk: Talk, stand_in: Callable[..., Playing]
) -> None:
    server, dice = stand_in(WORLD), random.Random(7)
    server.control("reset")
    killed: list[float] = []
    share = len(SAID) // KILLS
    for k in range(KILLS):
        talk.number += 1
        process, opened = life(talk, server.openai_url)
        if k % 2:
            assert opened.wait(120)
        else:  # also while it begins, and publishes what the one before has settled
            time.sleep(dice.uniform(1.0, 12.0))
        for j in range(k * share, (k + 1) * share, 4):
            talk.say(SAID[j : min(j + 4, (k + 1) * share)])
            time.sleep(dice.uniform(0.0, 1.5))
        process.kill()
        killed.append(time.time())
        process.join()
    talk.say(SAID[KILLS * share :])
    talk.number += 1
    process, _ = life(talk, server.openai_url, is_last=True)
    process.join(400)
    assert process.exitcode == 0
    assert_whole(talk.out, DAY.isoformat(), {DOC: SAID})
    assert rows(talk.out, "passages_open") == []
    again, answered = [], {}
    for seen in server.log():
        first = answered.get(seen["body"])
        if first is not None and not any(first["at"] <= at <= first["done"] + 1.0 for at in killed):
            again.append(seen)
        if seen["status"] == 200:
            answered.setdefault(seen["body"], seen)
    assert again == []
    calls = rows(talk.out, "calls")
    assert len({c["call_id"] for c in calls}) == len(calls)
    decided = {c["decision_id"] for c in calls if c["purpose"] == "serve"}
    assert {c["decision_id"] for c in calls if c["served"]} == decided
