"""What a worker is prepared with if all models of its pool are reached over a network: no vectors, no numpy."""

from typing import Any

from nightdesk.tasks.config.secrets import hide_secrets
from nightdesk.tasks.safety.printable import guard_output


def dask_setup(_: Any) -> None:
    """Dask calls this when a worker starts (preload). What a worker logs shows no key."""
    hide_secrets()
    guard_output()
