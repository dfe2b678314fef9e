"""The draw of one decision: which arm serves, whether it is judged, whether a second arm runs beside it.

All of it comes from one hash of what is asked, so there is no generator whose state could be lost: a retry, a lost
worker, a rerun, another machine draw the same. All of it is fixed before any answer is seen, so every row that is
written carries the true probability of its being there, which is what estimates from the log need (Horvitz and
Thompson 1952).

With w the weights, d the duel rate, j the judge rate, q the challengers:
the picked arm y ~ w serves. With probability d this is a duel: a challenger x != y ~ q(x) / (1 - q(y)) runs too, and
both are judged. Otherwise y is judged with probability j. Hence
    c(x)  = d * sum over y != x of w(y) q(x) / (1 - q(y))       x runs as the challenger
    pi(x) = w(x) + c(x)                                         x runs: column `propensity`
    m(x)  = w(x) (d + (1 - d) j) + c(x)                         x runs and is judged
    judge_propensity(x) = m(x) / pi(x)
If nothing of q is left beside the picked arm, no second arm runs, and the picked one is judged alone.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import accumulate
from math import fsum
from typing import NamedTuple

from nightdesk.role_rl.errors import SettingsError


@dataclass(frozen=True)
class Plan:
    """How decisions of one role and language are drawn.

    weights: arm name -> probability of serving, summing to 1. judge_rate: share of the decisions outside duels that
    are judged. duel_rate: share that duels. challengers: arm name -> share of the duels (over all arms; the picked
    one is taken out when it is drawn). Neither mapping is changed any more, because what is derived from them is kept.
    """

    weights: Mapping[str, float]
    judge_rate: float
    duel_rate: float
    challengers: Mapping[str, float]

    @cached_property
    def eligible(self) -> tuple[str, ...]:
        """All arms, by name."""
        return tuple(sorted(self.weights))

    @cached_property
    def shares(self) -> "_Shares":
        """The weights as they are drawn from.

        Raises:
            SettingsError: weights or rates are no probabilities.
        """
        _check(self)
        return _Shares.of(self.weights)

    @cached_property
    def rivals(self) -> "dict[str, _Shares]":
        """Picked arm -> what its challenger is drawn from; only arms that were picked in a duel so far."""
        return {}

    @cached_property
    def chances(self) -> dict[str, tuple[float, float]]:
        """Arm -> its inclusion (see there); only arms that ran so far."""
        return {}

    @property
    def leader(self) -> str:
        """The arm with the highest weight (the first by name among equals)."""
        return min(self.weights, key=lambda name: (-self.weights[name], name))

    def greedy(self) -> "Plan":
        """Return the plan by which the leader serves always: nothing is explored, nothing judged."""
        return Plan({name: float(name == self.leader) for name in self.weights}, 0.0, 0.0, {})

    def only(self, names: Collection[str]) -> "Plan":
        """Return the plan among some of its arms: their weights in proportion (equal, if none had any), same rates.

        What is drawn from it has propensities of its own, so an arm that cannot be asked is not in the log as if it
        could have been.

        Raises:
            SettingsError: none of the plan's arms is among them.
        """
        kept = {name: weight for name, weight in self.weights.items() if name in names}
        if not kept:
            raise SettingsError(f"no arm is left of {', '.join(sorted(self.weights))}")
        total = fsum(kept.values())
        weights = {name: weight / total if total > 0 else 1 / len(kept) for name, weight in kept.items()}
        challengers = {name: share for name, share in self.challengers.items() if name in kept}
        return Plan(weights, self.judge_rate, self.duel_rate, challengers)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was drawn for one unit.

    arm serves; challenger runs too (None: no duel); judged: the answers of all that run are judged. eligible: all
    arms that could have run. propensity, judge_propensity: for each arm that runs (see the module).
    """

    arm: str
    challenger: str | None
    judged: bool
    eligible: tuple[str, ...]
    propensity: Mapping[str, float]
    judge_propensity: Mapping[str, float]


def decide(parts: Sequence[str | int], plan: Plan, shared: Sequence[str | int] = ()) -> Decision:
    """Draw for the unit that `parts` name.

    parts: profile, run_date, weights version, role and the digest of the unit's input, in this order, as text.
    shared: what the picks of several roles have in common (() = nothing): roles that ask about one chunk then pick at
    the same point of their weights, so that where these allow it is one model that reads the chunk, and a provider's
    cache serves it. Each role's own probabilities are as before: the point is as uniform for each of them alone.

    Raises:
        SettingsError: the plan is not one (weights or rates that are no probabilities).
    """
    weights = plan.shares
    pick, duel, rival, judge = uniforms(parts, 4)
    if shared:
        (pick,) = uniforms(shared, 1)
    arm = weights.at(pick)
    dueling = duel < plan.duel_rate
    challenger = _challenger(plan, arm, rival) if dueling else None
    runs = (arm,) if challenger is None else (arm, challenger)
    chances = {name: inclusion(name, plan) for name in runs}
    return Decision(
        arm=arm,
        challenger=challenger,
        judged=dueling or judge < plan.judge_rate,
        eligible=plan.eligible,
        propensity={name: run for name, (run, _) in chances.items()},
        judge_propensity={name: both / run for name, (run, both) in chances.items()},
    )


def inclusion(name: str, plan: Plan) -> tuple[float, float]:
    """(pi, m): the probability that an arm runs, and that it runs and is judged."""
    if (known := plan.chances.get(name)) is not None:
        return known
    w, q, d, j = plan.weights, plan.challengers, plan.duel_rate, plan.judge_rate
    own = w.get(name, 0.0)
    # The shares beside y are summed, not 1 - q(y): that keeps its digits when q(y) is nearly 1, and needs no sum of 1.
    beside = {y: fsum(share for x, share in q.items() if x != y) for y in w if y != name}
    challenged = d * fsum(w[y] * q.get(name, 0.0) / rest for y, rest in beside.items() if rest > 0)
    plan.chances[name] = own + challenged, own * (d + (1 - d) * j) + challenged
    return plan.chances[name]


def uniforms(parts: Sequence[str | int], count: int) -> list[float]:
    """`count` (at most 8) numbers in [0, 1), each a multiple of 2**-53, from a BLAKE2b hash of the parts.

    The parts are hashed with their lengths, so ("ab", "c") and ("a", "bc") differ.
    """
    digest = blake2b(digest_size=8 * count, person=b"nightdesk-draw")
    for part in parts:
        # Text that is no Unicode (a lone surrogate in a name) must not stop a draw.
        data = str(part).encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    raw = digest.digest()
    return [(int.from_bytes(raw[8 * k : 8 * k + 8], "big") >> 11) / 2**53 for k in range(count)]


class _Shares(NamedTuple):
    """Arms by name, as a mapping's own order may change on disk; sums: of the shares up to each; total: of all."""

    names: list[str]
    sums: list[float]
    total: float

    @classmethod
    def of(cls, shares: Mapping[str, float]) -> "_Shares":
        names = sorted(name for name, share in shares.items() if share > 0)
        return cls(names, list(accumulate(shares[name] for name in names)), fsum(shares[name] for name in names))

    def at(self, u: float) -> str:
        """Return the arm at u of the total."""
        return self.names[min(bisect_right(self.sums, u * self.total), len(self.names) - 1)]


def _challenger(plan: Plan, arm: str, u: float) -> str | None:
    """Draw what runs beside an arm; None if nothing can."""
    if arm not in plan.rivals:
        plan.rivals[arm] = _Shares.of({name: share for name, share in plan.challengers.items() if name != arm})
    rivals = plan.rivals[arm]
    return rivals.at(u) if rivals.names else None


def _check(plan: Plan) -> None:
    if not plan.weights or min(plan.weights.values()) < 0 or abs(fsum(plan.weights.values()) - 1) > 1e-6:
        raise SettingsError(f"weights must be at least 0 and sum to 1; these are {dict(plan.weights)}")
    if not (0 <= plan.judge_rate <= 1 and 0 <= plan.duel_rate <= 1):
        raise SettingsError(f"judge rate {plan.judge_rate} and duel rate {plan.duel_rate} must lie between 0 and 1")
    if not set(plan.challengers) <= set(plan.weights) or any(share < 0 for share in plan.challengers.values()):
        raise SettingsError(f"challengers must have weights and shares of at least 0; got {dict(plan.challengers)}")
