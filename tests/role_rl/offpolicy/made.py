"""The log of a night in which the true numbers of three arms are known."""

import random

from nightdesk.role_rl.arms import Settings
from nightdesk.role_rl.sampling import Plan, decide
from nightdesk.role_rl.sufficient_stats import Tally, Weighed

NEWS = Settings("news", k_cost=2.0, k_time=0.0)
TRUE = {"a": 0.8, "b": 0.7, "c": 0.5}
DOLLARS = {"a": 0.02, "b": 0.005, "c": 0.001}
VALID = {"a": 1.0, "b": 0.9, "c": 0.95}
LOGGED = Plan({"a": 0.9, "b": 0.07, "c": 0.03}, 0.1, 0.15, {"a": 0.4, "b": 0.4, "c": 0.2})


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
