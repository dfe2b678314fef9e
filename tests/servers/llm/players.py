"""The models that the server plays: a world's numbers, and what only a server needs to know of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nightdesk.role_rl.errors import SettingsError
from nightdesk.role_rl.simulation.environments import Actor, World

BRAINS = ("static", "lexical", "baseline")
ABILITIES = ("json_schema", "json_object_schema", "json_object", "none")
"""What a model can hold a reply to, best first; each can do what stands after it, but nothing before it."""
FAULTS = (
    "rate_limited",  # 429 with Retry-After
    "rate_limited_silently",  # 429 without
    "server_error",  # 500
    "overloaded",  # 529
    "cut",  # the connection ends in the middle of the reply
    "slow",  # the reply comes in pieces over `slow_s` seconds
    "truncated",  # the JSON ends early
    "prose",  # words around the JSON
    "refusal",  # the model will not
    "no_usage",  # the reply does not say what it took
    "huge_usage",  # it says that it took 1e30 tokens
    "null_usage",  # ... null
    "zero_usage",  # ... none
    "negative_usage",  # ... less than none
    "unshown",  # numbers that were never shown
    "html",  # HTML in the labels that the model makes up
)


@dataclass(frozen=True, slots=True)
class Player:
    """One model as it is played tonight.

    context: tokens that prompt and reply may have together. faults: share of replies, by name. retry_after_s: what a
    429 asks for. slow_s: how long a slow reply takes. abilities: one of ABILITIES.
    """

    actor: Actor
    brain: str = "static"
    context: int = 200_000
    abilities: str = "json_schema"
    retry_after_s: float = 1.0
    slow_s: float = 30.0
    faults: Mapping[str, float] = field(default_factory=dict)

    def can(self, ability: str) -> bool:
        """Tell whether a reply can be held to a format."""
        return ABILITIES.index(ability) >= ABILITIES.index(self.abilities)


def players(world: World, night: int) -> dict[str, Player]:
    """Return the models of a night by name.

    Raises:
        SettingsError: a brain, an ability or a fault that there is not, or a share that is not in [0, 1].
    """
    return {actor.name: _player(actor) for actor in world.on(night)}


def _player(actor: Actor) -> Player:
    ours: dict[str, Any] = {k: v for k, v in actor.extra.items() if k in Player.__dataclass_fields__}
    player = Player(actor, **ours)
    _one_of(actor.name, "brain", player.brain, BRAINS)
    _one_of(actor.name, "abilities", player.abilities, ABILITIES)
    for fault, rate in player.faults.items():
        _one_of(actor.name, "faults", fault, FAULTS)
        if not 0 <= rate <= 1:
            raise SettingsError(f"model {actor.name!r}: faults.{fault} is {rate}; it must be a share in [0, 1]")
    if sum(player.faults.values()) > 1:
        raise SettingsError(f"model {actor.name!r}: its faults come to more than 1; a reply has one at most")
    return player


def _one_of(model: str, what: str, value: Any, known: tuple[str, ...]) -> None:
    if value not in known:
        raise SettingsError(f"model {model!r}: {what} knows no {value!r}; it is one of {', '.join(known)}")
