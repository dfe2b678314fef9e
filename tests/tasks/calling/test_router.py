"""Calls: every question gets an answer or a reason, and none is paid for twice."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nightdesk.tasks.calling import retries
from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.dask.pool import fan_out
from nightdesk.tasks.calling.outcomes import Outcome
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.roles.format_checker import check
from nightdesk.tasks.roles.registry import MODULES
from tests.servers.playing import Playing
from tests.tasks.calling.made import NEWS, ask, questions, served, with_changes
from tests.tasks.made import DAY


def test_every_question_gets_an_answer_that_passes_the_gate(cluster: str, out: Path) -> None:
    units = questions(20)
    asked = ask(cluster, out, units)
    for unit, outcome in zip(units, asked.outcomes, strict=True):
        assert outcome.answer is not None
        assert check(unit.request, outcome.answer, MODULES[unit.request.role].check) == []
    assert sorted((r["unit"], r["role"]) for r in served(asked.rows)) == sorted((u.unit, u.request.role) for u in units)
    for r in asked.rows:
        assert r["valid"]
        assert (r["attempts"], r["error"], r["cost_usd"]) == (1, None, 0.0) or r["from_cache"]
        assert (r["propensity"] is None) == (r["purpose"] == "judge")
    assert asked.made == len([r for r in asked.rows if not r["from_cache"]])


def test_a_rerun_asks_nothing_and_draws_the_same_models(cluster: str, out: Path) -> None:
    units = questions(20)
    first, again = ask(cluster, out, units), ask(cluster, out, units, run_id="run-2")
    assert again.made == 0
    assert again.outcomes == first.outcomes
    assert all(r["from_cache"] and r["cost_usd"] == 0 and r["attempts"] == 0 for r in again.rows)
    drawn = [
        sorted((r["decision_id"], r["model"], r["purpose"]) for r in a.rows if r["purpose"] != "judge")
        for a in (first, again)
    ]
    assert drawn[0] == drawn[1]


def test_what_a_killed_run_paid_for_is_booked_by_the_next_at_its_first_cost(cluster: str, out: Path) -> None:
    units = questions(20)
    first = ask(cluster, out, units, claims=False)
    again = ask(cluster, out, units, run_id="run-2")
    assert (first.made > 0, again.made) == (True, 0)
    assert again.outcomes == first.outcomes
    paid = [r for r in again.rows if not r["from_cache"]]
    assert len(paid) == first.made
    assert {r["run_id"] for r in paid} == {"run-2"}
    assert len({r["call_id"] for r in again.rows}) == len(again.rows)
    assert len(served(again.rows)) == len(units)


def test_one_question_of_several_documents_is_answered_once(cluster: str, out: Path) -> None:
    units = [u for name in ("a", "b", "c") for u in questions(1, name)]
    asked = ask(cluster, out, units)
    assert len({(r["answer_key"]) for r in asked.rows if not r["from_cache"]}) == asked.made
    assert len(served(asked.rows)) == len(units)
    assert asked.outcomes[:2] == asked.outcomes[2:4] == asked.outcomes[4:]


def test_a_model_that_the_budget_cannot_pay_is_replaced_by_one_that_is_free(cluster: str, out: Path) -> None:
    dear = [m.model_dump() for m in NEWS.models]
    dear[0]["prices"] = {"input": 1.0, "output": 1.0}
    asked = ask(cluster, out, questions(10), with_changes(models=dear))
    assert all(o.answer is not None and o.model != "static" for o in asked.outcomes)
    refused = [r for r in asked.rows if r["model"] == "static" and r["purpose"] == "serve"]
    assert refused
    assert all("max_cost_usd" in r["error"] and not r["valid"] and not r["served"] for r in refused)


def test_what_nobody_answers_in_time_has_a_reason_and_is_asked_again_by_the_next_run(cluster: str, out: Path) -> None:
    units, hasty = questions(1)[:1], with_changes(limits={"call_timeout_s": 1e-6, "attempts": 1})
    asked = ask(cluster, out, units, hasty)
    assert asked.outcomes == [Outcome(None, None, "topic_finder: no answer within 1e-06 s", "models")]
    assert all(not r["valid"] and not r["served"] and r["error"] for r in asked.rows)
    assert {r["purpose"] for r in asked.rows} >= {"serve", "fallback"}  # no repair: there is nothing to mend
    (outcome,) = ask(cluster, out, units, run_id="run-2").outcomes
    assert outcome.answer is not None


BUSY = """
[[models]]
name = "busy"
family = "tropic"
accuracy = { content_organizer = 1.0, topic_finder = 1.0 }
retry_after_s = 0.2
faults = { rate_limited = 0.6 }
"""


def busy(server: Playing, **limits: Any) -> Profile:
    """Return a profile whose only model is often too busy."""
    model = {"name": "busy", "family": "tropic", "provider": "openai", "base_url": server.openai_url}
    return with_changes(
        models=[{**model, "prices": {"input": 1.0, "output": 1.0}}], limits={"max_cost_usd": 9, **limits}
    )


def test_when_all_models_rest_the_first_that_comes_back_is_asked(
    cluster: str, out: Path, stand_in: Callable[..., Playing]
) -> None:
    asked = ask(cluster, out, questions(4), busy(stand_in(BUSY), patience_s=0))
    assert all(o.answer is not None for o in asked.outcomes)
    assert any("429" in (r["error"] or "") or "rests" in (r["error"] or "") for r in asked.rows)
    assert all(r["usage"] and not r["usage_estimated"] and r["cost_usd"] > 0 for r in served(asked.rows))


def test_nobody_waits_beyond_the_deadline(
    cluster: str, out: Path, stand_in: Callable[..., Playing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "REFUSED_S", 60.0)  # the second question is to find the model at rest
    server = stand_in(BUSY.replace("0.6", "1.0").replace("0.2", "60"))
    asked = ask(cluster, out, questions(1), busy(server, patience_s=0, deadline_s=0.1))
    reasons = sorted(o.reason or "" for o in asked.outcomes if o.answer is None)
    assert [("429" in r, "busy rests for" in r) for r in reasons] == [(False, True), (True, False)]


def test_a_provider_that_does_nothing_but_fail_is_given_up_and_what_is_left_says_since_when(
    cluster: str, out: Path, stand_in: Callable[..., Playing]
) -> None:
    server = stand_in(BUSY.replace("rate_limited = 0.6", "server_error = 1.0"))
    asked = ask(cluster, out, questions(4), busy(server, outage_s=1.0, attempts=1))
    reasons = [o.reason or "" for o in asked.outcomes]
    assert all(o.answer is None and o.cause == "models" for o in asked.outcomes)
    assert (
        sum("busy is out since" in r and "500" in r for r in reasons) >= 4
    )  # but for the first, which nothing was known of
    assert all(r["cost_usd"] == 0 for r in asked.rows)  # nobody is charged for an error


def test_a_call_that_was_sent_and_never_answered_is_booked_at_the_most_that_it_can_cost(
    cluster: str, out: Path, stand_in: Callable[..., Playing]
) -> None:
    server = stand_in(BUSY.replace("rate_limited = 0.6", "slow = 1.0"))
    asked = ask(cluster, out, questions(1)[:1], busy(server, outage_s=0.5, attempts=1, call_timeout_s=0.5))
    sent = [r for r in asked.rows if r["attempts"]]
    assert sent
    assert all(r["usage_estimated"] and r["cost_usd"] > 0 and "reserved_usd" in r["usage"] for r in sent)


def test_two_runs_of_one_out_at_once_share_their_answers_and_ask_nothing_twice(
    cluster: str, out: Path, stand_in: Callable[..., Playing]
) -> None:
    server = stand_in(BUSY.replace("faults = { rate_limited = 0.6 }", "latency_s = { median = 0.2 }"))
    server.control("reset")
    profile, units = busy(server), questions(6)

    async def one(run_id: str) -> list[Outcome]:
        store = Store(out, run_id)
        try:
            async with fan_out(cluster, 2, 60.0) as pool:
                return await Router(profile, DAY, lambda version: None, store, pool).ask(units, lambda: None)
        finally:
            store.close()

    async def both() -> list[list[Outcome]]:
        return list(await asyncio.gather(one("run-1"), one("run-2")))

    first, second = asyncio.run(both())
    assert all(o.answer is not None for o in first)
    assert [o.answer for o in first] == [o.answer for o in second]
    assert server.counts()["duplicates"] == 0
