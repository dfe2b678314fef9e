"""A night's dollars: what serving and judging will cost, and how plans are made to fit their limits.

Serving. A limit raises the price of a dollar (k_cost) for the whole profile until the night fits: of all ways to save,
those go first that lose the least reward for a dollar (the multiplier of a linear program: Dantzig 1957). Floors of
quality hold as long as that is possible with them; if not, they give way. Judging. A limit scales all rates, also below
their floors.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from nightdesk.role_rl.arms import Settings
from nightdesk.role_rl.sampling import Plan
from nightdesk.role_rl.strategies.policy import CallPrices

Context = tuple[str, str]
Plans = dict[Context, Plan]

_STEPS = 24
_STEEPEST = 1e6


@dataclass(frozen=True, slots=True)
class Fitted:
    """Plans that fit; whether the limit on serving changed them; what had to give way, one line each."""

    plans: Plans
    pressed: bool
    notes: tuple[str, ...]


def serving_usd(plans: Plans, decisions: Mapping[Context, float], prices: Mapping[Context, CallPrices]) -> float:
    """Expected dollars of a night's served answers."""
    return sum(n * prices[at].serving(plans[at]) for at, n in decisions.items() if at in plans)


def judging_usd(plans: Plans, decisions: Mapping[Context, float], prices: Mapping[Context, CallPrices]) -> float:
    """Expected dollars of a night's judging, the second answers of duels included."""
    return sum(n * prices[at].judging(plans[at]) for at, n in decisions.items() if at in plans)


def fit_serving(
    make: Callable[[Settings], Plans],
    decisions: Mapping[Context, float],
    prices: Mapping[Context, CallPrices],
    settings: Settings,
) -> Fitted:
    """Plans by `make` at the least price of a dollar at which the night's serving fits."""
    plans, limit = make(settings), settings.serving_usd
    if limit is None or serving_usd(plans, decisions, prices) <= limit:
        return Fitted(plans, False, ())
    notes = []
    dear = max(settings.k_cost, 1e-3 * settings.v)

    def at(factor: float) -> Plans:
        return make(replace(settings, k_cost=dear * factor))

    if settings.floors and serving_usd(at(_STEEPEST), decisions, prices) > limit:
        settings = replace(settings, floors={})
        notes.append(f"no quality floor can be kept within {limit:g} dollars of serving")
    low, high = 1.0, _STEEPEST
    if serving_usd(at(high), decisions, prices) > limit:
        notes.append(f"even the cheapest models cost more than the {limit:g} dollars of serving")
        return Fitted(at(high), True, tuple(notes))
    for _ in range(_STEPS):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if serving_usd(at(middle), decisions, prices) <= limit else (middle, high)
    notes.append(f"serving is held to {limit:g} dollars a night")
    return Fitted(at(high), True, tuple(notes))


def fit_judging(
    plans: Plans, decisions: Mapping[Context, float], prices: Mapping[Context, CallPrices], settings: Settings
) -> tuple[Plans, tuple[str, ...]]:
    """The plans with their rates scaled so that the night's judging fits."""
    limit = settings.judging_usd
    wanted = judging_usd(plans, decisions, prices)
    if limit is None or wanted <= limit:
        return plans, ()
    factor = limit / wanted
    fitted = {
        at: Plan(plan.weights, plan.judge_rate * factor, plan.duel_rate * factor, plan.challengers)
        if at in decisions
        else plan
        for at, plan in plans.items()
    }
    below = sorted(at for at, plan in fitted.items() if plan.judge_rate < settings.min_judge_rate and at in decisions)
    note = f"judging is held to {limit:g} dollars a night"
    return fitted, (note + (f", in {', '.join('/'.join(at) for at in below)} below its floor" if below else ""),)
