"""A worker of a run that was killed: it writes the answers down that it has under way, and then ends.

Dask ends such a process at once: a thread in it sees the pipe from its parent close, and calls os._exit.
"""

import os
from types import SimpleNamespace
from typing import Any

from nightdesk.tasks.models.spool import see_through


def dask_setup(_: Any) -> None:
    """Dask calls this when a worker of a LocalCluster starts (preload).

    Only the view that this one module of Dask has of os is replaced, because other callers of os._exit mean it.
    """
    from distributed import process

    def leave(code: int) -> None:
        see_through()
        os._exit(code)

    view = SimpleNamespace(**{**vars(os), "_exit": leave})
    setattr(process, "os", view)  # noqa: B010  (to mypy it is a module)
