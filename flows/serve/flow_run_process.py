"""What the process of a flow run that `serve` starts runs first: it is configured before Prefect is imported in it.

multiprocessing runs the parent's main module in every child that it spawns. as_main_module_of_children() puts this
module in that place, so that a child heeds the end of `serve` from its first moment on.
"""

import sys
from importlib.util import find_spec

from nightdesk.flows.shared.configure import configure


def as_main_module_of_children() -> None:
    """Have the processes that this one spawns from now on run this module first, in place of the command's own."""
    sys.modules["__main__"].__spec__ = find_spec("nightdesk.flows.serve.flow_run_process")


if __name__ == "__mp_main__":
    configure()
