"""Processes that watch over the one that started them: they end when it is gone, and nobody else does."""

import subprocess
import sys

import psutil
import pytest

PATIENCE_S = 120
CHILD = """
import os, threading, time
from nightdesk.flows.shared.parent_watch import SERVED_BY, end_with_serve
{before}
end_with_serve()
print(os.getpid(), threading.active_count(), flush=True)
time.sleep(600)
"""
PARENT = """
import os, subprocess, sys
os.environ["NIGHTDESK_SERVED_BY"] = {served_by}
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
sys.stdin.read()
"""


def child_of_a_killed_parent(served_by: str, before: str = "") -> tuple[psutil.Process, int]:
    """Start a process that starts another, which heeds the end of `serve`; kill the first.

    Return the other, and how many threads it has.
    """
    command = [sys.executable, "-c", PARENT.format(served_by=served_by), CHILD.format(before=before)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        number, threads = parent.stdout.readline().split()
        child = psutil.Process(int(number))
        parent.kill()
    return child, int(threads)


def test_what_serve_started_ends_when_serve_was_killed() -> None:
    child, _ = child_of_a_killed_parent("str(os.getpid())")
    child.wait(PATIENCE_S)


@pytest.mark.slow
def test_what_does_not_end_when_it_is_told_to_is_killed() -> None:
    before = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    child, _ = child_of_a_killed_parent("str(os.getpid())", before)
    child.wait(PATIENCE_S)


def test_what_only_inherits_the_variable_watches_over_nobody() -> None:
    child, threads = child_of_a_killed_parent("str(os.getppid())")
    try:
        assert threads == 1
        assert child.status() != psutil.STATUS_ZOMBIE
    finally:
        child.kill()
