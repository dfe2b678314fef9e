"""The production learner as a policy of a routing record, as `nightdesk.role_rl.replay` is one of a replay.

Decisions are drawn by `sampling.decide` from the plans that `learner.serving` gives, written down as the rows that a
run publishes, and `learner.learn` makes the next version from them, after every `night` prompts or more often.
"""

from collections.abc import Callable

from benchmarks.routing_cases.policies import Told
from nightdesk.role_rl.arms import Arm, Prior, Settings
from nightdesk.role_rl.learner import learn, serving
from nightdesk.role_rl.sampling import Decision, Plan, decide
from nightdesk.role_rl.simulation.simulated_log import Logbook
from nightdesk.role_rl.state import LearnerState

JUDGE = Arm("judge", "judge")
ROLE = "answer"


class Ours:
    """A fresh profile that knows names and prices of the models."""

    def __init__(
        self,
        prices: dict[str, float],
        k_cost: float,
        seed: int,
        *,
        judge_usd: float | None,
        night: int,
        every: int,
        context: Callable[[int], str],
    ) -> None:
        """judge_usd: dollars of a judgement (None: the reward of every answer is told, and costs nothing).

        night: prompts of a night. every: prompts after which is learned; less than a night, it learns within it.
        """
        told = {"min_judge_rate": 1.0, "max_judge_rate": 1.0} if judge_usd is None else {}
        self._settings = Settings(
            f"public-{seed}", k_cost=k_cost, k_time=0.0, judge_usd=judge_usd or 0.0,
            excluded=frozenset({JUDGE.name}), **told,
        )  # fmt: skip
        self._models = list(prices)
        self._arms = [
            Arm(name, name, prior=Prior(cost_usd=usd), known=False, judges=False) for name, usd in prices.items()
        ]
        self._pool = (*self._arms, JUDGE)
        self._judge_usd, self._night, self._every, self._context = judge_usd or 0.0, night, every, context
        self._state: LearnerState | None = None
        self._plans: dict[str, Plan] = {}
        self._count = 0
        self._log = Logbook(1, self._settings)
        self._drawn: Decision

    def choose(self, source: int) -> tuple[list[int], bool]:
        """Return the drawn model, and the challenger of a duel."""
        context = self._context(source)
        if context not in self._plans:
            self._plans[context] = serving(self._state, self._pool, self._settings, ROLE, context)
        version = self._state.version if self._state else 0
        drawn = decide((self._settings.profile, self._log.night, version, ROLE, self._count), self._plans[context])
        self._drawn = drawn
        models = [drawn.arm] + ([drawn.challenger] if drawn.challenger else [])
        return [self._models.index(name) for name in models], drawn.judged

    def told(self, source: int, answers: Told) -> None:
        """Write the answers down; learn where it is time to."""
        for model, (reward, usd) in answers.items():
            where = ROLE, self._context(source)
            arm = self._arms[model]
            call = self._log.call(str(self._count), where, arm, self._drawn, valid=True, dollars=usd, seconds=0.0)
            if reward is not None:
                self._log.judgement(call, JUDGE, reward, 1.0, self._judge_usd)
        self._count += 1
        if self._count % self._every == 0:
            calls, judgements = self._log.tables()
            moment = self._log.begun
            self._state = learn(self._state, calls, judgements, self._pool, self._settings, created_at=moment)
            self._plans = {}
            self._log = Logbook(1 + self._count // self._night, self._settings)
