"""A follow of one date: looks at its sources, settles what is closed, files what is open, and ends the day."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.following.settling.settled import Settled


@dataclass(frozen=True, slots=True)
class Caps:
    """The most dollars that a follow spends; None: no limit. day: of the date; hour: of one hour of the clock."""

    day_usd: float | None = None
    hour_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """What one look at all sources brought.

    arrived, settled, provisional: sentences: that came now, that were settled since the last tick, and that stand in
    passages_open now. waiting: chunks that are closed and not settled. lag_s: the age of the oldest sentence of these.
    dollars: that the date has taken so far. troubles: lines to show, each told once.
    is_over: no source will bring anything more (stdin has ended, and there is no other source).
    """

    arrived: int = 0
    settled: int = 0
    provisional: int = 0
    waiting: int = 0
    lag_s: float = 0.0
    dollars: float = 0.0
    troubles: tuple[str, ...] = ()
    is_over: bool = False

    @property
    def has_news(self) -> bool:
        """Whether anything came, was settled or went wrong."""
        return bool(self.arrived or self.settled or self.troubles)


class Follower:
    """A follow that is under way. on_settled: called with what was settled, once it is published (for --print)."""

    run_id: str
    run_date: date
    on_settled: Callable[[Sequence[Settled]], None]

    async def tick(self, now: datetime) -> Tick:
        """Look at all sources once; settling goes on beside it. now: aware.

        Raises:
            PublishError: OUT or the journal cannot be written; the same command goes on later.
            InputError: no model can be used at all.
        """
        raise NotImplementedError

    async def finish(self, why: str) -> Tick:
        """End the day: everything is settled or written as unpaid, published, related, and learned from.

        why: shown in messages ("midnight", "--until 23:00", "stdin ended"). Safe to call again after a kill.
        """
        raise NotImplementedError

    async def stop(self) -> None:
        """End before the day's end: what is settled is published, the rest stays in the journal."""
        raise NotImplementedError


def open_dates(out: Path, profile: str, before: date) -> list[date]:
    """Return the dates before one that a follow has left open, the earliest first: each is to be finished first.

    For each: open_follow with that date and no sources, then finish().
    """
    raise NotImplementedError


@asynccontextmanager
async def open_follow(
    run_id: str,
    run_date: date,
    sources: Sequence[str],
    out: Path,
    profile: Profile,
    every_s: float = 30.0,
    idle_s: float = 600.0,
    caps: Caps = Caps(),
    stdin_id: str = "stdin",
) -> AsyncIterator[Follower]:
    """Open everything that a follow needs, take over what killed ones left, and close it all in the end.

    sources: files, folders, addresses, - for stdin; none: only what is in the journal is worked on, to finish a date.
    every_s: seconds between two looks, for the live page. idle_s: after which nothing is held any more (see Watch).

    Raises:
        InputError: bad sources, OUT cannot be written, or another process follows this profile in this OUT.
        PublishError: the answers' store or the journal is broken.
    """
    raise NotImplementedError
    yield Follower()
