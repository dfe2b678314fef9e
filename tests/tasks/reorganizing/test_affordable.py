"""What a run's dollars reach for: whole documents, in order; the rest waits."""

from collections.abc import Callable
from typing import Any

import pytest

from nightdesk.tasks.calling.plans import Plans
from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.reorganizing.affordable import Purse
from nightdesk.tasks.reorganizing.batches.spending import Spending
from nightdesk.tasks.reorganizing.relating.topic_questions import Topics, without_vectors
from tests.servers.playing import Playing
from tests.tables import rows
from tests.tasks.house import House
from tests.tasks.made import document
from tests.tasks.reorganizing.ran import EVERY

DEAR = {"name": "north", "family": "arctic", "provider": "openai", "base_url": "http://127.0.0.1:9/v1"}
DEAR |= {"prices": {"input": 1.0, "output": 4.0}, "max_output_tokens": 256}
FREE = {"name": "lexical", "family": "own", "provider": "embedded"}


class Dollars:
    """A router of which only its dollars are looked at."""

    greedy = False

    def __init__(self, dollars: float, *models: dict[str, Any]) -> None:
        known = load_profile("news").model_dump() | {"models": models, "learner": {}}
        self.profile = Profile.model_validate(known | {"limits": {"max_cost_usd": dollars}})
        self.plans, self.spent = Plans(self.profile, lambda version: None, False), 0.0
        self.after = Spending(self)  # type: ignore[arg-type]


def purse(router: Dollars) -> Purse:
    return Purse(router, 0, router.after)  # type: ignore[arg-type]


def cost_of(name: str) -> float:
    """Return what a document is expected to cost: what the least budget is that admits it, as its refusal says."""
    refusal = purse(Dollars(0.0, DEAR)).refusal(document(name, 60))
    assert refusal is not None
    return float(refusal.reason.partition("may cost $")[2].partition(",")[0])


def test_documents_are_admitted_while_dollars_cover_all_their_roles() -> None:
    router = Dollars(4 * cost_of("a"), DEAR)
    its = purse(router)
    first = [its.refusal(document(name, 60)) is None for name in "abcdef"]
    assert first == sorted(first, reverse=True)
    assert 1 <= sum(first) <= 3  # half of the dollars, as nothing is known of what calls take
    router.spent = sum(first) * cost_of("a") / 1.5
    router.after.note(1)
    its.settle()
    then = [its.refusal(document(name, 60)) is None for name in "abcdef"]
    assert 1 <= sum(then) < 6
    assert sum(first) + sum(then) <= 4


def test_a_batch_that_was_dearer_than_expected_makes_the_next_smaller() -> None:
    router = Dollars(20 * cost_of("a"), DEAR)
    its = purse(router)
    assert its.refusal(document("a", 60)) is None
    router.spent = 12 * cost_of("a")
    router.after.note(1)
    its.settle()
    refusal = its.refusal(document("b", 60))  # it may take as much again
    assert refusal is not None
    assert refusal.cause == "budget"
    assert "are left; raise limits.max_cost_usd" in refusal.reason


def test_without_dollars_every_document_waits_unless_each_role_has_a_model_that_is_free() -> None:
    assert purse(Dollars(0.0, DEAR)).refusal(document("a", 60)) is not None
    assert purse(Dollars(0.0, DEAR, FREE)).refusal(document("a", 60)) is None
    free = DEAR | {"prices": {"input": 0.0, "output": 0.0}}
    assert purse(Dollars(0.0, free)).refusal(document("a", 60)) is None


WORLD = f"""
[[models]]
name = "north"
family = "arctic"
accuracy = {EVERY}
"""


def test_a_night_of_few_dollars_serves_whole_documents_and_names_the_rest(
    house: House, stand_in: Callable[..., Playing]
) -> None:
    for k in range(6):
        told = "".join(f"Officials said that bridge {k} would be shut for {j} days. " for j in range(60))
        (house.source / f"doc{k}.txt").write_text(told, encoding="utf-8")
    url = {"base_url": stand_in(WORLD).openai_url, "form": "json_schema"}
    run = house.night("run-1", profile=Dollars(0.02, DEAR | url).profile)
    placed: dict[str, set[bool]] = {}
    for p in rows(house.out, "passages"):
        placed.setdefault(p["doc_id"], set()).add(p["category"] != "unplaced")
    assert sorted(placed) == [f"doc{k}" for k in range(6)]
    waiting = sorted(name for name, its in placed.items() if its == {False})
    assert 0 < len(waiting) < 6
    assert all(its == {True} for name, its in placed.items() if name not in waiting)  # never half a document
    assert sorted(run.totals.waiting) == waiting
    assert run.router.ledger.refused == 0
    assert 0 < run.router.spent <= 0.02
    reasons = {d["doc_id"]: d["reason"] or "" for d in rows(house.out, "documents")}
    assert all("waits for the next night: budget" in reasons[name] for name in waiting)


@pytest.mark.parametrize("n", [1, 40])
def test_a_forecast_needs_no_event_loop(n: int) -> None:
    router = Dollars(0.0, DEAR)
    topics = Topics(["a title"] * n, [["A sentence."] * 3] * n, "en")
    made = without_vectors(topics, router.plans.budgets_of("relationship_checker", 0, "en"))
    assert bool(made.asked) == (n > 1)
