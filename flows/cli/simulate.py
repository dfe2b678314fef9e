"""simulate: the learner on nights of known numbers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightdesk.flows.cli.options import AsJson
from nightdesk.flows.cli.terminal import say, show, show_table
from nightdesk.tasks.errors import InputError

if TYPE_CHECKING:
    from nightdesk.role_rl.simulation.environments import World
    from nightdesk.role_rl.simulation.simulate import SimulatedOutcome


def simulate(
    nights: Annotated[int, typer.Option(min=1, max=1000, help="How many nights to play.")] = 20,
    models: Annotated[Path, typer.Option(help="The world: models as numbers, in TOML.")] = Path(
        "benchmarks/models.toml"
    ),
    seed: Annotated[int, typer.Option(help="Of the world's dice and of the draws.")] = 1,
    decisions: Annotated[int, typer.Option(min=1, help="Decisions of each role in a night.")] = 300,
    strategy: Annotated[str, typer.Option(help="posterior, q-learning, fixed or uniform.")] = "posterior",
    as_json: AsJson = False,
) -> None:
    """Play nights in a world of known numbers: what the learner costs, saves and misses."""
    from nightdesk.role_rl.arms import STRATEGIES
    from nightdesk.role_rl.simulation.simulate import settings_of
    from nightdesk.role_rl.simulation.simulate import simulate as play

    if strategy not in STRATEGIES:
        raise InputError(f"--strategy {strategy}: there is no such; choose one of {', '.join(STRATEGIES)}")
    world = read_world(models)
    outcome = play(world, nights, seed, settings_of(world, strategy), decisions)
    if as_json:
        return show({"seed": seed, "strategy": strategy, **figures(outcome), "by_night": by_night(outcome)}, as_json)
    rows = by_night(outcome)
    show_table(f"{models}, seed {seed}, strategy {strategy}", rows, tuple(rows[0]))
    say("")
    show(figures(outcome), as_json)


def read_world(path: Path) -> "World":
    """Read a world from its file.

    Raises:
        InputError: it cannot be read, or is none.
    """
    from nightdesk.role_rl.errors import SettingsError
    from nightdesk.role_rl.simulation.environments import parse_world

    try:
        return parse_world(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as e:
        raise InputError(f"--models {path}: cannot be read ({e}); name a world like benchmarks/models.toml") from None
    except SettingsError as e:
        raise InputError(f"--models {path}: {e}") from None


def figures(outcome: "SimulatedOutcome") -> dict[str, Any]:
    """Return what the nights came to together, by name."""
    nights = outcome.nights
    return {
        "nights": len(nights),
        "regret_per_decision": round(outcome.regret, 5),
        "serving_usd": round(sum(n.serving_usd for n in nights), 4),
        "judging_usd": round(sum(n.judging_usd for n in nights), 4),
        "dearest_everywhere_usd": round(sum(n.dearest_usd for n in nights), 4),
        "saved": round(outcome.saved, 4),
        "accuracy_below_dearest": round(outcome.accuracy_short, 4),
        "judged_per_decision": round(outcome.judged, 4),
        "nights_until_best_leads": dict(outcome.nights_to_lead),
        "led_thereafter": round(outcome.led, 4),
        "nights_to_recover": dict(outcome.recovery),
    }


def by_night(outcome: "SimulatedOutcome") -> list[dict[str, Any]]:
    """Return a row for every night: dollars, accuracy, regret, and who leads each role after it."""
    return [
        {
            "night": n.number,
            "accuracy": round(n.accuracy / n.decisions, 4),
            "regret": round((n.best_reward - n.reward) / n.decisions, 4),
            "serving_usd": round(n.serving_usd, 4),
            "judging_usd": round(n.judging_usd, 4),
            "judged": n.judged,
            **n.leaders,
        }
        for n in outcome.nights
    ]
