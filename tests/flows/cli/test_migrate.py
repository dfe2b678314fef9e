"""`nightdesk migrate`: what an earlier version wrote is rewritten once, and it says how much that was."""

import re
import shutil
from pathlib import Path

from tests.flows.cli.typed import listing, nightdesk
from tests.servers.playing import ROOT


def test_an_old_out_is_rewritten_once_and_is_current_thereafter(home: Path) -> None:
    shutil.copytree(ROOT / "tests" / "fixtures" / "out-0.1.0", home / "old")
    first = nightdesk(home, "migrate", "--out", "old")
    assert (first.returncode, first.stderr) == (0, "")
    some = r"(current|[1-9]\d* files rewritten)"
    done = rf"answers: {some}\nstate: {some}\ntables: [1-9]\d* files rewritten\n"
    assert re.fullmatch(done, first.stdout)
    before = listing(home / "old")
    assert nightdesk(home, "migrate", "--out", "old").stdout == "answers: current\nstate: current\ntables: current\n"
    assert listing(home / "old") == before


def test_a_folder_that_is_not_there_is_named(home: Path) -> None:
    ended = nightdesk(home, "migrate", "--out", "nowhere")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("nightdesk: --out nowhere: no such folder")
