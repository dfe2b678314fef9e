"""Processes that tests start, and what those have started: told by their environment, since sessions differ."""

import os
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import psutil

from nightdesk.flows.shared.parent_watch import SERVED_BY

PATIENCE_S = 120
_MARK = "NIGHTDESK_STARTED_BY_TEST"
_marks: dict[int, str] = {}


def start(command: Sequence[str], env: Mapping[str, str], **options: Any) -> "subprocess.Popen[Any]":
    """Start a command in a session of its own, so that what it leaves running can be told."""
    mark = uuid.uuid4().hex
    process = subprocess.Popen(command, env={**env, _MARK: mark}, start_new_session=True, **options)
    _marks[process.pid] = mark
    return process


def alive_of(pid: int) -> list[psutil.Process]:
    """Return what is still there of a command and of all that it has started, directly or not."""
    found = []
    for process in psutil.process_iter():
        try:
            env = process.environ()
            ours = env.get(_MARK) == _marks.get(pid, "") or env.get(SERVED_BY) == str(pid)
            if (ours or os.getsid(process.pid) == pid) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.Error):
            continue
    return found


def wait_until_nothing_is_left_of(pid: int) -> None:
    """What a command started (workers, auditor, server) ends soon after it, however it ended."""
    deadline = time.monotonic() + PATIENCE_S
    while left := alive_of(pid):
        assert time.monotonic() < deadline, [" ".join(p.cmdline()) for p in left]
        time.sleep(0.1)
