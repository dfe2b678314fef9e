"""The first moments of the command."""

import os
import subprocess
import sys

import pytest

from nightdesk.flows.cli.entry import BEFORE

SCRIPT = """
import os, signal, sys
from nightdesk.flows.cli.entry import heed_ctrl_c
assert "typer" not in sys.modules
signal.signal(signal.SIGINT, getattr(signal, sys.argv[1]))
heed_ctrl_c()
os.kill(os.getpid(), signal.SIGINT)
print("goes on")
"""


@pytest.mark.parametrize(("before", "code"), [("default_int_handler", 130), ("SIG_IGN", 0)])
def test_ctrl_c_is_one_line_before_anything_is_imported_unless_it_is_ignored(before: str, code: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, before], capture_output=True, text=True, env=os.environ, check=False, timeout=60
    )
    assert ended.returncode == code
    assert (ended.stdout, ended.stderr) == (("", f"{BEFORE}\n") if code else ("goes on\n", ""))
