"""Estimates from the log, and the gate that stands on them."""

import random

import pytest

from nightdesk.role_rl.arms import Settings
from nightdesk.role_rl.offpolicy import ope, safety_gate
from nightdesk.role_rl.sampling import Plan, decide
from nightdesk.role_rl.sufficient_stats import Sums, Tally, Weighed

NEWS = Settings("news", k_cost=2.0, k_time=0.0)
TRUE = {"a": 0.8, "b": 0.7, "c": 0.5}
DOLLARS = {"a": 0.02, "b": 0.005, "c": 0.001}
VALID = {"a": 1.0, "b": 0.9, "c": 0.95}
LOGGED = Plan({"a": 0.9, "b": 0.07, "c": 0.03}, 0.1, 0.15, {"a": 0.4, "b": 0.4, "c": 0.2})


def worth(weights: dict[str, float]) -> float:
    return sum(share * (TRUE[n] * VALID[n] - 2.0 * DOLLARS[n]) for n, share in weights.items())


def log(seed: int, decisions: int = 1200, plan: Plan = LOGGED) -> dict[str, Tally]:
    """What the production draw makes of a night; an answer's accuracy scatters by item and by itself."""
    dice = random.Random(seed)
    rows: dict[str, tuple[list, list]] = {name: ([], []) for name in plan.weights}
    for n in range(decisions):
        drawn = decide((seed, n), plan)
        item = dice.gauss(0, 0.1)
        for name, ran in drawn.propensity.items():
            accuracy = min(1.0, max(0.0, dice.gauss(TRUE[name], 0.1) + item))
            if dice.random() >= VALID[name]:
                rows[name][0].append((0.0, 1 / ran))
            elif drawn.judged:
                rows[name][0].append((accuracy, 1 / (ran * drawn.judge_propensity[name])))
            rows[name][1].append((DOLLARS[name] * dice.uniform(0.5, 1.5), 1 / ran))
    return {name: Tally(logged=(Weighed.of(a), Weighed.of(d), Weighed())) for name, (a, d) in rows.items()}


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ({"a": 0.05, "b": 0.9, "c": 0.05}, LOGGED.weights),
        ({"a": 0.1, "b": 0.1, "c": 0.8}, LOGGED.weights),
        ({"a": 0.5, "b": 0.5, "c": 0.0}, {"a": 0.0, "b": 0.5, "c": 0.5}),
    ],
)
def test_the_estimate_covers_the_truth_at_its_level(new: dict[str, float], old: dict[str, float]) -> None:
    logs = 120
    truths = worth(new), worth(new) - worth(old)
    covered = [0, 0]
    middle = [0.0, 0.0]
    for seed in range(logs):
        rows = log(seed)
        for k, found in enumerate((ope.value(rows, new, NEWS), ope.difference(rows, new, old, NEWS))):
            assert found is not None
            covered[k] += found.low <= truths[k] <= found.high
            middle[k] += found.mean / logs
    for k in (0, 1):
        assert covered[k] / logs >= 0.89  # 0.95, less three standard errors of this count
        assert middle[k] == pytest.approx(truths[k], abs=0.01)


def test_the_same_weights_differ_by_nothing() -> None:
    found = ope.difference(log(1), LOGGED.weights, LOGGED.weights, NEWS)
    assert found is not None
    assert (found.mean, found.low, found.high) == pytest.approx((0, 0, 0), abs=1e-12)


def test_what_the_log_did_not_see_is_not_estimated() -> None:
    rows = log(1)
    del rows["c"]
    assert ope.effective(rows, {"a": 0.2, "b": 0.0, "c": 0.8}) == 0
    assert ope.value({}, {"a": 1.0}, NEWS) is None
    assert 0 < ope.effective(rows, {"a": 0.0, "b": 0.95, "c": 0.05}) < 1200


def test_evidence_that_fades_counts_for_less() -> None:
    rows = log(2)
    faded = {name: Tally(logged=tuple(part.scaled(0.5) for part in t.logged)) for name, t in rows.items()}  # type: ignore[arg-type]
    whole, half = (ope.effective(r, LOGGED.weights) for r in (rows, faded))
    assert half == pytest.approx(whole / 2)


A_LEADS = LOGGED
C_LEADS = Plan({"a": 0.02, "b": 0.01, "c": 0.97}, 0.1, 0.1, {"a": 0.5, "b": 0.3, "c": 0.2})
B_LEADS = Plan({"a": 0.02, "b": 0.97, "c": 0.01}, 0.1, 0.1, {"a": 0.5, "b": 0.3, "c": 0.2})


def test_what_is_known_to_be_worse_is_held_back_and_the_reason_says_by_how_much() -> None:
    halves = [(C_LEADS, log(1, 4000)), (C_LEADS, log(2, 4000))]
    verdict = safety_gate.judged(A_LEADS, C_LEADS, halves, NEWS)
    assert verdict.held
    assert verdict.plan.weights == A_LEADS.weights
    assert verdict.plan.challengers == C_LEADS.challengers  # it goes on being tried where it is judged
    assert "c held back" in verdict.note
    assert "-0." in verdict.note


def test_what_is_as_good_passes_whole_and_what_is_little_known_moves_a_fifth() -> None:
    known = [(B_LEADS, log(1, 6000)), (B_LEADS, log(2, 6000))]
    dear = Settings("news", k_cost=30.0, k_time=0.0)  # b is a little less accurate, and much cheaper
    assert safety_gate.judged(A_LEADS, B_LEADS, known, dear) == safety_gate.Verdict(B_LEADS)
    for little in ([(B_LEADS, log(1, 60)), (B_LEADS, log(2, 60))], [(B_LEADS, {}), (B_LEADS, {})]):
        verdict = safety_gate.judged(A_LEADS, B_LEADS, little, dear)
        moved = max(abs(verdict.plan.weights[n] - A_LEADS.weights[n]) for n in A_LEADS.weights)
        assert not verdict.held
        assert moved == pytest.approx(0.2)
        assert "weights moved by at most 0.2" in verdict.note


def test_bounded_exploration_is_not_for_the_gate() -> None:
    near = Plan({"a": 0.92, "b": 0.06, "c": 0.02}, 0.1, 0.1, {"a": 1.0})
    assert not safety_gate.concerns(A_LEADS, near, NEWS)
    assert safety_gate.concerns(A_LEADS, B_LEADS, NEWS)


def test_sums_of_failing_arms_start_anew() -> None:
    assert Weighed.of([]) == Weighed()
    assert Weighed.of([(0.5, 2.0)]).values == (2.0, 1.0, 4.0, 2.0, 1.0)
    assert Sums.of([(0.5, 2.0)]) == Sums(2.0, 1.0, 0.5)
