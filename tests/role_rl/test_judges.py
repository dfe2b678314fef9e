"""Who judges whom, and what judgements make together."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.role_rl.arms import Arm, Prior, Settings
from nightdesk.role_rl.judges import (
    LABELS,
    Pair,
    combined,
    judge_weights,
    judging_shares,
    may_judge,
    panel,
    reliability,
    standings,
)
from nightdesk.role_rl.sufficient_stats import Sums

POOL = (
    Arm("opus", "anthropic"),
    Arm("haiku", "anthropic"),
    Arm("mini", "openai"),
    Arm("mini", "openai", lane="batch"),
    Arm("llama", "meta"),
    Arm("words", "baseline", judges=False),
)


@pytest.mark.parametrize("arm", POOL, ids=lambda arm: arm.name)
def test_nobody_is_judged_by_itself_its_family_or_a_baseline(arm: Arm) -> None:
    judges = panel(arm, POOL, "unit", size=10)
    assert judges
    assert all(judge.family != arm.family and judge.model != arm.model and judge.judges for judge in judges)
    assert len({judge.model for judge in judges}) == len(judges)


@given(st.text(), st.permutations(POOL))
def test_a_panel_depends_on_the_decision_and_not_on_the_order_of_the_pool(key: str, pool: list[Arm]) -> None:
    assert panel(POOL[0], pool, key, 2) == panel(POOL[0], POOL, key, 2)


def test_all_judges_get_their_turn_and_judge_at_once() -> None:
    first = [panel(POOL[0], POOL, f"unit-{n}")[0] for n in range(200)]
    assert 60 < sum(judge.model == "mini" for judge in first) < 140
    assert {judge.lane for judge in first} == {"sync"}


def test_a_duel_is_given_to_a_judge_of_both() -> None:
    for n in range(50):
        one = panel(POOL[0], POOL, f"unit-{n}", 1, rivals=(POOL[2],))
        other = panel(POOL[2], POOL, f"unit-{n}", 1, rivals=(POOL[0],))
        assert one == other == (POOL[4],)


def test_a_pool_of_one_has_no_board() -> None:
    assert panel(POOL[0], POOL[:2], "unit") == ()


def test_a_row_without_a_family_is_settled_by_the_pool() -> None:
    assert not may_judge("haiku", "", "opus", "anthropic", POOL)
    assert not may_judge("words", "baseline", "opus", "anthropic", POOL)
    assert not may_judge("", "", "opus", "anthropic", POOL)
    assert may_judge("retired", "meta", "opus", "anthropic", POOL)


def test_weights_are_equal_until_reliability_is_known() -> None:
    known = {"a": 30.0, "b": 10.0}
    assert judge_weights(["a", "b"]) == judge_weights(["a", "b"], known, 29) == {"a": 0.5, "b": 0.5}
    assert judge_weights(["a", "b"], known, 30) == {"a": 0.75, "b": 0.25}
    assert judge_weights(["a", "c"], known, 30) == {"a": 0.5, "c": 0.5}
    assert judge_weights([]) == {}


def test_several_judgements_are_one_accuracy() -> None:
    assert combined([0.5, 1.0], [0.75, 0.25]) == pytest.approx(0.625)
    assert combined([], []) is None


def answered(judges: dict[str, tuple[float, float]], items: int, seed: int = 1) -> dict[Pair, Sums]:
    """Differences of judges with these offsets and noises, two of them for each answer."""
    dice = random.Random(seed)
    apart: dict[Pair, list[tuple[float, float]]] = {}
    for _ in range(items):
        one, other = sorted(dice.sample(sorted(judges), 2))
        first, second = (0.0 + judges[name][0] + dice.gauss(0, judges[name][1]) for name in (one, other))
        apart.setdefault((one, other), []).append((first - second, 1.0))
    return {pair: Sums.of(values) for pair, values in apart.items()}


def test_offset_and_noise_of_judges_are_found_from_doubly_judged_answers() -> None:
    judges = {"mild": (0.06, 0.05), "harsh": (-0.06, 0.05), "vague": (0.0, 0.2), LABELS: (0.0, 0.0)}
    found = standings(answered(judges, 2000))
    assert found is not None
    assert LABELS not in found
    for name in ("mild", "harsh", "vague"):
        assert found[name].offset == pytest.approx(judges[name][0], abs=0.02)
        assert found[name].noise == pytest.approx(judges[name][1], abs=0.03)
    weights, items = reliability(answered(judges, 2000))
    shares = judge_weights(["mild", "vague"], weights, items)
    assert shares["mild"] > 0.85


def test_little_is_said_of_judges_by_few_answers() -> None:
    judges = {"mild": (0.2, 0.05), "harsh": (-0.2, 0.05), "vague": (0.0, 0.4)}
    assert standings(answered(judges, 29)) is None
    assert reliability(answered(judges, 29)) == (None, 29)
    few = standings(answered(judges, 30))
    assert few is not None
    assert all(abs(one.offset) < 0.2 for one in few.values())  # pooled towards nothing


def test_the_judge_of_the_profile_judges_whom_it_may() -> None:
    for n in range(20):
        assert panel(POOL[0], POOL, f"unit-{n}", 2, judge="llama") == (POOL[4],)
        assert "llama" not in {other.model for other in panel(POOL[4], POOL, f"unit-{n}", 2, judge="llama")}


def test_cheap_judges_are_asked_more_often_and_every_judge_gets_its_turn() -> None:
    prices = {"dear": 0.03, "cheap": 0.001, "free": 0.0}
    arms = [Arm(name, name, prior=Prior(cost_usd=usd)) for name, usd in prices.items()] + [Arm("asked", "asked")]
    shares = judging_shares(arms, Settings("news", k_cost=10))
    asked = Counter(panel(arms[-1], arms, str(k), shares=shares)[0].name for k in range(4_000))
    total = sum(shares[name] for name in prices)
    for name in prices:
        assert asked[name] / 4_000 == pytest.approx(shares[name] / total, abs=0.03)
    assert asked["dear"] > 0
    assert panel(arms[-1], arms, "one", shares=shares) == panel(arms[-1], arms[::-1], "one", shares=shares)
