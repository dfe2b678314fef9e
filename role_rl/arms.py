"""What a profile tells the learner: arms with their priors, and settings.

Whoever reads the profile builds these; nothing here reads a file. Everything is checked on construction, so a bad
number is reported once, by name, before a run starts.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nightdesk.role_rl.errors import SettingsError

LANES = ("sync", "batch")
ANY = "*"
"""In `Arm.priors`: any role, or any language."""
STRATEGIES = ("posterior", "q-learning", "fixed", "uniform")


def _within(name: str, value: float, low: float, high: float = math.inf) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        wanted = f"at least {low:g}" if high == math.inf else f"between {low:g} and {high:g}"
        raise SettingsError(f"{name} is {value}; it must be {wanted}")


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of an arm before it is tried.

    accuracy: of a valid answer, in [0, 1]. strength: what this belief weighs, in judged answers (40: a belief with a
    standard deviation of about 0.03). cost_usd: dollars of one call. latency_s: seconds of one call; for lane batch,
    seconds past the deadline.
    """

    accuracy: float = 0.7
    strength: float = 40.0
    cost_usd: float = 0.0
    latency_s: float = 0.0

    def __post_init__(self) -> None:
        _within("prior accuracy", self.accuracy, 0.0, 1.0)
        _within("prior strength", self.strength, 1.0)
        _within("prior cost_usd", self.cost_usd, 0.0)
        _within("prior latency_s", self.latency_s, 0.0)


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to have a role answered: a model over a lane.

    family: who made the model; no model is judged by its own family. judges: False for a baseline, which never
    judges. priors: exceptions from `prior`, by (role, language), either of which may be "*". known: False if the
    accuracies of its priors are nobody's belief; then price and family give one (`cold_start`).
    """

    model: str
    family: str
    lane: str = "sync"
    prior: Prior = Prior()
    priors: Mapping[tuple[str, str], Prior] = field(default_factory=dict)
    judges: bool = True
    known: bool = True

    def __post_init__(self) -> None:
        if self.lane not in LANES:
            raise SettingsError(f"model {self.model!r}: lane is {self.lane!r}; it must be one of {', '.join(LANES)}")
        if not self.model or not self.family:
            raise SettingsError(f"model {self.model!r} of family {self.family!r}: both need a name")
        if self.model.endswith("@batch") or self.model == "labels":
            raise SettingsError(f"model {self.model!r}: @batch is kept for the lane, labels for a judge; rename it")

    @property
    def name(self) -> str:
        """The arm's name in weights, state and the column `eligible`."""
        return arm_name(self.model, self.lane)

    def prior_for(self, role: str, language: str) -> Prior:
        """The most special prior: (role, language), then (role, any), then (any, language), then the arm's own."""
        for key in ((role, language), (role, ANY), (ANY, language)):
            if key in self.priors:
                return self.priors[key]
        return self.prior


def arm_name(model: str, lane: str) -> str:
    """The model's own name on lane sync, "model@batch" on lane batch."""
    return model if lane == "sync" else f"{model}@{lane}"


@dataclass(frozen=True, slots=True)
class Settings:
    """How a profile wants its learner.

    profile: its name; calls of other profiles teach nothing.
    v, k_cost, k_time: reward of a right answer, of a dollar, of a second; only their ratios matter.
    discount: what remains of old evidence after a night (0.98: half after 34 nights).
    max_exploration: most that serving puts on arms that do not lead.
    min_judge_rate: least share of a role's decisions that is judged, duels included. max_judge_rate: most of those
        outside duels.
    min_duel_rate, max_duel_rate: share of decisions that run a second arm and judge both. Its floor is what lets a
        wrong belief be found out at all: an arm that never runs is never judged.
    judge_budget: dollars that judging and duels may cost in the long run, as a share of what the dearest eligible arm
        costs a call. (Of the dearest, not of the leader: a leader that costs nothing must not switch its own control
        off.) The least rates are scaled down to it.
    max_move, min_effective: below so many judged answers no weight moves by more than this in one version.
    batch_deadline_s: seconds after which an answer of lane batch is late.
    excluded: models or arms that must not serve.
    strategy: one of STRATEGIES. pins: role -> the arm that serves it, whatever was learned.
    judge: the model that judges whom it may ("": all judge in turn). judge_usd: dollars of one judgement, where it is
        known (None: a judge answers the role's question, so it costs what a call of that model costs).
    floors: role -> accuracy that its leading arm must have, if any has it.
    serving_usd, judging_usd: dollars that a night may cost, served answers and judging with duels (None: no limit).
        A limit wins over floors and over the least rates; what is missed stands in the version's reason.
    context: columns of `calls` by which evidence is kept apart, beside the role.
    """

    profile: str
    v: float = 1.0
    k_cost: float = 10.0
    k_time: float = 0.001
    discount: float = 0.98
    max_exploration: float = 0.03
    min_judge_rate: float = 0.02
    max_judge_rate: float = 0.25
    min_duel_rate: float = 0.01
    max_duel_rate: float = 0.2
    judge_budget: float = 0.025
    max_move: float = 0.2
    min_effective: float = 30.0
    batch_deadline_s: float = 6 * 3600.0
    excluded: frozenset[str] = frozenset()
    strategy: str = "posterior"
    pins: Mapping[str, str] = field(default_factory=dict)
    judge: str = ""
    judge_usd: float | None = None
    floors: Mapping[str, float] = field(default_factory=dict)
    serving_usd: float | None = None
    judging_usd: float | None = None
    context: tuple[str, ...] = ("language",)

    def __post_init__(self) -> None:
        for name in ("v", "k_cost", "k_time", "judge_budget", "min_effective", "batch_deadline_s"):
            _within(name, getattr(self, name), 0.0)
        for name in ("min_judge_rate", "max_judge_rate", "min_duel_rate", "max_duel_rate", "max_exploration"):
            _within(name, getattr(self, name), 0.0, 1.0)
        _within("discount", self.discount, 0.0, 1.0)
        _within("max_move", self.max_move, 0.0, 1.0)
        if self.v + self.k_cost + self.k_time <= 0:
            raise SettingsError("v, k_cost and k_time are all 0: there is nothing to learn; give at least one of them")
        if not 0 < self.max_exploration < 0.5:
            raise SettingsError(f"max_exploration is {self.max_exploration}; it must lie between 0 and 0.5")
        if self.min_judge_rate > self.max_judge_rate or self.min_duel_rate > self.max_duel_rate:
            raise SettingsError("a minimal judge or duel rate is above its maximum; lower the minimum")
        for role, floor in self.floors.items():
            _within(f"the floor of {role}", floor, 0.0, 1.0)
        for name in ("serving_usd", "judging_usd", "judge_usd"):
            if getattr(self, name) is not None:
                _within(name, getattr(self, name), 0.0)
        if self.strategy not in STRATEGIES:
            raise SettingsError(f"strategy is {self.strategy!r}; there are {', '.join(STRATEGIES)}")


def eligible(arms: Sequence[Arm], settings: Settings) -> tuple[Arm, ...]:
    """The arms that may serve, in the profile's order.

    Raises:
        SettingsError: two arms have one name, or none is left.
    """
    names = [arm.name for arm in arms]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingsError(f"the pool names {', '.join(twice)} more than once; take the others out")
    left = tuple(arm for arm in arms if settings.excluded.isdisjoint((arm.model, arm.name)))
    if not left:
        raise SettingsError(
            f"profile {settings.profile!r}: no model is left to serve; add one to the pool or take one off `excluded`"
        )
    for role, name in settings.pins.items():
        if name not in {arm.name for arm in left}:
            raise SettingsError(f"role {role} is pinned to {name!r}, which may not serve; pin it to one that may")
    if settings.judge and settings.judge not in {arm.model for arm in arms}:
        raise SettingsError(f"the judge {settings.judge!r} is no model of the pool; add it there")
    return left
