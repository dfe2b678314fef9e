"""Several attempts at one run: Prefect keeps a run's id when it is retried, and may start a run twice."""

import asyncio
import logging
from pathlib import Path

import pytest

from nightdesk.role_rl import state_versions as states
from nightdesk.tasks.calling.answers.answer_store import Store, UnderWay, is_alive
from nightdesk.tasks.calling.answers.turns import once_over
from nightdesk.tasks.config.profile import DocumentBatches, Profile, load_profile
from nightdesk.tasks.learning.catching_up import state_folder
from nightdesk.tasks.learning.learn import learn_from_tables, learn_unseen
from nightdesk.tasks.tables.places import attempt_of, part_name, run_of
from tests.tables import assert_ledger_is_complete, assert_whole, rows
from tests.tasks.house import House
from tests.tasks.made import DAY
from tests.texts import evening, write_evening

RUN = "00000000-0000-0000-0000-00000000000a"
TEXTS = {f"d{k}": [text for _, text in evening(k, 14)] for k in range(3)}


@pytest.fixture
def profile() -> Profile:
    """Two batches of what stands in the source."""
    return load_profile("news").model_copy(update={"document_batches": DocumentBatches(sentences=300)})


@pytest.fixture
def house(house: House) -> House:
    """Three documents to read."""
    for k in range(3):
        write_evening(house.source, f"d{k}", seed=k, passages=14)
    return house


def learned(house: House) -> tuple[str, ...]:
    folder = state_folder(house.out, "news")
    return tuple(run for version in states.versions(folder) for run in states.load(folder, version).from_run_ids)


@pytest.mark.parametrize("dies_after", ["check", "publish"])
def test_a_retried_run_keeps_what_the_killed_attempt_paid(house: House, profile: Profile, dies_after: str) -> None:
    killed = house.night(RUN, profile=profile, dies_after=dies_after)
    published = rows(house.out, "calls")
    assert bool(published) == (dies_after == "publish")
    retried = house.night(RUN, profile=profile)
    assert_whole(house.out, str(DAY), TEXTS)
    assert_ledger_is_complete(house.out)
    paid = [c for c in rows(house.out, "calls") if not c["from_cache"]]
    assert len(paid) == killed.router.ledger.made + retried.router.ledger.made
    assert {c["run_id"] for c in rows(house.out, "calls")} == {RUN}
    assert all(c in rows(house.out, "calls") for c in published)
    assert not list((house.out / "_staging").glob(f"{RUN}*"))


def test_what_an_attempt_taught_is_learned_once_and_the_next_attempt_teaches_the_rest(
    house: House, profile: Profile
) -> None:
    house.night(RUN, profile=profile, dies_after="publish")
    taught = len(rows(house.out, "calls"))
    assert learn_unseen(house.out, profile, DAY, RUN) is not None  # a retry begins so
    (first,) = learned(house)
    house.night(RUN, profile=profile)
    assert len(rows(house.out, "calls")) > taught
    assert learn_from_tables(house.out, profile, DAY, RUN).reason.startswith("Learned from")
    assert len(learned(house)) == 2
    assert learned(house)[0] == first
    assert learn_unseen(house.out, profile, DAY, RUN) is None
    for row in rows(house.out, "weights"):  # and these name runs, as the column says
        assert row["from_run_ids"] == [RUN]


def test_a_completed_run_that_is_retried_pays_nothing_and_teaches_nothing(house: House, profile: Profile) -> None:
    house.night(RUN, profile=profile)
    learn_from_tables(house.out, profile, DAY, RUN)
    newest, _ = states.latest(state_folder(house.out, "news"))
    dollars = sum(c["cost_usd"] for c in rows(house.out, "calls"))
    again = house.night(RUN, profile=profile)
    assert (again.router.ledger.made, again.router.ledger.cost_usd) == (0, 0.0)
    assert_whole(house.out, str(DAY), TEXTS)
    assert_ledger_is_complete(house.out)
    assert sum(c["cost_usd"] for c in rows(house.out, "calls")) == dollars
    learn_from_tables(house.out, profile, DAY, RUN)
    after, _ = states.latest(state_folder(house.out, "news"))
    assert newest is not None and after is not None
    assert {k: p.weights for k, p in after.plans.items()} == {k: p.weights for k, p in newest.plans.items()}
    assert after.tallies == newest.tallies


def test_a_second_process_of_a_run_waits_for_the_first(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = Store(tmp_path, RUN)
    with pytest.raises(UnderWay):
        Store(tmp_path, RUN)

    async def wait() -> None:
        waiting = asyncio.create_task(once_over(lambda: is_alive(tmp_path, RUN), tmp_path, RUN))
        while not caplog.records:
            await asyncio.sleep(0.01)
        assert not waiting.done()
        first.close()
        await waiting

    with caplog.at_level(logging.WARNING):
        asyncio.run(asyncio.wait_for(wait(), 60))
    assert "this one waits" in caplog.text
    Store(tmp_path, RUN).close()


@pytest.mark.parametrize(
    ("name", "attempt", "run"),
    [
        (part_name(RUN, "0a1b2c3d", 12), f"{RUN}.0a1b2c3d", RUN),
        (f"{RUN}-3", RUN, RUN),  # of an earlier version
    ],
)
def test_a_part_tells_its_attempt_and_its_run(name: str, attempt: str, run: str) -> None:
    assert (attempt_of(name), run_of(name)) == (attempt, run)
