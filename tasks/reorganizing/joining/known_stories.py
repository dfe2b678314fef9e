"""Topics whose story is known, side by side, so that new ones are compared with all of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.reorganizing.joining.candidates import Candidates
from nightdesk.tasks.reorganizing.joining.likeness import TermCounts
from nightdesk.tasks.reorganizing.joining.packed import Codes, Mark, inverse_lengths, unpack

BLOCK = 1024  # new topics that are compared with others at once
PAIRS = 4_000_000  # pairs of them, 20 bytes each
_KNOWN = 4096  # known topics that are compared at once: few new ones are done sooner if these fit into a cache


@dataclass(slots=True)
class KnownStories:
    """Topics whose story is known. Rows beyond `story_ids` are room to grow; a scale of 0 takes a topic out."""

    codes: Codes = field(default_factory=lambda: np.zeros((0, 1), np.int8))
    scales: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    story_ids: list[str] = field(default_factory=list)
    terms: list[bytes | None] = field(default_factory=list)
    counts: TermCounts = field(default_factory=TermCounts)

    def add(self, marks: Sequence[Mark], story_ids: Sequence[str]) -> None:
        """Add topics."""
        if not marks:
            return
        fresh, known = unpack([mark.vector for mark in marks]), len(self.story_ids)
        if known + len(fresh) > len(self.codes):
            room = max(known + len(fresh), known + known // 4)
            codes, scales = np.zeros((room, fresh.shape[1]), np.int8), np.zeros(room, np.float32)
            if known:  # else there are no columns yet
                codes[:known], scales[:known] = self.codes[:known], self.scales[:known]
            self.codes, self.scales = codes, scales
        self.codes[known : known + len(fresh)] = fresh
        self.scales[known : known + len(fresh)] = inverse_lengths(fresh)
        self.story_ids += story_ids
        self.terms += [mark.terms for mark in marks]
        self.counts.add([mark.terms for mark in marks])

    def let_go(self, rows: Sequence[int]) -> None:
        """Take topics out, for good."""
        self.scales[list(rows)] = 0
        self.counts.add([self.terms[row] for row in rows], times=-1)
        for row in rows:
            self.terms[row] = None

    def candidates(self, codes: Codes) -> Candidates:
        """Return the known topics that are nearest to each of some new ones."""
        found = Candidates(len(codes))
        for start in range(0, len(codes), BLOCK):
            new = codes[start : start + BLOCK].astype(np.float32)
            own = inverse_lengths(codes[start : start + BLOCK])
            step = min(_KNOWN, max(1, PAIRS // len(new)))
            for first in range(0, len(self.story_ids), step):  # memory stays flat
                end = min(first + step, len(self.story_ids))
                near = new @ self.codes[first:end].astype(np.float32).T
                near *= self.scales[first:end]
                near *= own[:, None]
                found.offer(start, near, first)
        return found
