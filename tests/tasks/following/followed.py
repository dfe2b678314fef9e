"""A follow of one date without a flow around it: real workers, audit, files and models; sentences arrive in a file."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.following.calls.spending import NO_CAPS, Caps
from nightdesk.tasks.following.follower import Follower, Tick, open_follow
from nightdesk.tasks.following.settling.settled import Settled
from tests.tasks.made import DAY

DOC = f"talk@{DAY.isoformat()}"
SMALL = {"sentences": 20, "overlap": 4}
Work = Callable[[Follower], Awaitable[Any]]


def profile_of(cluster: str, **changed: Any) -> Profile:
    """Return the news profile with small chunks, on a cluster that is there. changed: tables of it."""
    known = load_profile("news").model_dump()
    chunks, dask = known["chunks"] | SMALL, known["dask"] | {"scheduler": cluster}
    return Profile.model_validate(known | {"chunks": chunks, "dask": dask, **changed})


@dataclass
class Talk:
    """A file that grows, and the OUT that it is followed into."""

    cluster: str
    source: Path
    out: Path
    number: int = 0

    @property
    def file(self) -> Path:
        """The file that is followed."""
        return self.source / "talk.txt"

    def say(self, sentences: Sequence[str]) -> None:
        """Have sentences arrive."""
        with self.file.open("a", encoding="utf-8") as f:
            f.write("".join(f"{s}\n" for s in sentences))

    def follow(
        self,
        work: Work,
        profile: Profile | None = None,
        day: date = DAY,
        caps: Caps = NO_CAPS,
        sources: Sequence[str] | None = None,
        heard: Callable[[Sequence[Settled]], None] = lambda settled: None,
    ) -> Any:
        """Open a follow, do something with it, and close it; return what came of it."""
        self.number += 1
        run_id = f"run-{self.number}"

        async def main() -> Any:
            its, named = profile or profile_of(self.cluster), [str(self.file)] if sources is None else sources
            async with open_follow(run_id, day, named, self.out, its, 1.0, 0.0, caps) as follower:
                follower.on_settled = heard
                return await work(follower)

        return asyncio.run(main())


async def ticks(follower: Follower, until: Callable[[Tick], bool], most: int = 3_000) -> Tick:
    """Look again and again until something is so; fail if it never is."""
    for _ in range(most):
        tick = await follower.tick(datetime.now(UTC))
        if until(tick):
            return tick
        await asyncio.sleep(0.1)
    raise AssertionError(f"after {most} looks: {tick}")


async def settle_all(follower: Follower) -> Tick:
    """Look until nothing more comes, and nothing that can be settled is not."""

    def is_quiet(tick: Tick) -> bool:
        return not (tick.arrived or tick.waiting or tick.settled or follower.is_settling)

    await ticks(follower, lambda tick: not tick.arrived)
    return await ticks(follower, is_quiet)
