"""What can be scheduled or triggered: Prefect flows and the command line. Thin: they name the stages in order."""

import logging
import os

from flows.orphans import end_with_parent

# Before Prefect, Dask or Great Expectations is imported anywhere: nothing phones home, nothing chatters, and a cold
# server gets the time it needs. Whatever the environment already says stands.
for _name, _value in {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "nightdesk",  # what a run says stands on its page, too
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "DASK_LOGGING__DISTRIBUTED": "critical",
    "TOKENIZERS_PARALLELISM": "false",
    # A library of Prefect's checks its own types: a quarter of a second of every cold start.
    "PY_KEY_VALUE_DISABLE_BEARTYPE": "true",
}.items():
    os.environ.setdefault(_name, _value)

logging.getLogger("nightdesk").setLevel(os.environ.get("NIGHTDESK_LOG", "INFO"))  # whatever Prefect's own level
end_with_parent()
