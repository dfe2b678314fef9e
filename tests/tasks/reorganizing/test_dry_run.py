"""The forecast: who would be asked how much, how large the questions are, and what it costs."""

from typing import Any

import pytest

from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.messages import ROLES
from nightdesk.tasks.reorganizing.dry_run import Forecast, forecast
from nightdesk.tasks.roles.chunk_splitter import split_document
from tests.tasks.made import document
from tests.tasks.pools import pool, remote


def test_a_forecast_names_the_largest_questions_and_who_is_left_out() -> None:
    texts = [
        f"Officials said that {k} people had left district {k} before the water came on Monday." for k in range(900)
    ]
    foretold = forecast([document("d", texts)], pool(6_000, 200_000), None)
    by_role = {q["role"]: q for q in foretold.questions}
    assert len(by_role) == 4
    for q in by_role.values():
        assert 0 < q["largest_tokens"] <= q["budget_tokens"]
    assert (by_role["relationship_checker"]["budget_tokens"], by_role["relationship_checker"]["set_by"]) == (4500, "m0")
    assert by_role["relationship_checker"]["in_parts"] > 1
    tiny = {q["role"]: q for q in forecast([document("d", texts)], pool(1_000, 200_000), None).questions}
    assert tiny["topic_finder"]["left_out"] == "m0"
    alone = {q["role"]: q for q in forecast([document("d", texts)], pool(3_000), None).questions}
    assert alone["content_organizer"]["in_parts"] > 1
    assert alone["content_organizer"]["largest_tokens"] <= alone["content_organizer"]["budget_tokens"] == 2250


PRICED = {"prices": {"input": 2.0, "output": 10.0}, "context_tokens": 100_000}
TEXTS = [f"Officials said that {k} people had left the town before the water came." for k in range(120)]


def foretell(texts: list[str], *models: dict[str, Any]) -> Forecast:
    given_ = load_profile("news").model_dump() | {"models": list(models), "learner": {}}
    return forecast([document("d", texts)], Profile.model_validate(given_), None)


def test_embedded_models_cost_nothing_and_others_what_their_tokens_cost() -> None:
    rows = foretell(
        TEXTS, remote("far", **PRICED), {"name": "static", "family": "wordllama", "provider": "embedded"}
    ).rows
    assert {r["role"] for r in rows} == set(ROLES)
    for r in rows:
        if r["model"] == "static":
            assert (r["cost_usd"], r["input_tokens"], r["output_tokens"]) == (0, 0, 0)
        else:
            assert r["cost_usd"] == pytest.approx((2 * r["input_tokens"] + 10 * r["output_tokens"]) / 1e6, abs=2e-4)
            assert r["cost_usd"] > 0


def test_one_model_alone_is_asked_every_question_and_nobody_judges_it() -> None:
    rows = foretell(TEXTS, remote("far", **PRICED)).rows
    chunks = len(split_document("d", TEXTS, load_profile("news").chunks))
    calls = {r["role"]: r["calls"] for r in rows}
    assert calls == {role: pytest.approx(1 if role == "relationship_checker" else chunks) for role in ROLES}
    assert all(r["judge_calls"] == 0 for r in rows)


def test_more_text_is_never_foretold_to_cost_less() -> None:
    dollars = [sum(r["cost_usd"] for r in foretell(TEXTS[:n], remote("far", **PRICED)).rows) for n in (1, 30, 60, 120)]
    assert dollars == sorted(dollars)
    assert dollars[0] < dollars[-1]


def test_nothing_to_read_costs_nothing() -> None:
    nothing = forecast([], load_profile("news"), None)
    assert (nothing.rows, nothing.questions) == ([], [])
