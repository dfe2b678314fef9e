"""Nights in a world of known numbers: what the learner costs, saves and misses there.

The learner is the product's: decisions are drawn by `sampling.decide` from the plans that `learner.serving` gives,
written down as a run publishes them, and learned by `learner.learn`. The world plays the models. An answer's accuracy
is drawn from a beta distribution whose mean is the model's (and the same for all of an item's answers' ease); a judge
sees it with an offset of its own and noise. An answer that does not pass the format checker is asked for once more,
then of the next models, as a run does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from nightdesk.role_rl.arms import Arm, Prior, Settings
from nightdesk.role_rl.judges import judge_weights, judging_shares, panel, reliability
from nightdesk.role_rl.learner import learn, serving
from nightdesk.role_rl.rewards import reward
from nightdesk.role_rl.sampling import Decision, Plan, decide
from nightdesk.role_rl.simulation.environments import Actor, World
from nightdesk.role_rl.simulation.simulated_log import Logbook
from nightdesk.role_rl.state import LearnerState

DECISIONS = 300
"""Of a role in a night."""
LANGUAGE = "en"
SCATTER = 0.15
"""Standard deviation of an answer's accuracy about its model's."""
OFFSET_SD = 0.03
NOISE_SD = 0.08
NEAR = 0.05
"""Arms whose rewards differ by less than this share of the best's are alike: any of them may lead."""


@dataclass(slots=True)
class SimulatedNight:
    """What one night came to. Sums over its decisions; leaders and good (the arms that should lead) by role."""

    number: int
    decisions: int = 0
    accuracy: float = 0.0
    reward: float = 0.0  # net of judging
    best_reward: float = 0.0
    serving_usd: float = 0.0
    judging_usd: float = 0.0
    dearest_usd: float = 0.0
    dearest_accuracy: float = 0.0
    judged: int = 0
    leaders: dict[str, str] = field(default_factory=dict)
    good: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SimulatedOutcome:
    """All nights of one seed, and what they say of the learner.

    regret: reward a decision short of the best arm of each role, judging paid. saved: share of the dollars of the
    dearest model everywhere, judging paid. accuracy_short: accuracy short of that model's. nights_to_lead: by role, the
    night after which a good arm led first (None: never). led: share of the nights after that in which one did.
    recovery: by role that a change concerned, nights until a good arm led again (None: not any more).
    """

    nights: tuple[SimulatedNight, ...]
    regret: float
    saved: float
    accuracy_short: float
    judging_share: float
    judged: float
    nights_to_lead: Mapping[str, int | None]
    led: float
    recovery: Mapping[str, int | None]


def settings_of(world: World, strategy: str = "posterior") -> Settings:
    """A fresh profile's settings, with the world's rewards."""
    given = world.rewards.get
    return Settings(
        "simulated", v=given("v", 1.0), k_cost=given("k_cost", 10.0), k_time=given("k_time", 0.001), strategy=strategy
    )


def arms_of(world: World) -> tuple[Arm, ...]:
    """The world's models as a fresh profile knows them: names, families and prices."""
    return tuple(
        Arm(a.name, a.family, prior=Prior(cost_usd=a.cost_usd, latency_s=a.latency_s.get("median", 0.0)), known=False)
        for a in world.actors
    )


def simulate(
    world: World, nights: int, seed: int = 1, settings: Settings | None = None, decisions: int = DECISIONS
) -> SimulatedOutcome:
    """Play some nights."""
    chosen = settings or settings_of(world)
    dice = Random(f"world {seed}")
    judges = {actor.name: dice.gauss(0.0, OFFSET_SD) for actor in world.actors}
    arms, state, played = arms_of(world), None, []
    for number in range(1, nights + 1):
        stage = _Stage(world.on(number), arms, judges, chosen, state, Random(f"night {number} of {seed}"))
        night, log = stage.play(number, seed, world.roles, decisions)
        state = learn(state, *log.tables(), arms, chosen, created_at=log.begun)
        for role in world.roles:
            night.leaders[role] = serving(state, arms, chosen, role, LANGUAGE).leader
        played.append(night)
    return _outcome(world, played)


class _Stage:
    """One night: the models as they are, and the plans that serve."""

    def __init__(
        self,
        actors: Sequence[Actor],
        arms: Sequence[Arm],
        offsets: Mapping[str, float],
        settings: Settings,
        state: LearnerState | None,
        dice: Random,
    ) -> None:
        self._actors = {actor.name: actor for actor in actors}
        self._arms = {arm.name: arm for arm in arms}
        self._offsets, self._settings, self._state, self._dice = offsets, settings, state, dice
        self._board = reliability(state.pairs if state else {})

    def play(self, number: int, seed: int, roles: Sequence[str], decisions: int) -> tuple[SimulatedNight, Logbook]:
        """Draw, answer, judge and serve every decision; return what it came to, and the rows."""
        night, log = SimulatedNight(number), Logbook(number, self._settings)
        version = self._state.version if self._state else 0
        dearest = max(self._actors.values(), key=lambda actor: actor.cost_usd)
        for role in roles:
            plan = serving(self._state, list(self._arms.values()), self._settings, role, LANGUAGE)
            worth = {name: self._worth(actor, role) for name, actor in self._actors.items()}
            best = max(worth.values())
            night.good[role] = tuple(name for name in worth if worth[name] >= best - NEAR * abs(best))
            night.best_reward += decisions * best
            night.dearest_usd += decisions * dearest.cost_usd
            night.dearest_accuracy += decisions * dearest.accuracy[role] * dearest.valid.get(role, 1.0)
            for unit in range(decisions):
                drawn = decide((self._settings.profile, number, version, role, f"{seed}-{unit}"), plan)
                self._decision(f"{number}-{role}-{unit}", role, plan, drawn, night, log)
        return night, log

    def _decision(self, name: str, role: str, plan: Plan, drawn: Decision, night: SimulatedNight, log: Logbook) -> None:
        served: tuple[float, str] | None = None  # the answer's accuracy, and whose it is
        dollars = {arm: 0.0 for arm in drawn.propensity}
        delay = 0.0
        for arm in drawn.propensity:
            valid, accuracy, usd, seconds = self._answer(arm, role)
            call = log.call(name, (role, LANGUAGE), self._arms[arm], drawn, valid=valid, dollars=usd, seconds=seconds)
            dollars[arm] += usd
            delay = max(delay, seconds)
            if valid and drawn.judged:
                self._judged(call, arm, role, name, accuracy, drawn, night, log)
            if valid and served is None:
                served = accuracy, arm
            elif not valid and arm == drawn.arm:
                again, accuracy, usd, seconds = self._answer(arm, role)
                log.call(
                    name, (role, LANGUAGE), self._arms[arm], None,
                    valid=again, dollars=usd, seconds=seconds, repairs=call,
                )  # fmt: skip
                dollars[arm] += usd
                delay += seconds
                served = (accuracy, arm) if again else None
        for other in sorted(plan.weights.keys() - dollars.keys(), key=lambda n: (-plan.weights[n], n)):
            if served is not None:
                break
            valid, accuracy, usd, seconds = self._answer(other, role)
            dollars[other] = usd
            delay += seconds
            served = (accuracy, other) if valid else None
        accuracy, winner = served or (0.0, drawn.arm)
        # A duel's second answer was bought to learn.
        beside = sum(usd for arm, usd in dollars.items() if arm in drawn.propensity and arm != winner)
        beside = beside if drawn.challenger else 0.0
        spent = sum(dollars.values())
        night.decisions += 1
        night.accuracy += accuracy
        night.serving_usd += spent - beside
        night.judging_usd += beside
        night.reward += reward(accuracy, spent, delay, self._settings)

    def _answer(self, arm: str, role: str) -> tuple[bool, float, float, float]:
        """(valid, accuracy, dollars, seconds) of one call."""
        actor = self._actors[self._arms[arm].model]
        valid = self._dice.random() < actor.valid.get(role, 1.0)
        mean = actor.accuracy[role]
        if 0.0 < mean < 1.0:
            size = max(0.5, mean * (1 - mean) / SCATTER**2 - 1)
            mean = self._dice.betavariate(mean * size, (1 - mean) * size)
        delay = actor.latency_s.get("median", 0.0) * self._dice.lognormvariate(0.0, actor.latency_s.get("sigma", 0.0))
        return valid, mean, actor.cost_usd * self._dice.uniform(0.7, 1.3), delay

    def _judged(
        self,
        call: str,
        arm: str,
        role: str,
        key: str,
        accuracy: float,
        drawn: Decision,
        night: SimulatedNight,
        log: Logbook,
    ) -> None:
        """Have an answer judged."""
        rivals = [self._arms[other] for other in drawn.propensity if other != arm]
        everyone = list(self._arms.values())
        shares = judging_shares(everyone, self._settings)
        judges = panel(self._arms[arm], everyone, key, 1, rivals, self._settings.judge, shares)
        given = []
        for judge in judges:
            able, _, usd, _ = self._answer(judge.name, role)
            night.judging_usd += usd
            night.reward -= self._settings.k_cost * usd
            if able:
                seen = accuracy + self._offsets[judge.model] + self._dice.gauss(0.0, NOISE_SD)
                given.append((judge, min(1.0, max(0.0, seen)), usd))
        weights = judge_weights([judge.model for judge, _, _ in given], *self._board)
        for judge, seen, usd in given:
            log.judgement(call, judge, seen, weights[judge.model], usd)
        night.judged += bool(given)

    def _worth(self, actor: Actor, role: str) -> float:
        accuracy = actor.accuracy[role] * actor.valid.get(role, 1.0)
        return reward(accuracy, actor.cost_usd, actor.latency_s.get("median", 0.0), self._settings)


def _outcome(world: World, nights: Sequence[SimulatedNight]) -> SimulatedOutcome:
    decisions = sum(night.decisions for night in nights)
    dearest = sum(night.dearest_usd for night in nights)
    judging = sum(night.judging_usd for night in nights)
    spent = judging + sum(night.serving_usd for night in nights)
    leads = {role: _first(nights, role, 0) for role in world.roles}
    after = [
        night.leaders[role] in night.good[role]
        for role, first in leads.items()
        for night in nights
        if first is not None and night.number >= first
    ]
    return SimulatedOutcome(
        nights=tuple(nights),
        regret=sum(night.best_reward - night.reward for night in nights) / decisions,
        saved=1 - spent / dearest if dearest else 0.0,
        accuracy_short=sum(night.dearest_accuracy - night.accuracy for night in nights) / decisions,
        judging_share=judging / spent if spent else 0.0,
        judged=sum(night.judged for night in nights) / decisions,
        nights_to_lead=leads,
        led=sum(after) / len(after) if after else 0.0,
        recovery=_recovery(world, nights),
    )


def _first(nights: Sequence[SimulatedNight], role: str, since: int) -> int | None:
    """Nights from `since` until the first after which a good arm leads."""
    found = (night.number - since for night in nights[since:] if night.leaders[role] in night.good[role])
    return next(found, None)


def _recovery(world: World, nights: Sequence[SimulatedNight]) -> dict[str, int | None]:
    """For each role whose leader was made a wrong one by a change: nights until there is a good one again."""
    found = {}
    for since in sorted({since for since, _, _ in world.changes if 1 < since <= len(nights)}):
        for role in world.roles:
            before, first = nights[since - 2], nights[since - 1]
            if before.leaders[role] not in first.good[role]:
                found[role] = _first(nights, role, since - 1)
    return found
