"""What new runs taught, and what is known before they are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nightdesk.role_rl.judges import Pair
from nightdesk.role_rl.sufficient_stats import Halves, Key, Sums, Tally


@dataclass(frozen=True, slots=True)
class Step:
    """One decision as the published rule wants it: what its arms earned, the serving one first."""

    context: tuple[str, str]
    rewards: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known already: mean accuracies of arms, and by role and context how much alike a duel's answers are.

    likeness: sums of x^2 (n), x y (total) and y^2 (squares) over duels, x and y being what the accuracies of the first
    and the second answer were above their arms' means.
    """

    means: Mapping[Key, float] = field(default_factory=dict)
    likeness: Mapping[tuple[str, str], Sums] = field(default_factory=dict)

    def slope(self, context: tuple[str, str]) -> float:
        """b, in [0, 1]; 0 until duels show it."""
        known = self.likeness.get(context, Sums())
        return min(1.0, max(0.0, known.total / (known.n + UNLIKE)))


UNLIKE = 0.2
"""Sum of x^2 of duels with nothing in common (some five) that those seen must outweigh."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What new runs taught.

    tallies: one per role, language and arm that answered; halves: the same, of each half of the decisions. as_given:
    the tallies without what duels take from their second answers, which depends on what is remembered. pairs:
    differences of two judges of one answer. steps: judged decisions in the order of their calls. decisions: how many
    there were, by role and language. likeness: of duels (`Remembered`). run_ids: the runs that were new, sorted, also
    those that taught nothing. night: the UTC date (ISO) of the last call, "" if no row taught anything.
    """

    tallies: Mapping[Key, Tally]
    halves: Halves
    run_ids: tuple[str, ...]
    night: str
    as_given: Mapping[Key, Tally] = field(default_factory=dict)
    pairs: dict[Pair, Sums] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    decisions: dict[tuple[str, str], int] = field(default_factory=dict)
    likeness: dict[tuple[str, str], Sums] = field(default_factory=dict)
