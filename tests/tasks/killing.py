"""Publications that are killed on their way: by a process of its own that dies before a chosen step."""

import multiprocessing
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa

from nightdesk.tasks.tables import publish
from tests.tasks.made import (
    DAY,
    call,
    calls,
    document,
    publish_documents,
    tables,
    work,
)

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


def publish_and_die(out: Path, part: str, what: dict[str, pa.Table], step: int) -> None:
    """Publish, and be killed just before the step-th of: the manifest, each move in turn, the removal of staging."""
    left = step

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event in ("os.rename", "shutil.rmtree"):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    publish.publish(out, DAY, part, what)


DEAD = "00000000-0000-4000-8000-00000000dead"


def kill_a_publication(out: Path, step: int) -> dict[str, pa.Table]:
    """Publish a and b; have b's next version and g killed on their way; return what was on its way."""
    publish_documents(out, work(document("a", 4)), work(document("b", 6)))
    made = tables(work(document("b", 9)), work(document("g", 3)), run_id=DEAD)
    made |= {"calls": calls(call("paid", "b"))}
    process = FORKS.Process(target=publish_and_die, args=(out, f"{DEAD}-1", made, step))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    return made
