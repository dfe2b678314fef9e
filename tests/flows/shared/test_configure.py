"""An import of `flows` changes nothing in a process; configure() sets what is not set."""

import json
import os
import subprocess
import sys
from typing import Any

from nightdesk.tasks.safety.printable import printable

LOOK = """
import json, logging, os, sys, threading
def seen():
    return [dict(os.environ), sorted(t.name for t in threading.enumerate()), logging.getLogger("nightdesk").level]
before = seen()
{do}
print(json.dumps([before, seen()]))
"""
MODULES = ", ".join(
    (
        "nightdesk.flows",
        "nightdesk.flows.cli.main",
        "nightdesk.flows.shared.configure",
        "nightdesk.flows.serve.pool_job",
        "nightdesk.flows.cli.interrupts",
        "nightdesk.flows.shared.parent_watch",
        "nightdesk.flows.shared.parameters",
        "nightdesk.flows.serve.prefect_server",
    )
)
FLOWS = ", ".join(f"nightdesk.flows.{name}" for name in ("nightly", "adhoc", "evaluate_models", "serve.deployments"))


def look(do: str, **environment: str) -> tuple[list[Any], list[Any]]:
    """Do something in a process of its own; return its environment, threads and log level before and after."""
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environment}
    command = [sys.executable, "-c", LOOK.format(do=do)]
    told = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=True)
    before, after = json.loads(told.stdout)
    return before, after


def test_an_import_changes_neither_the_environment_nor_threads_nor_logging() -> None:
    before, after = look(f"import {MODULES}", NIGHTDESK_SERVED_BY=str(os.getpid()))
    assert after == before


def test_an_import_of_the_flows_changes_no_more_than_prefect_does() -> None:
    _, prefect = look("import prefect, prefect.runner, prefect.events")
    _, after = look(f"import {FLOWS}")
    assert after == prefect


def test_configure_sets_what_is_not_set_and_starts_no_thread() -> None:
    do = "from nightdesk.flows.shared.configure import configure; configure(); configure()"
    before, after = look(do, DO_NOT_TRACK="0", PREFECT_LOGGING_LEVEL="DEBUG")
    assert after[0] == {**after[0], **before[0]}  # what stood there stands
    assert after[0]["PYTHONSAFEPATH"] == "1"
    assert after[0]["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert after[1] == before[1]
    assert after[2] == 20


LOGS = """
import logging
from nightdesk.flows.shared.configure import configure
configure()
from prefect.logging.configuration import setup_logging
setup_logging()
try:
    raise ValueError({said!r})
except ValueError:
    for name in ("nightdesk", "nightdesk.readers", "prefect.flow_runs", "distributed.worker"):
        logging.getLogger(name).error("%s: it failed", {said!r}, exc_info=True)
"""


def test_what_prefect_and_dask_log_is_printable() -> None:
    said = "a\x1b]0;owned\x07\x1b[2J\nERROR: forged \u202egpj\x9b31m"
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    command = [sys.executable, "-c", LOGS.format(said=said)]
    told = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=True)
    lines = (told.stdout + told.stderr).split("\n")
    assert sum("it failed" in line for line in lines) == 3
    assert any("cannot write a record of prefect.flow_runs" in line for line in lines)  # which belongs to no run
    assert all(line == printable(line) for line in lines)
    assert not any(line.startswith("ERROR") for line in lines)
