"""How many workers of its own a run starts, and what each of them loads at its start.

Models that are reached over a network keep a worker waiting, not computing: one process has a hundred calls under way
with a fifth of a core. Each further process costs a second of CPU for its start and the SDK of the provider.
"""

from typing import NamedTuple

from nightdesk.tasks.config.profile import Profile

AT_ONCE = 128  # calls that wait for a network on one worker, before a further one is used
ANY_MODEL = ("nightdesk.tasks.models.worker",)
REMOTE_MODELS = "nightdesk.tasks.models.remote_worker"
SDK_MODULES = {
    "openai": "nightdesk.tasks.models.providers.openai",
    "anthropic": "nightdesk.tasks.models.providers.anthropic",
}


class OwnWorkers(NamedTuple):
    """Worker processes of a run. preload: modules that Dask imports in each before it takes calls."""

    number: int
    preload: tuple[str, ...] = ANY_MODEL


def own_workers(profile: Profile) -> OwnWorkers:
    """Return what a run of this profile starts; [dask] workers is the most that it may be.

    A pool of which every model is remote gets a worker per AT_ONCE calls. It loads the SDK at its start, beside the
    import of Prefect in the flow, so that the first call does not wait for it.
    """
    models = [m for m in profile.models if m.name not in profile.exclude]
    if not models or not all(m.is_remote for m in models):
        return OwnWorkers(profile.dask.workers)
    needed = -(-sum(m.concurrency for m in models) // AT_ONCE)
    sdks = sorted({SDK_MODULES[m.provider] for m in models if m.provider in SDK_MODULES})
    return OwnWorkers(min(profile.dask.workers, max(1, needed)), (REMOTE_MODELS, *sdks))
