"""Claims: which questions a run has in flight, so that another run of the same OUT does not pay for them as well.

A claim is void when its run is over (its lock is free), or is older than a call can take.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

SCHEMA = """
CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, run_id TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
"""
_CLAIM = "INSERT OR REPLACE INTO claims VALUES (?, ?, ?)"
LOOK_AGAIN_S = 0.5  # after which it is looked again whether another run has its answer


class Claims:
    """The claims of one run.

    is_alive: tells whether a run, by its id, is under way. transaction: of the store, whose errors it translates.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        run_id: str,
        is_alive: Callable[[str], bool],
        transaction: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._db, self._run_id, self._is_alive, self._transaction = db, run_id, is_alive, transaction
        db.executescript(SCHEMA)

    def take(self, key: str, most_s: float) -> bool:
        """Claim a question; return False if another run has it in flight. most_s: how long a call can take."""
        with self._transaction():
            row = self._db.execute("SELECT run_id, at FROM claims WHERE key = ?", (key,)).fetchone()
            if row and row[0] != self._run_id and time.time() < row[1] + most_s and self._is_alive(row[0]):
                return False
            self._db.execute(_CLAIM, (key, self._run_id, time.time()))
        return True

    def give_back(self, key: str) -> None:
        """Release a question: its answer is stored, or there will be none."""
        with self._transaction():
            self._db.execute("DELETE FROM claims WHERE key = ? AND run_id = ?", (key, self._run_id))
