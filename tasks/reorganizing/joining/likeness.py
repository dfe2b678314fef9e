"""How alike two topics are by their terms, and how much they have in common.

Both weigh a term by how few topics have it, of those of the last nights and of text at large: what half of the night
speaks of (the president, a wire's own words) ties no two topics together.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.models.topic_marks import RARITY_SCALE, TERM, TOPICS

_BUCKETS = 1 << 20  # of terms by their hash, 4 bytes each: two terms in one count as more common than they are
_SHORT = 10_000.0  # added to a topic's squared length, so that a chance term of a short one is not most of it
_FULL = 6.2  # nats of rarity at which a term counts as one whole thing in common; fewer while few topics are known
_PRIORS = TOPICS * np.exp(np.arange(256) / -RARITY_SCALE)  # topics of text at large that have a term of this rarity
TOLD_AGAIN = 0.9  # cosine of the vectors of two texts that are the same but for a few words: a report sent again
_TOLD_AGAIN_IN_COMMON = 1.0  # distinctive things that these must have; a greeting has none
_MOST_SAID = 9.0  # times that a term counts for as said

Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rule:
    """What makes two topics one story.

    likeness: least cosine of their terms. in_common: how many distinctive things both must name; a name of several
    words is one, one that both come back to is up to three.
    """

    likeness: float
    in_common: float


class TermCounts:
    """How many topics have each term."""

    def __init__(self) -> None:
        self._counts = np.zeros(_BUCKETS, np.int32)
        self._places = np.zeros(_BUCKETS, np.int16)  # of the terms of the topic that is looked up, from 1
        self.topics = 0

    def add(self, terms: Sequence[bytes | None], times: int = 1) -> None:
        """Count the terms of topics; times: -1 takes them out again."""
        known = [its for its in terms if its is not None]
        self.topics += times * len(known)
        words = np.frombuffer(b"".join(known), TERM)["word"]
        np.add.at(self._counts, words % _BUCKETS, times)

    def rarity(self, terms: NDArray[np.void], besides: "TermCounts | None" = None) -> Weights:
        """Return -log of the share of topics that have each term, in nats. besides: other topics that count as well."""
        at = terms["word"] % _BUCKETS
        counts, topics = self._counts[at].astype(np.float64), self.topics
        if besides is not None:
            counts, topics = counts + besides._counts[at], topics + besides.topics
        prior = _PRIORS[terms["rarity"]]
        share = (np.maximum(counts - 1, 0) + prior + 0.5) / (topics + TOPICS + 0.5)
        rarity: Weights = np.maximum(-np.log(share), 0.0)
        return rarity

    def shared(self, mine: NDArray[np.void], theirs: NDArray[np.void]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where the terms that both have stand, in the one and in the other; in the order of the other."""
        buckets = mine["word"] % _BUCKETS
        self._places[buckets] = np.arange(1, len(mine) + 1)
        at = self._places[theirs["word"] % _BUCKETS].astype(np.int64) - 1
        self._places[buckets] = 0
        (shared,) = np.nonzero((at >= 0) & (mine["word"][at] == theirs["word"]))
        return at[shared], shared

    def full(self, besides: "TermCounts | None" = None) -> float:
        """Return the rarity at which a term counts as one whole thing in common."""
        topics = self.topics + (besides.topics if besides is not None else 0)
        return min(_FULL, math.log((topics + TOPICS + 0.5) / 0.5))


def alike(
    one: bytes,
    others: Sequence[bytes],
    cosines: NDArray[np.float32],
    rule: Rule,
    counts: TermCounts,
    besides: TermCounts | None = None,
) -> list[tuple[int, float]]:
    """Return (which, likeness) of those topics that are of one story with one, by a rule.

    cosines: of their vectors with its own. Few share enough, so that the others' terms are looked up, but not weighed.
    """
    mine, theirs = np.frombuffer(one, TERM), np.frombuffer(b"".join(others), TERM)
    if not len(mine):
        return []
    of = np.repeat(np.arange(len(others)), [len(its) // TERM.itemsize for its in others])
    at, shared = counts.shared(mine, theirs)
    rarity = counts.rarity(mine, besides)
    said = np.sqrt(mine["count"][at].astype(np.float64) * theirs["count"][shared])
    things = np.minimum(1.0, rarity[at] / counts.full(besides)) ** 2 * (1 + np.log(np.minimum(said, _MOST_SAID)))
    things /= np.maximum(mine["parts"][at], theirs["parts"][shared])
    in_common = np.bincount(of[shared], things, len(others))
    weights = _weighed(mine, rarity)
    length = _length(weights)
    found = []
    enough = np.where(cosines >= TOLD_AGAIN, min(_TOLD_AGAIN_IN_COMMON, rule.in_common), rule.in_common)
    for k in np.flatnonzero(in_common >= enough).tolist():
        first, end = np.searchsorted(of, [k, k + 1])
        its = theirs[first:end]
        its_weights = _weighed(its, counts.rarity(its, besides))
        both = slice(*np.searchsorted(shared, [first, end]))
        likeness = float(weights[at[both]] @ its_weights[shared[both] - first]) / (length * _length(its_weights))
        if likeness >= rule.likeness:
            found.append((k, likeness))
    return found


def _length(weights: Weights) -> float:
    return math.sqrt(float(np.square(weights).sum()) + _SHORT)


def _weighed(terms: NDArray[np.void], rarity: Weights) -> Weights:
    weights: Weights = np.square(rarity) * (1 + np.log(terms["count"]))
    return weights
