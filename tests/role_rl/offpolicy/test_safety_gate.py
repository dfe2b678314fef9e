"""The safety gate: what is known to be worse is held back, what is little known moves a little."""

import pytest

from nightdesk.role_rl.arms import Settings
from nightdesk.role_rl.offpolicy import safety_gate
from nightdesk.role_rl.sampling import Plan
from tests.role_rl.offpolicy.made import LOGGED, NEWS, log

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
    assert safety_gate.judged(A_LEADS, B_LEADS, known, dear) == safety_gate.GateDecision(B_LEADS)
    for little in ([(B_LEADS, log(1, 60)), (B_LEADS, log(2, 60))], [(B_LEADS, {}), (B_LEADS, {})]):
        verdict = safety_gate.judged(A_LEADS, B_LEADS, little, dear)
        moved = max(abs(verdict.plan.weights[n] - A_LEADS.weights[n]) for n in A_LEADS.weights)
        assert not verdict.held
        assert moved == pytest.approx(0.2)
        assert "weights moved by at most 0.2" in verdict.note
        assert safety_gate.judged(A_LEADS, B_LEADS, little, dear, better=0.7) == safety_gate.GateDecision(B_LEADS)


def test_what_is_known_to_be_worse_is_held_back_however_sure_the_posterior_is() -> None:
    halves = [(C_LEADS, log(1, 4000)), (C_LEADS, log(2, 4000))]
    assert safety_gate.judged(A_LEADS, C_LEADS, halves, NEWS, better=1.0).held


def test_bounded_exploration_is_not_for_the_gate() -> None:
    near = Plan({"a": 0.92, "b": 0.06, "c": 0.02}, 0.1, 0.1, {"a": 1.0})
    assert not safety_gate.concerns(A_LEADS, near, NEWS)
    assert safety_gate.concerns(A_LEADS, B_LEADS, NEWS)
