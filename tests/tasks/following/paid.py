"""A pool that costs dollars, played by the stand-in server, and a process that follows with it until it is killed."""

import multiprocessing
from multiprocessing.synchronize import Event
from typing import Any

from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.following.follower import Follower
from tests.tasks.following.followed import Talk, profile_of, settle_all, ticks
from tests.tasks.reorganizing.ran import EVERY

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])
WORLD = f"""
[[models]]
name = "north"
family = "arctic"
latency_s = {{ median = 0.2 }}
accuracy = {EVERY}

[[models]]
name = "south"
family = "tropic"
latency_s = {{ median = 0.2 }}
accuracy = {EVERY}
"""


def paid_profile(cluster: str, url: str, max_cost_usd: float = 10.0, **changed: Any) -> Profile:
    """Return a profile of two models behind the stand-in server."""
    priced = {"prices": {"input": 1.0, "output": 4.0}, "max_output_tokens": 512}
    served = {"provider": "openai", "base_url": url, "form": "json_schema"}
    models = [{"name": n, "family": f, **served, **priced} for n, f in (("north", "arctic"), ("south", "tropic"))]
    return profile_of(cluster, models=models, learner={}, limits={"max_cost_usd": max_cost_usd}, **changed)


def live(talk: Talk, url: str, is_last: bool, opened: Event) -> None:
    """Follow until the process is killed; or settle all that came, and end the day."""

    async def work(follower: Follower) -> None:
        opened.set()
        if is_last:
            await settle_all(follower)
            await follower.finish("midnight")
        else:
            await ticks(follower, lambda tick: False, 10**6)

    talk.follow(work, profile=paid_profile(talk.cluster, url))


def life(talk: Talk, url: str, is_last: bool = False) -> tuple[Any, Event]:
    """Begin such a process; return it with the event that its follow is open."""
    opened = FORKS.Event()
    process = FORKS.Process(target=live, args=(talk, url, is_last, opened))
    process.start()
    return process, opened
