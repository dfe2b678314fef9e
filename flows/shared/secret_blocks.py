"""Keys of models from Prefect Secret blocks, where the environment lacks them."""

import os
from typing import Any

from prefect.blocks.system import Secret

from nightdesk.flows.artifacts.reporting import report
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.config.secrets import keep_secret

PATIENCE_S = 60.0  # with a server that is busy: without its keys a run would end bad


async def keys_into_environment(profile: Profile) -> None:
    """Put the keys that a profile's models name into this process's environment, from where its workers have them.

    A model names its key by `api_key_env`, say OPENAI_API_KEY. What the environment has stands; else the Secret block
    `openai-api-key` is read. What is in neither is reported by who needs it.
    """
    named = {str(getattr(m, "key_env", "")) for m in profile.models} - {""}
    for name in sorted(n for n in named if not os.environ.get(n)):
        if (secret := await report(_secret(name), patience_s=PATIENCE_S)) is not None:
            os.environ[name] = secret
    for name in named:
        keep_secret(os.environ.get(name, ""))


async def _secret(name: str) -> str | None:
    try:
        block: Secret[Any] = await Secret.aload(block_of(name))
    except ValueError:  # there is no such block
        return None
    return str(block.get())


def block_of(variable: str) -> str:
    """Return the name of the Secret block that holds what an environment variable would."""
    return variable.lower().replace("_", "-")
