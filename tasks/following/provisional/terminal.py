"""What `nightdesk follow --print` says: a line for every sentence that is settled."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from nightdesk.tasks.following.settling.settled import Settled


@dataclass(frozen=True, slots=True)
class Look:
    """How lines are shown. width: in columns, 0: as long as they are."""

    is_coloured: bool = False
    width: int = 0


def look_of(stream: TextIO, environment: Mapping[str, str]) -> Look:
    """Return how lines are shown where a stream leads: a terminal has colour (but for NO_COLOR) and a width."""
    raise NotImplementedError


def settled_lines(settled: Iterable[Settled], categories: Sequence[str], look: Look = Look()) -> Iterator[str]:
    """Yield a line for every sentence of what was settled, without a line end: fit for any terminal.

    categories: those of the profile, in order; each has its colour.
    """
    raise NotImplementedError
