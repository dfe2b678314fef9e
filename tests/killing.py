"""Finding the moment to kill a command: what it has stored so far."""

import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.processes import PATIENCE_S


def wait_for(happened: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Wait until something has happened in a process that is under way."""
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert process.poll() is None, "the command ended before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.002)


def calls_stored(out: Path, role: str) -> int:
    """Count the calls of a role that are in the store."""
    try:
        with closing(sqlite3.connect(f"file:{out / 'answers.db'}?mode=rw", uri=True, timeout=5)) as db:
            return int(db.execute("SELECT count(*) FROM calls WHERE record LIKE ?", (f"%{role}%",)).fetchone()[0])
    except sqlite3.OperationalError:  # not there yet
        return 0
