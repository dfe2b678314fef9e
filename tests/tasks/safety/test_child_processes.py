"""A Ctrl-C on the terminal is not for the processes that a command starts."""

import signal
import subprocess
import sys

from nightdesk.tasks.safety.child_processes import deaf_children

IS_DEAF = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
LEAVES = """
import os
from nightdesk.tasks.safety.child_processes import leave_the_terminal
was = os.getsid(0)
leave_the_terminal()
leave_the_terminal()
print(was != os.getpid(), os.getsid(0) == os.getpid())
"""


def said_by(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_children_of_the_block_are_born_deaf_and_the_parent_hears_again_after_it() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with deaf_children():
        assert said_by(IS_DEAF) == "True"
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
    assert said_by(IS_DEAF) == "False"


def test_a_child_leaves_the_session_of_its_terminal_once() -> None:
    assert said_by(LEAVES) == "True True"
