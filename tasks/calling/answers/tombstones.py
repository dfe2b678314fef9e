"""Tombstones: OUT/forgotten.json names, by a hash of their ids, the documents that were forgotten.

A run keeps the tombstones that were there when it began. One that is new since then names a document that it may have
read before it was forgotten: it neither publishes that document nor stores answers about it. A run that begins later
may read it anew. Runs compare tokens, not times, because clocks are set back.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.config.private_files import FILE_MODE, replacing, staged_of
from nightdesk.tasks.errors import PublishError

FILE = "forgotten.json"
_Entry = dict[str, Any]  # token, at, and `dates`: those whose tables and editions still are to be cleaned


class Tombstones:
    """What was forgotten since a run began."""

    def __init__(self, out: Path) -> None:
        self._path = out / FILE
        self._stamp = _stamp(self._path)
        self._first = self._now = _read(self._path)

    def names(self, doc_id: str) -> bool:
        """Tell whether a document was forgotten since this was opened.

        Raises:
            PublishError: OUT/forgotten.json cannot be read.
        """
        if (stamp := _stamp(self._path)) != self._stamp:
            self._now, self._stamp = _read(self._path), stamp
        if self._now is self._first:
            return False
        key = _hash(doc_id)
        return key in self._now and self._now[key]["token"] != self._first.get(key, {}).get("token")

    def token(self, doc_id: str) -> str:
        """Return the token of the tombstone that a document had when this was opened; "" if it had none."""
        return str(self._first.get(_hash(doc_id), {}).get("token", ""))


def bury(out: Path, doc_id: str) -> None:
    """Write a new tombstone; runs that are under way heed it from now on."""

    def change(entry: _Entry) -> _Entry:
        return entry | {"token": uuid.uuid4().hex, "at": datetime.now(UTC).isoformat(timespec="seconds")}

    _change(out, doc_id, change)


def note_dates(out: Path, doc_id: str, dates: Iterable[date]) -> None:
    """Write down which dates are to be cleaned, so that a forget which is killed can be repeated; none: it is over."""
    _change(out, doc_id, lambda entry: entry | {"dates": [d.isoformat() for d in dates]})


def dates_noted(out: Path, doc_id: str) -> set[date]:
    """Return the dates that a forget which did not end was to clean."""
    return {date.fromisoformat(d) for d in _read(out / FILE).get(_hash(doc_id), {}).get("dates", ())}


def _change(out: Path, doc_id: str, change: Callable[[_Entry], _Entry]) -> None:
    path = out / FILE
    with naming_the_file(path):
        (out / "_staging").mkdir(parents=True, exist_ok=True)
        with FileLock(out / "_staging" / "forgotten.lock"):
            entries = _read(path)
            for left in out.glob("*.tmp"):  # of a forget that was killed; nobody else writes the file under this lock
                if staged_of(left) == path.stem:
                    left.unlink(missing_ok=True)
            entries[_hash(doc_id)] = change(entries.get(_hash(doc_id), {}))
            with replacing(path, FILE_MODE) as f:
                json.dump(entries, f, indent=1)
                f.flush()
                os.fsync(f.fileno())


def _read(path: Path) -> dict[str, _Entry]:
    try:
        entries: dict[str, _Entry] = json.loads(path.read_text(encoding="utf-8"))
        return {key: entry for key, entry in entries.items() if "token" in entry}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError) as e:
        raise PublishError(f"{path}: cannot be read ({e}); it says what was forgotten: restore or remove it") from None


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        s = path.stat()
    except OSError:
        return ()
    return s.st_ino, s.st_mtime_ns, s.st_size


def _hash(doc_id: str) -> str:
    """Return a document's id as it stands in the file: ids may be paths that tell of people."""
    return hashlib.sha256(doc_id.encode(errors="surrogatepass")).hexdigest()
