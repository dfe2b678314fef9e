"""What a process of ours sets before Prefect, Dask or Great Expectations is imported in it.

Entry points call configure(): the command line, the server of our own, the process of a pool's job, and every flow,
because a flow may run in a process that Prefect started. An import of `flows` changes nothing.
"""

import logging
import os

from nightdesk.flows.shared.parent_watch import end_with_serve
from nightdesk.tasks.config.proxies import keep_loopback_direct
from nightdesk.tasks.config.secrets import hide_secrets
from nightdesk.tasks.safety.printable import guard_output

ENVIRONMENT = {
    # Nothing phones home, nothing chatters, and a cold server gets the time it needs.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "nightdesk",  # what a run says stands on its page, too
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",  # what is said before and after it stands on the terminal
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "DASK_LOGGING__DISTRIBUTED": "critical",
    "TOKENIZERS_PARALLELISM": "false",
    # A second thread of a matrix product takes no less time beside busy workers, and a third more CPU, as it spins.
    "OPENBLAS_NUM_THREADS": "1",
    # A library of Prefect's checks its own types: a quarter of a second of every cold start.
    "PY_KEY_VALUE_DISABLE_BEARTYPE": "true",
    # Child processes (server, flow runs, Dask workers, auditor) must not import from the folder that they start in: a
    # tasks.py or a package flows/ of the user's there would be taken for ours.
    "PYTHONSAFEPATH": "1",
    # Locks of a process that was ended at once are cleaned up by a helper of Python's, which would report it.
    "PYTHONWARNINGS": "ignore:resource_tracker",
}


def configure() -> None:
    """Set this process's environment, where it says nothing yet, and the level of our log; heed the end of `serve`.

    What goes to this machine itself goes through no proxy. What this process logs from now on is printable and shows no
    key.

    To be called before Prefect is imported, if possible; what it sets for later imports and child processes counts in
    any case. A second call changes nothing.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    keep_loopback_direct()
    guard_output()
    logging.getLogger("nightdesk").setLevel(os.environ.get("NIGHTDESK_LOG", "INFO"))  # whatever Prefect's own level
    hide_secrets()
    end_with_serve()
