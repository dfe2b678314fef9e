"""How a run fetches: what its profile says, where it keeps answers, and until when it waits."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from nightdesk.tasks.calling.answers import tombstones
from nightdesk.tasks.config.fetch_settings import FetchSettings
from nightdesk.tasks.reading.fetching.errors import Late


@dataclass(frozen=True, slots=True)
class Fetching:
    """settings: [fetch] of the profile. out: the folder below which answers are kept; None: nowhere.

    only_looks: kept answers are used, and none is written. forgotten_at: when the file of forgotten documents was last
    written as the run began; if that has changed, nothing more is kept, because a document of it may be among that.
    """

    settings: FetchSettings = field(default_factory=FetchSettings)
    out: Path | None = None
    only_looks: bool = False
    forgotten_at: int | None = None

    @classmethod
    def of_run(cls, settings: FetchSettings, out: Path, only_looks: bool = False) -> Self:
        """Return how a run fetches that begins now."""
        return cls(settings, out, only_looks, _changed(out))

    @property
    def may_keep(self) -> bool:
        """Tell whether answers may be written."""
        is_asked = self.out is not None and self.settings.kept_mb > 0 and not self.only_looks
        return is_asked and (self.forgotten_at is None or self.forgotten_at == _changed(self.out))

    def looking(self) -> Self:
        """Return the same, but that nothing is written."""
        return replace(self, only_looks=True)


def _changed(out: Path | None) -> int:
    """Return when OUT's file of forgotten documents was last written, in nanoseconds; 0 if there is none."""
    try:
        return (out / tombstones.FILE).stat().st_mtime_ns if out is not None else 0
    except OSError:
        return 0


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
