"""The learner in worlds of known numbers: benchmarks/models.toml over 20 seeds, and random worlds beside it.

A random world has five models of five families, accuracies from 0.6 to 0.97 and prices from 0.0003 to 0.03 dollars a
call that have nothing to do with each other; one of its models changes in all roles on the eleventh night, for the
better or the worse. No setting of the learner was chosen by them.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from random import Random
from statistics import mean
from typing import Any

from benchmarks.common import ROOT, show
from nightdesk.role_rl.simulation.environments import Actor, World, parse_world
from nightdesk.role_rl.simulation.simulate import SimulatedOutcome, settings_of, simulate

ROLES = ("topic_finder", "topic_locator", "relationship_checker", "content_organizer")


@dataclass(frozen=True, slots=True)
class Case:
    """One simulation."""

    world: str
    strategy: str
    nights: int
    seed: int


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--processes", type=int, default=2)
    a = parser.parse_args()
    kinds = [("models.toml", s) for s in ("posterior", "q-learning", "uniform")] + [("random worlds", "posterior")]
    cases = [Case(world, strategy, a.nights, seed) for world, strategy in kinds for seed in range(1, a.seeds + 1)]
    with ProcessPoolExecutor(a.processes) as pool:
        outcomes = list(pool.map(play, cases))
    rows = []
    for world, strategy in kinds:
        found = [o for c, o in zip(cases, outcomes, strict=True) if (c.world, c.strategy) == (world, strategy)]
        rows.append({"world": world, "strategy": strategy, **summary(found)})
    show("simulate", rows)


def play(case: Case) -> SimulatedOutcome:
    """Play one case."""
    world = random_world(case.seed) if case.world == "random worlds" else shipped_world()
    return simulate(world, case.nights, case.seed, settings_of(world, case.strategy))


def shipped_world() -> World:
    """Read benchmarks/models.toml."""
    return parse_world((ROOT / "benchmarks" / "models.toml").read_text(encoding="utf-8"))


def random_world(seed: int) -> World:
    """Make a world whose numbers are drawn."""
    dice = Random(f"world of {seed}")
    actors = []
    for k in range(5):
        usd = 10 ** dice.uniform(-3.5, -1.5)
        actors.append(
            Actor(
                f"m{k}",
                f"f{k}",
                accuracy={role: round(dice.uniform(0.6, 0.97), 3) for role in ROLES},
                prices={"input": usd * 1e6 / 1920, "output": usd * 1e6 / 1920},
                tokens={"input": 1800, "output": 120},
                latency_s={"median": dice.uniform(0.5, 3.0), "sigma": 0.3},
            )
        )
    changed = {role: round(dice.uniform(0.5, 0.97), 3) for role in ROLES}
    return World(tuple(actors), ((11, "m0", {"accuracy": changed}),), {"v": 1.0, "k_cost": 2.5, "k_time": 0.001})


def summary(outcomes: list[SimulatedOutcome]) -> dict[str, Any]:
    """Return the means, and in how many seeds each figure that is asked for was reached."""
    leads = [all(n is not None and n <= 5 for n in o.nights_to_lead.values()) for o in outcomes]
    again = [all(n is not None and n <= 3 for n in o.recovery.values()) for o in outcomes]
    within = [o.saved >= 0.6 and o.accuracy_short <= 0.02 for o in outcomes]
    last = [n for o in outcomes for n in o.nights_to_lead.values() if n is not None]
    return {
        "seeds": len(outcomes),
        "regret": mean(o.regret for o in outcomes),
        "saved": mean(o.saved for o in outcomes),
        "below_dearest": mean(o.accuracy_short for o in outcomes),
        "judging_share": mean(o.judging_share for o in outcomes),
        "judged": mean(o.judged for o in outcomes),
        "nights_to_lead": mean(last) if last else None,
        "led": mean(o.led for o in outcomes),
        "lead_in_5": sum(leads),
        "save_60_within_2": sum(within),
        "recover_in_3": sum(again),
    }


if __name__ == "__main__":
    main()
