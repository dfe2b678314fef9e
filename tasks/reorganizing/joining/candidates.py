"""The topics that a new one is held against: those whose vectors are nearest to its own, a bounded number of them.

Every pair is compared. A matrix product of 1,300 topics (a batch of 20,000 sentences) with 65,000 known ones takes 1 s
of CPU, 0.05 ms a sentence, and an index of neighbours saves less than it loses: topics that share two of their twelve
strongest dimensions are 5 % of all pairs, and 5 % of the nearest neighbours are not among them.
"""

import numpy as np
from numpy.typing import NDArray

MOST = 32  # candidates of a topic
FLOOR = 0.08  # least cosine of a candidate: nearly all topics of one story have more, nineteen of twenty others less


class Candidates:
    """The nearest topics of each of some new ones, as more and more are compared. MOST of each, 12 bytes."""

    def __init__(self, topics: int) -> None:
        self._cosines = np.full((topics, MOST), -1.0, np.float32)
        self._rows = np.zeros((topics, MOST), np.int64)
        self._floors = np.full(topics, FLOOR, np.float32)

    def offer(self, start: int, near: NDArray[np.float32], first: int) -> None:
        """Compare some new topics, from `start` on, with others, from `first` on. near: their cosines."""
        hits = near >= self._floors[start : start + len(near), None]
        for k in np.flatnonzero(hits.any(axis=1)).tolist():
            at = np.flatnonzero(hits[k])
            topic = start + k
            cosines = np.concatenate([self._cosines[topic], near[k, at]])
            rows = np.concatenate([self._rows[topic], first + at])
            best = np.argpartition(-cosines, MOST - 1)[:MOST]
            self._cosines[topic], self._rows[topic] = cosines[best], rows[best]
            self._floors[topic] = max(FLOOR, float(cosines[best].min()))

    def of(self, topic: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the cosines of a topic's candidates, and which they are."""
        there = self._cosines[topic] >= FLOOR
        return self._cosines[topic, there], self._rows[topic, there]
