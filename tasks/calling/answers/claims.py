"""Claims: which questions a run has in flight, so that another run of the same OUT does not pay for them as well.

A claim is void when its run is over (its lock is free), or is older than a call can take.
"""

import time
from collections.abc import Callable, Iterable

from nightdesk.tasks.calling.answers.database import Database

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, run_id TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID"
)
_CLAIM = "INSERT OR REPLACE INTO claims VALUES (?, ?, ?)"
LOOK_AGAIN_S = 0.5  # after which it is looked again whether another run has its answer


class Claims:
    """The claims of one run. is_alive: tells whether a run, by its id, is under way."""

    def __init__(self, db: Database, run_id: str, is_alive: Callable[[str], bool]) -> None:
        self._db, self._run_id, self._is_alive = db, run_id, is_alive
        self._held: set[str] = set()
        db.execute(SCHEMA)

    def take(self, key: str, most_s: float) -> bool:
        """Claim a question; return False if another run has it in flight. most_s: how long a call can take."""

        def take() -> bool:
            for run_id, at in self._db.rows("SELECT run_id, at FROM claims WHERE key = ?", (key,)):
                if run_id != self._run_id and time.time() < at + most_s and self._is_alive(run_id):
                    return False
            self._db.execute(_CLAIM, (key, self._run_id, time.time()))
            return True

        is_ours = self._db.transact(take)
        if is_ours:
            self._held.add(key)
        return is_ours

    def give_back(self, keys: Iterable[str]) -> None:
        """Release questions as far as this run has them: their answers are stored, or there will be none."""
        held = self._held.intersection(keys)
        self.delete(held)
        self.are_given_back(held)

    def delete(self, keys: Iterable[str]) -> None:
        """Release questions as far as this run has them, in a transaction that may have to be repeated."""
        self._db.executemany(
            "DELETE FROM claims WHERE key = ? AND run_id = ?",
            [(k, self._run_id) for k in self._held.intersection(keys)],
        )

    def are_given_back(self, keys: Iterable[str]) -> None:
        """Take note that such a transaction is over."""
        self._held.difference_update(keys)
