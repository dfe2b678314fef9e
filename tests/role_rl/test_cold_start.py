"""What is expected of a model that nobody knows."""

from dataclasses import replace
from typing import Any

from nightdesk.role_rl.arms import Arm, Prior, Settings
from nightdesk.role_rl.cold_start import expected
from nightdesk.role_rl.sufficient_stats import Sums, Tally


def test_a_new_model_of_unknown_worth_is_tried_at_bounded_cost_and_found(world: Any, pool: tuple[Arm, ...]) -> None:
    toy = world(pool, Settings("news", k_cost=1), {"strong": 0.8, "cheap": 0.6, "third": 0.6})
    state = toy.play(5, 300)[-1]
    new = Arm("new", "d", prior=Prior(cost_usd=0.002), known=False)
    grown = replace(toy, arms=(*pool, new), accuracy={**toy.accuracy, "new": 0.97})
    first = grown.plan(state)
    assert 0 < first.weights["new"] <= 0.03
    assert first.duel_rate <= toy.settings.max_duel_rate
    assert grown.plan(grown.play(8, 300, state)[-1]).leader == "new"


def guess(new: Arm, *others: tuple[Arm, float]) -> Prior:
    """What is expected of an arm beside some of which 400 answers were judged at these accuracies."""
    arms = [new, *(arm for arm, _ in others)]
    tallies = [Tally(), *(Tally(judged={"j": Sums(400, 400 * x, 400 * x * x)}) for _, x in others)]
    return expected(arms, [arm.prior for arm in arms], tallies, 0.2)[0]


def test_a_newcomer_is_judged_by_its_family_and_by_its_price() -> None:
    cheap, dear = (Arm("new", "f", prior=Prior(cost_usd=usd), known=False) for usd in (0.0001, 0.1))
    good, poor = (guess(cheap, (Arm("kin", "f"), x), (Arm("other", "g"), 0.7)) for x in (0.95, 0.45))
    assert good.accuracy > poor.accuracy + 0.1
    assert guess(dear).accuracy > guess(cheap).accuracy
    assert good.strength > guess(cheap).strength  # kin that is known makes surer
    assert good.strength < 20  # it is tried and soon known by what it does
    assert (good.cost_usd, good.latency_s) == (0.0001, 0.0)


def test_what_somebody_believes_is_left_alone_and_lifts_or_sinks_what_is_expected_of_the_unknown(
    pool: tuple[Arm, ...],
) -> None:
    found = []
    for accuracy in (0.6, 0.9):
        arms = [
            *(replace(arm, prior=replace(arm.prior, accuracy=accuracy)) for arm in pool),
            Arm("new", "d", known=False),
        ]
        after = expected(arms, [arm.prior for arm in arms], [Tally()] * 4, 0.2)
        assert after[:3] == [arm.prior for arm in arms[:3]]
        found.append(after[3].accuracy)
    assert found[0] + 0.1 < found[1] < 0.9
