"""A world: models as numbers (accuracy, dollars and delay per role, and how they change), read from one TOML text.

What the learner is simulated on, and what a stand-in server plays over HTTP. Tables it does not know (a server's brain
and faults) are left for whoever does, in `Actor.extra`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nightdesk.role_rl.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Actor:
    """One model of a world, as it is on one night.

    accuracy, valid: per role, the mean of an answer's accuracy and the chance that it is valid, in [0, 1].
    prices: dollars per million tokens (input, cached, output). tokens: of a typical call (input, output).
    latency_s: median (s) and sigma of the log-normal delay of a call.
    """

    name: str
    family: str
    accuracy: Mapping[str, float]
    valid: Mapping[str, float] = field(default_factory=dict)
    prices: Mapping[str, float] = field(default_factory=dict)
    tokens: Mapping[str, float] = field(default_factory=dict)
    latency_s: Mapping[str, float] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cost_usd(self) -> float:
        """Dollars of a typical call, nothing cached."""
        price, tokens = self.prices.get, self.tokens.get
        return (price("input", 0.0) * tokens("input", 0.0) + price("output", 0.0) * tokens("output", 0.0)) / 1e6


@dataclass(frozen=True, slots=True)
class World:
    """The models of a world by night; `changes`: (night, model, what is different from then on), by night.

    rewards: what a right answer, a dollar and a second are worth there (v, k_cost, k_time), where it says so.
    """

    actors: tuple[Actor, ...]
    changes: tuple[tuple[int, str, Mapping[str, Mapping[str, float]]], ...] = ()
    rewards: Mapping[str, float] = field(default_factory=dict)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that every model of this world serves, in the order of the first one's table."""
        first, *others = self.actors
        return tuple(role for role in first.accuracy if all(role in other.accuracy for other in others))

    def on(self, night: int) -> tuple[Actor, ...]:
        """Return the models as they are on a night (1, 2, ...)."""
        now = {a.name: a for a in self.actors}
        for since, name, change in self.changes:
            if since <= night:
                now[name] = _changed(now[name], change)
        return tuple(now.values())


_NUMBERS = ("accuracy", "valid", "prices", "tokens", "latency_s")


def parse_world(text: str) -> World:
    """Read a world from TOML: [[models]] with name, family and the tables of `Actor`; [[models.changes]] with `night`;
    [rewards] with v, k_cost, k_time.

    Raises:
        SettingsError: it is not TOML, a model lacks something, or a share is not in [0, 1].
    """
    try:
        document = tomllib.loads(text)
        models = document["models"]
        actors = tuple(_actor(m) for m in models)
        rewards = _numbers("rewards", "rewards", document.get("rewards", {}))
        changes = [
            (int(c["night"]), m["name"], {k: _numbers(m["name"], k, c[k]) for k in _NUMBERS if k in c})
            for m in models
            for c in m.get("changes", ())
        ]
    except tomllib.TOMLDecodeError as e:
        raise SettingsError(f"not TOML: {e}; mend that line") from None
    except (KeyError, TypeError, AttributeError) as e:
        raise SettingsError(f"a model of this world lacks {e}; see benchmarks/models.toml") from None
    if not actors or not World(actors).roles:
        raise SettingsError("this world has no role that all its models serve; see benchmarks/models.toml")
    if unknown := set(rewards) - {"v", "k_cost", "k_time"}:
        raise SettingsError(f"rewards: {', '.join(sorted(unknown))} is none of v, k_cost, k_time")
    return World(actors, tuple(sorted(changes, key=lambda c: c[:2])), rewards)


def _actor(model: Mapping[str, Any]) -> Actor:
    tables = {k: _numbers(model["name"], k, model[k]) for k in _NUMBERS if k in model}
    known = {"name", "family", "changes", *_NUMBERS}
    extra = {k: v for k, v in model.items() if k not in known}
    return Actor(model["name"], model["family"], **{"accuracy": {}, **tables}, extra=extra)


def _numbers(model: str, table: str, values: Mapping[str, Any]) -> dict[str, float]:
    for name, value in values.items():
        top = 1.0 if table in ("accuracy", "valid") else float("inf")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= top:
            raise SettingsError(f"model {model!r}: {table}.{name} is {value!r}; it must be a number from 0 to {top:g}")
    return {name: float(value) for name, value in values.items()}


def _changed(actor: Actor, change: Mapping[str, Mapping[str, float]]) -> Actor:
    tables: dict[str, Any] = {k: {**getattr(actor, k), **v} for k, v in change.items()}
    return replace(actor, **tables)
