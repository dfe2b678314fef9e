"""How a run fetches: what its profile says, where it keeps answers, and until when it waits."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from nightdesk.tasks.config.fetch_settings import FetchSettings
from nightdesk.tasks.reading.fetching.errors import Late


@dataclass(frozen=True, slots=True)
class Fetching:
    """settings: [fetch] of the profile. out: the folder below which answers are kept; None: nowhere.

    only_looks: kept answers are used, and none is written.
    """

    settings: FetchSettings = field(default_factory=FetchSettings)
    out: Path | None = None
    only_looks: bool = False

    def looking(self) -> Self:
        """Return the same, but that nothing is written."""
        return replace(self, only_looks=True)


class Deadline:
    """The moment until which all that belongs to one fetch has to be done."""

    def __init__(self, total_s: float) -> None:
        self._total_s = total_s
        self._at = time.monotonic() + total_s

    def within(self, most_s: float | None) -> float:
        """Return how long the next step may take, in seconds: until the deadline, and at most most_s.

        Raises:
            Late: the deadline has passed.
        """
        left = self._at - time.monotonic()
        if left <= 0:
            raise Late(
                f"not all there after {self._total_s:g} s; try again later, or raise [fetch] total_s in the profile"
            )
        return left if most_s is None else min(left, most_s)
