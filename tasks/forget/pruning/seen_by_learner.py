"""Which parts of `calls` the learner has seen. One that it has not seen is never pruned: its lesson would be lost."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.role_rl import state_versions
from nightdesk.tasks.calling.answers.database import look_into
from nightdesk.tasks.tables.broken_parts import BrokenPart, read_part
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.parts import Part

_SUMS = "sums.db"  # below the folder of a profile's versions: what was noted of each attempt
_NAMING = ("from_run_ids", "learned_before", "learned_run_ids")  # the last in versions of schema 2
_COLUMNS = ["profile", "teaches", "from_cache", "attempts"]


class SeenByLearner:
    """What the profiles of one OUT have learned from. Nothing is written."""

    def __init__(self, out: Path) -> None:
        self._folders = sorted((out / "state").glob("*/"))
        self._of = {folder.name: _attempts(folder) for folder in self._folders}

    def why_not(self, part: Part) -> str:
        """Say why a part of `calls` has to stay; "" if whatever it teaches was learned.

        A part of which no row teaches (an ad-hoc run that is not to, or calls that were never sent) has been seen.
        """
        if any(learned.get(part.attempt) for learned in self._of.values()):
            return ""
        try:
            rows = contract("calls").conform(read_part(part.path, _COLUMNS, "calls"), _COLUMNS)
        except (OSError, BrokenPart, pa.ArrowException):
            return "it cannot be read"
        rows = rows.filter(pc.fill_null(rows["teaches"], True))
        rows = rows.filter(pc.and_(pc.invert(rows["from_cache"]), pc.greater(rows["attempts"], 0)))
        waiting = sorted(p for p in pc.unique(rows["profile"]).to_pylist() if part.attempt not in self._of.get(p, ()))
        if not waiting:
            return ""
        if part.attempt in self._named:
            return "what was learned from it is not summed up yet; run `nightdesk learn`, then prune again"
        return f"no version of the weights of {', '.join(waiting)} has learned from it"

    @cached_property
    def _named(self) -> set[str]:
        return {run for folder in self._folders for run in _named(folder)}


def _attempts(folder: Path) -> dict[str, bool]:
    """Return the attempts at runs that the sums of a profile hold -> whether it has learned from them."""
    if not (folder / _SUMS).exists():
        return {}

    def look(db: sqlite3.Connection) -> Iterable[tuple[str, int]]:
        return db.execute("SELECT attempt, version FROM attempts").fetchall()

    return {attempt: version > 0 for attempt, version in look_into(folder / _SUMS, look)}


def _named(folder: Path) -> Iterator[str]:
    """Yield the runs that versions name as learned from. Read as they are, because only runs bring old ones up to date.

    Asked only where a part is to stay, since versions are many.
    """
    for version in state_versions.versions(folder):
        with suppress(OSError, ValueError, TypeError, AttributeError):  # a damaged one names nothing
            told = json.loads((folder / f"{version:06d}.json").read_bytes())
            yield from (run for key in _NAMING for run in told.get(key, ()))
