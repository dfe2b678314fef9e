"""Progress bars: a line a stage and batch where a person watches, nothing where nobody does."""

import sys

import pytest

from nightdesk.flows.artifacts.progress import LISTENER
from nightdesk.flows.cli.progress_bars import bars
from tests.servers.playing import ROOT
from tests.serving import eventually
from tests.terminal import terminal

REPORTS = """
from nightdesk.flows.artifacts.progress import LISTENER
from nightdesk.flows.cli.progress_bars import bars
with bars():
    listen = LISTENER.get()
    for done in (1, 2, 3):
        listen("find", 1, done, 3)
    listen("find", 2, 5, 7)
    listen("locate", 1, 0, 4)
print("listener", LISTENER.get())
"""


def test_each_stage_and_batch_has_a_bar_with_what_is_done_of_it() -> None:
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"}
    with terminal([sys.executable, "-c", REPORTS], env) as shown:
        assert shown.process.wait(timeout=120) == 0
        eventually(lambda: "listener None" in shown.screen)  # nobody listens after the run
        last = {}
        for line in shown.screen.splitlines():
            for stage in ("find 2", "find", "locate"):
                if line.strip().startswith(stage):
                    last[stage] = line
                    break
        assert "3/3" in last["find"]
        assert "5/7" in last["find 2"]
        assert "0/4" in last["locate"]


def test_nothing_is_drawn_and_nobody_listens_where_stderr_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with bars():
        assert LISTENER.get() is None
    assert capsys.readouterr() == ("", "")
