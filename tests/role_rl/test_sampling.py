"""The production draw: frequencies are what the rows say they are, everywhere and every time."""

import subprocess
import sys
from collections import Counter
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.role_rl.errors import SettingsError
from nightdesk.role_rl.sampling import Plan, decide, inclusion, uniforms

PLANS = {
    "usual": Plan({"a": 0.9, "b": 0.07, "c": 0.03}, 0.1, 0.2, {"a": 0.5, "b": 0.4, "c": 0.1}),
    "sure challenger": Plan({"a": 0.6, "b": 0.4}, 0.3, 0.5, {"a": 1.0, "b": 0.0}),
    "challengers that are no distribution": Plan({"a": 0.5, "b": 0.5}, 0.0, 0.4, {"a": 2.0, "b": 3.0}),
    "all judged": Plan({"a": 0.5, "b": 0.5}, 1.0, 1.0, {"a": 0.5, "b": 0.5}),
    "one arm": Plan({"a": 1.0}, 0.2, 0.0, {"a": 1.0}),
    "one arm, duels asked for": Plan({"a": 1.0}, 0.2, 0.3, {"a": 1.0}),
}
N = 20_000
EXPECTED = [0.4782105872573036, 0.03410191497892279]


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_frequencies_match_the_probabilities_on_the_rows(plan: Plan) -> None:
    runs: Counter[str] = Counter()
    judged: Counter[str] = Counter()
    serves: Counter[str] = Counter()
    for n in range(N):
        drawn = decide(("news", "2026-03-01", 7, "topic_finder", f"{n:x}"), plan)
        serves[drawn.arm] += 1
        assert drawn.challenger != drawn.arm
        assert drawn.judged or drawn.challenger is None
        assert set(drawn.propensity) == {drawn.arm, drawn.challenger} - {None}
        for name in drawn.propensity:
            runs[name] += 1
            judged[name] += drawn.judged
            run, both = inclusion(name, plan)
            assert drawn.propensity[name] == run
            assert drawn.judge_propensity[name] == pytest.approx(both / run)
            assert 0 < run <= 1 + 1e-12
            assert 0 <= both <= run + 1e-12
    for name, weight in plan.weights.items():
        run, both = inclusion(name, plan)
        for count, chance in ((serves[name], weight), (runs[name], run), (judged[name], both)):
            assert abs(count / N - chance) <= 4.5 * sqrt(chance * (1 - min(chance, 1)) / N) + 1e-9


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1), min_size=1).filter(lambda w: sum(w.values()) > 0),
    st.sets(st.sampled_from("abcdef")),
    st.floats(0, 1),
    st.integers(0, 99),
)
def test_a_plan_among_some_arms_is_a_plan_whose_propensities_sum_as_before(
    shares: dict[str, float], names: set[str], duels: float, unit: int
) -> None:
    total = sum(shares.values())
    plan = Plan({name: share / total for name, share in shares.items()}, 0.1, duels, shares)
    kept = names & shares.keys()
    if not kept:
        with pytest.raises(SettingsError):
            plan.only(names)
        return
    among = plan.only(names)
    drawn = decide((unit,), among)  # it is a plan: the draw checks that its weights sum to 1
    assert drawn.eligible == tuple(sorted(kept))
    assert set(drawn.propensity) <= kept
    assert all(0 < p <= 1 + 1e-9 for p in drawn.propensity.values())
    # One arm serves each decision, and a second runs beside it at the rate of duels, if there is one to draw.
    runs = sum(inclusion(name, among)[0] for name in among.weights)
    assert 1 - 1e-9 <= runs <= 1 + duels + 1e-9
    if all(plan.weights[name] > 0 for name in kept):
        first = min(kept)
        for name in kept:
            assert among.weights[name] * plan.weights[first] == pytest.approx(
                among.weights[first] * plan.weights[name], abs=1e-12
            )


def test_horvitz_thompson_sums_of_the_rows_are_unbiased() -> None:
    plan = PLANS["usual"]
    counts: Counter[str] = Counter()
    for n in range(N):
        drawn = decide((n,), plan)
        for name, chance in drawn.propensity.items():
            counts[name] += drawn.judged / (chance * drawn.judge_propensity[name])  # type: ignore[assignment]
    for name in plan.weights:
        assert counts[name] / N == pytest.approx(1, abs=0.15)


def test_a_draw_is_the_same_in_every_process_and_on_every_platform() -> None:
    # The numbers are written down here so that a change of the draw is noticed: it would redraw reruns.
    assert uniforms(("news", "2026-03-01", 7), 2) == EXPECTED
    code = "from nightdesk.role_rl.sampling import uniforms; print(repr(uniforms(('news', '2026-03-01', 7), 2)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == repr(EXPECTED)


def test_the_order_of_a_mapping_changes_nothing() -> None:
    plan = PLANS["usual"]
    turned = Plan(
        dict(reversed(plan.weights.items())), plan.judge_rate, plan.duel_rate, dict(reversed(plan.challengers.items()))
    )
    assert all(decide((n,), plan) == decide((n,), turned) for n in range(500))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(), min_size=2, max_size=4), st.integers(1, 3))
def test_parts_do_not_run_together(parts: list[str], cut: int) -> None:
    joined = ["".join(parts[:cut]), *parts[cut:]]
    if joined != parts:
        assert uniforms(parts, 1) != uniforms(joined, 1)


def test_a_lone_surrogate_in_a_part_is_drawn_too() -> None:
    assert 0 <= uniforms(("\ud800",), 1)[0] < 1


@pytest.mark.parametrize(
    "plan",
    [
        Plan({}, 0.1, 0.1, {}),
        Plan({"a": 0.5}, 0.1, 0.1, {}),
        Plan({"a": 1.5, "b": -0.5}, 0.1, 0.1, {}),
        Plan({"a": 1.0}, 1.1, 0.1, {}),
        Plan({"a": 1.0}, 0.1, 0.1, {"b": 1.0}),
    ],
)
def test_what_is_no_plan_is_refused(plan: Plan) -> None:
    with pytest.raises(SettingsError):
        decide(("unit",), plan)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_a_greedy_plan_serves_its_leader_and_judges_nothing(plan: Plan) -> None:
    for n in range(100):
        drawn = decide((n,), plan.greedy())
        assert (drawn.arm, drawn.challenger, drawn.judged) == (plan.leader, None, False)
        assert drawn.propensity == {plan.leader: 1.0}
