"""Nights in worlds of known numbers: small versions of what benchmarks/ measures."""

from dataclasses import replace
from pathlib import Path

import pytest

from nightdesk.role_rl.simulation.environments import World, parse_world
from nightdesk.role_rl.simulation.simulate import SimulatedOutcome, settings_of, simulate

MODELS = Path(__file__).parents[3] / "benchmarks" / "models.toml"


@pytest.fixture(scope="module")
def shipped_world() -> World:
    return parse_world(MODELS.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def played(shipped_world: World) -> list[SimulatedOutcome]:
    return [simulate(shipped_world, 14, seed) for seed in (1, 3)]


def test_the_best_arms_lead_soon_and_again_after_a_change(played: list[SimulatedOutcome]) -> None:
    for outcome in played:
        assert all(nights is not None and nights <= 5 for nights in outcome.nights_to_lead.values())
        assert outcome.recovery
        assert all(nights is not None and nights <= 3 for nights in outcome.recovery.values())


def test_most_of_the_dollars_are_saved_with_judging_paid(played: list[SimulatedOutcome]) -> None:
    for outcome in played:
        assert outcome.saved > 0.6
        assert outcome.accuracy_short < 0.03
        assert 0 < outcome.judging_share < 0.3
        assert outcome.regret < 0.03


def test_the_published_rule_spends_more_than_it_serves_for(shipped_world: World) -> None:
    rule = simulate(shipped_world, 4, 1, settings_of(shipped_world, "q-learning"), decisions=100)
    ours = simulate(shipped_world, 4, 1, decisions=100)
    assert rule.judged >= 1  # every decision, and both answers of its duels
    assert rule.saved < ours.saved


def test_a_seed_plays_the_same_nights_again(shipped_world: World) -> None:
    assert simulate(shipped_world, 2, 5, decisions=60) == simulate(shipped_world, 2, 5, decisions=60)


def test_a_limit_of_dollars_is_kept_and_what_it_costs_is_said(shipped_world: World) -> None:
    free = simulate(shipped_world, 6, 2, decisions=150)
    limit = 0.5 * free.nights[-1].serving_usd
    tight = replace(settings_of(shipped_world), serving_usd=limit, floors={"content_organizer": 0.9})
    held = simulate(shipped_world, 6, 2, tight, decisions=150)
    assert held.nights[-1].serving_usd < 1.4 * limit  # what is expected fits; a night's luck does not
