"""The process of a pool's job: it runs the flow run that Prefect's worker names (python -P -m ...serve.pool_job).

Prefect's own command puts the deployment's folder first on Python's path. Here the package is imported before that, so
it stays what it is whatever that folder holds.
"""

import runpy

from nightdesk.flows.shared.configure import configure


def main() -> None:
    """Configure the process, then have Prefect's engine run the flow run that the environment names."""
    configure()
    runpy.run_module("prefect.engine", run_name="__main__")


if __name__ == "__main__":
    main()
