"""The production learner as a policy of a replay of recorded rewards (benchmarks/replay.py).

A replay asks `choose` for every decision of a round and tells the noisy reward of what was judged at the end of the
night. Everything between is the product's: decisions are drawn by `sampling.decide` from the plans that
`learner.serving` gives, written down as the rows that a run publishes, and `learner.learn` makes the next version from
them.

Rewards of a recording run from -10 to 10 (10 * accuracy - 0.1 - dollars, the accuracy from -1 to 1) and are noisy.
Accuracy of ours lies in [0, 1], so [-2 * BOUND, 2 * BOUND] is mapped to it, wide enough that noise is not cut off.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nightdesk.role_rl.arms import Arm, Prior, Settings
from nightdesk.role_rl.learner import learn, serving
from nightdesk.role_rl.sampling import Decision, Plan, decide
from nightdesk.role_rl.simulation.simulated_log import Logbook
from nightdesk.role_rl.state import LearnerState

BOUND = 10.0
JUDGE = Arm("judge", "judge")
LANGUAGE = "en"


@dataclass(slots=True)
class _Pending:
    """A decision some of whose answers have not been told yet."""

    number: str
    drawn: Decision
    models: list[str]


class Default:
    """What a fresh profile does with a pool of which only the prices are known."""

    strategy = "posterior"

    def __init__(
        self,
        roles: Sequence[str],
        models: Sequence[str],
        prices: Mapping[str, float],
        judge_price: float,
        seed: int = 0,
    ) -> None:
        self._settings = Settings(
            f"replay-{seed}", v=4 * BOUND, k_cost=1.0, k_time=0.0, judge_usd=judge_price, strategy=self.strategy,
            excluded=frozenset({JUDGE.name}),
        )  # fmt: skip
        self._arms = {
            name: Arm(name, name, prior=Prior(cost_usd=prices[name]), known=False, judges=False) for name in models
        }
        # The judge is outside the pool; it is there so that somebody may judge, and never serves.
        self._pool = (*self._arms.values(), JUDGE)
        self._judge_price = judge_price
        self._state: LearnerState | None = None
        self._plans: dict[str, Plan] = {}
        self._pending: dict[str, deque[_Pending]] = {role: deque() for role in roles}
        self._drawn = 0
        self._log = Logbook(1, self._settings)

    def choose(self, role: str) -> tuple[list[str], bool]:
        """Return the models to run for one decision, the serving one first, and whether they are judged."""
        if role not in self._plans:
            self._plans[role] = serving(self._state, self._pool, self._settings, role, LANGUAGE)
        self._drawn += 1
        version = self._state.version if self._state else 0
        drawn = decide((self._settings.profile, self._log.night, version, role, self._drawn), self._plans[role])
        models = [drawn.arm] + ([drawn.challenger] if drawn.challenger else [])
        self._pending[role].append(_Pending(f"{self._log.night}-{self._drawn}", drawn, list(models)))
        return models, drawn.judged

    def observe(self, role: str, model: str, reward: float | None, cost: float) -> None:
        """Take what one answer earned (None: not judged) and cost; told in the order of the decisions."""
        decision = self._pending[role][0]
        decision.models.remove(model)
        if not decision.models:
            self._pending[role].popleft()
        call = self._log.call(
            decision.number, (role, LANGUAGE), self._arms[model], decision.drawn, valid=True, dollars=cost, seconds=0.0
        )
        if reward is not None:
            accuracy = min(1.0, max(0.0, 0.5 + (reward + cost) / (4 * BOUND)))
            self._log.judgement(call, JUDGE, accuracy, 1.0, self._judge_price)

    def end_of_night(self) -> None:
        """Learn from the night."""
        calls, judgements = self._log.tables()
        moment = self._log.begun
        self._state = learn(self._state, calls, judgements, self._pool, self._settings, created_at=moment)
        self._plans = {}
        self._log = Logbook(self._log.night + 1, self._settings)


class Published(Default):
    """The published rule, as the strategy of a profile: learning once a night, as everything here does."""

    strategy = "q-learning"
