"""The process of a pool's job: `python -P -m flows.job` runs the flow run that Prefect's worker names.

Prefect's own command puts the deployment's folder first on Python's path, where a tasks.py or a package flows/ of the
user's would be taken for ours. Here our packages are imported before that, and stay what they are.
"""

import runpy

import flows  # noqa: F401
import role_rl  # noqa: F401
import tasks  # noqa: F401
from flows.configure import configure


def main() -> None:
    """Configure the process, then have Prefect's engine run the flow run that the environment names."""
    configure()
    runpy.run_module("prefect.engine", run_name="__main__")


if __name__ == "__main__":
    main()
