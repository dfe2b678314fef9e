"""Which models of a pool can be reached: asked once at the start of a run, before anything is written."""

import asyncio
import logging

from nightdesk.tasks.calling.dask.pool import FanOut
from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.errors import InputError, ModelError, RateLimited, WorkerLost
from nightdesk.tasks.models.address import address
from nightdesk.tasks.models.providers.provider_errors import ServerError
from nightdesk.tasks.models.worker import CallResult, look_up

log = logging.getLogger("nightdesk")

PATIENCE_S = 15.0


async def usable(profile: Profile, pool: FanOut) -> Profile:
    """Return the profile without the models that cannot be used: no key, a key refused, no such model, nobody there.

    Raises:
        InputError: none is left.
    """
    asked = [m for m in profile.models if m.is_remote and m.name not in profile.exclude]
    if not asked:
        return profile
    why = await asyncio.gather(*(_trouble(m, pool) for m in asked))
    out = {m.name: str(error) for m, error in zip(asked, why, strict=True) if error is not None}
    left = [m.name for m in profile.models if m.name not in out and m.name not in profile.exclude]
    if not left:
        raise InputError(
            f"no model of profile {profile.name!r} can be used: " + "; ".join(f"{n}: {w}" for n, w in out.items())
        )
    for name, line in out.items():
        log.warning("%s is left out of this run: %s", name, line)
    return profile.model_copy(update={"exclude": (*profile.exclude, *out)})


async def _trouble(model: ModelSpec, pool: FanOut) -> ModelError | None:
    try:
        reply: CallResult = await pool.talk(look_up, address(model, PATIENCE_S), None)
        error = reply.error
    except ModelError as e:
        error = e
    # A server that is there and overloaded, or was asked by a worker that was lost, is worth a try when its turn comes.
    return None if isinstance(error, RateLimited | ServerError | WorkerLost) else error
