"""Lane batch, against the stand-in server over both SDKs: half the price, nothing sent twice, nothing lost."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.answers.storage_errors import StoreError
from nightdesk.tasks.calling.batch_journal import Outstanding
from nightdesk.tasks.calling.call_rows import Unit
from nightdesk.tasks.calling.dask.pool import fan_out
from nightdesk.tasks.calling.outcomes import Outcome
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.roles import content_organizer
from tests.servers.playing import Playing
from tests.tasks.made import CATEGORIES, DAY, Row

WORLD = """
[[models]]
name = "patient"
family = "lowland"
brain = "baseline"
accuracy = { content_organizer = 1.0 }
"""
NEWS = load_profile("news")


@pytest.fixture
def server(stand_in: Callable[..., Playing]) -> Playing:
    server = stand_in(WORLD)
    server.control("reset")
    server.control("batches", delay_s=0.0, fail=0.0, expire=0.0, most_requests=50_000)
    return server


@pytest.fixture(params=["openai", "anthropic"])
def profile(request: pytest.FixtureRequest, server: Playing) -> Profile:
    """A pool of one model that is reached over lane batch."""
    model = {
        "name": "patient",
        "family": "lowland",
        "provider": request.param,
        "base_url": server.openai_url if request.param == "openai" else server.url,
        "form": "json_schema",
        "lane": "batch",
        "prices": {"input": 2.0, "output": 10.0},
    }
    return _with(NEWS, models=[model], limits={"max_cost_usd": 100.0}, provider_batches={"poll_s": 0.1})


def _with(profile: Profile, **tables: Any) -> Profile:
    return Profile.model_validate(profile.model_dump() | tables)


def _units(n: int) -> list[Unit]:
    texts = [[f"Officials said {j} people saw the flood in district {k}." for j in range(9)] for k in range(n)]
    requests = [content_organizer.make_request(t, "en", CATEGORIES) for t in texts]
    return [Unit("d", f"d/c{k:05d}", 0, request) for k, request in enumerate(requests)]


def _ask(
    cluster: str,
    out: Path,
    profile: Profile,
    units: Sequence[Unit],
    run_id: str = "run-1",
    until: Callable[[], bool] | None = None,
) -> tuple[list[Outcome], list[Row]]:
    """Ask as a run would. until: once it is true, the run is cancelled and leaves its store behind."""
    out.mkdir(exist_ok=True)

    async def main() -> tuple[list[Outcome], list[Row]]:
        store = Store(out, run_id)
        try:
            store.adopt()
            async with fan_out(cluster, 2, profile.limits.call_timeout_s) as pool:
                desk = Router(profile, DAY, lambda version: None, store, pool)
                asking = asyncio.create_task(desk.ask(units, lambda: None))
                while until is not None and not asking.cancelling() and not asking.done():
                    if await asyncio.to_thread(until):
                        asking.cancel()
                    await asyncio.sleep(0.05)
                outcomes = await asking
                return outcomes, desk.ledger.rows(store.claim("part"), run_id)[0]
        finally:
            store.close()

    return asyncio.run(main())


def _all_answered(outcomes: Sequence[Outcome]) -> bool:
    return all(o.answer is not None and sum(len(g.numbers) for g in o.answer.groups) == 9 for o in outcomes)


def _lanes(server: Playing) -> dict[str, int]:
    return dict(Counter(seen["lane"] for seen in server.log()))


def _interrupted(cluster: str, out: Path, server: Playing, profile: Profile, units: Sequence[Unit]) -> None:
    """A run is cancelled while its batch is out."""
    server.control("batches", delay_s=3600.0)
    with pytest.raises(asyncio.CancelledError):
        _ask(cluster, out, profile, units, until=lambda: server.counts()["batches"] > 0)
    assert server.counts()["batches"] == 1
    server.control("batches", delay_s=0.0)


def test_a_batch_answers_at_half_the_price(cluster: str, out: Path, server: Playing, profile: Profile) -> None:
    outcomes, rows = _ask(cluster, out, profile, _units(20))
    assert _all_answered(outcomes)
    assert _lanes(server) == {"batch": 20}
    assert server.counts()["batches"] == 1
    for row in rows:
        assert (row["lane"], row["valid"], row["attempts"], row["model"]) == ("batch", True, 1, "patient")
        full_price = (row["input_tokens"] * 2.0 + row["output_tokens"] * 10.0) / 1e6
        assert row["cost_usd"] == pytest.approx(full_price / 2)
    _ask(cluster, out, profile, _units(20), "run-2")
    assert server.counts()["requests"] == 20  # the store has them


@pytest.mark.parametrize("step", ["intend", "made"])
def test_a_store_that_fails_ends_the_run_and_leaves_nobody_waiting(
    cluster: str, out: Path, server: Playing, profile: Profile, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fails(*arguments: object) -> None:
        raise StoreError("answers.db: the disk is full")

    monkeypatch.setattr(Outstanding, step, fails)
    with pytest.raises(StoreError, match="the disk is full"):
        _ask(cluster, out, profile, _units(3))


def test_a_cancelled_run_is_resumed_and_nothing_is_sent_twice(
    cluster: str, out: Path, server: Playing, profile: Profile
) -> None:
    _interrupted(cluster, out, server, profile, _units(12))
    outcomes, rows = _ask(cluster, out, profile, _units(15), "run-2")  # three more questions than before
    assert _all_answered(outcomes)
    assert len(rows) == 15
    counts = server.counts()
    assert (counts["requests"], counts["duplicates"], counts["batches"]) == (15, 0, 2)


def test_a_batch_whose_id_was_never_written_down_is_found(
    cluster: str, out: Path, server: Playing, profile: Profile
) -> None:
    _interrupted(cluster, out, server, profile, _units(12))
    with closing(sqlite3.connect(out / "answers.db")) as db, db:
        assert db.execute("UPDATE batches SET batch_id = NULL").rowcount == 1  # as if killed right after making it
    outcomes, _ = _ask(cluster, out, profile, _units(12), "run-2")
    assert _all_answered(outcomes)
    counts = server.counts()
    assert (counts["requests"], counts["duplicates"], counts["batches"]) == (12, 0, 1)


def test_a_batch_that_was_only_intended_is_made_anew(
    cluster: str, out: Path, server: Playing, profile: Profile
) -> None:
    _interrupted(cluster, out, server, profile, _units(12))
    with closing(sqlite3.connect(out / "answers.db")) as db, db:  # as if killed right before making it
        db.execute("UPDATE batches SET batch_id = NULL, marker = 'nd0', size = 99")
        db.execute("UPDATE outstanding SET marker = 'nd0'")
    outcomes, _ = _ask(cluster, out, profile, _units(12), "run-2")
    assert _all_answered(outcomes)
    assert server.counts()["batches"] == 2


def test_items_that_expired_or_failed_are_sent_again_alone(
    cluster: str, out: Path, server: Playing, profile: Profile
) -> None:
    server.control("batches", expire=0.2, fail=0.2)
    patient = _with(profile, limits={"max_cost_usd": 100.0, "attempts": 10})
    outcomes, rows = _ask(cluster, out, patient, _units(30))
    assert _all_answered(outcomes)
    counts = server.counts()
    assert (counts["requests"], counts["duplicates"]) == (30, 0)  # none that had its answer went up again
    assert counts["batches"] > 1
    assert max(row["attempts"] for row in rows) > 1
    assert min(row["attempts"] for row in rows) == 1


def test_what_is_not_back_by_the_deadline_goes_through_lane_sync(
    cluster: str, out: Path, server: Playing, profile: Profile
) -> None:
    server.control("batches", delay_s=600.0)
    hurried = _with(profile, provider_batches={"poll_s": 0.1, "deadline_s": 1.0})
    outcomes, rows = _ask(cluster, out, hurried, _units(8))
    assert _all_answered(outcomes)
    assert _lanes(server) == {"sync": 8}  # the batch was cancelled before it began
    for row in rows:
        assert row["lane"] == "batch"  # the arm that was drawn, and answers for the delay
        assert row["latency_s"] >= 1.0
        assert row["cost_usd"] == pytest.approx((row["input_tokens"] * 2.0 + row["output_tokens"] * 10.0) / 1e6)


def test_many_questions_are_split_at_the_limits(cluster: str, out: Path, server: Playing, profile: Profile) -> None:
    few = _with(profile, provider_batches={"poll_s": 0.1, "most_requests": 8})
    outcomes, _ = _ask(cluster, out / "few", few, _units(20))
    assert _all_answered(outcomes)
    assert server.counts()["batches"] == 3
    small = _with(profile, provider_batches={"poll_s": 0.1, "most_bytes": 9_000})
    outcomes, _ = _ask(cluster, out / "small", small, _units(12))
    assert _all_answered(outcomes)
    assert server.counts()["batches"] > 3 + 2


def test_a_server_without_batches_is_asked_over_lane_sync(
    cluster: str, out: Path, server: Playing, profile: Profile
) -> None:
    server.control("batches", most_requests=0)  # whatever goes up is refused
    outcomes, _ = _ask(cluster, out, profile, _units(6))
    assert _all_answered(outcomes)
    assert _lanes(server) == {"sync": 6}
