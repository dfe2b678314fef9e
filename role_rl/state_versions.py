"""Versions of what was learned, as files: <folder>/<version, six digits>.json, folder = OUT/state/<profile>.

The folder is the record: nothing in it is ever changed, but by a migration to a new schema. A version is written whole
under another name and then linked to its own; linking fails if the name is taken. That one step is both what keeps half
a file from ever being seen and the compare-and-swap between two learners. The highest version that can be read serves;
one that cannot is passed over with a warning, since a damaged file must not stop a night.
"""

import os
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from nightdesk.role_rl.errors import StateMissing, StateUnreadable, StateUnwritable, VersionExists
from nightdesk.role_rl.state import LearnerState, from_json, timestamp, to_json

_FILE = re.compile(r"^(\d{6,18})\.json$")
_TRIES = 100


def versions(folder: Path) -> list[int]:
    """The version numbers taken in a folder, rising, readable or not; none if there is no folder.

    Raises:
        OSError: the folder is there and cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:  # faster than Path.iterdir, which counts after thousands of nights
            names = [entry.name for entry in entries if entry.name.endswith(".json")]  # half of them are pictures
    except FileNotFoundError:
        return []
    return sorted(int(match[1]) for match in map(_FILE.match, names) if match)


def latest(folder: Path) -> tuple[LearnerState | None, list[str]]:
    """The highest version that can be read (None if there is none), and a line for each passed over. Never raises."""
    try:
        numbers = versions(folder)
    except OSError as error:
        return None, [f"{folder}: {error.strerror or error}; the profile's priors serve"]
    warnings: list[str] = []
    for number in reversed(numbers):
        try:
            return load(folder, number), warnings
        except (StateMissing, StateUnreadable) as error:
            warnings.append(f"passed over a version of the weights: {error}")
    if warnings:
        warnings.append(f"{folder}: no version of the weights can be read; the profile's priors serve")
    return None, warnings


def load(folder: Path, version: int) -> LearnerState:
    """One version.

    Raises:
        StateMissing: there is no such file. StateUnreadable: it is damaged or of an unknown schema.
    """
    path = _path(folder, version)
    try:
        state = from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StateMissing(str(path), "there is no such version") from None
    except OSError as error:
        raise StateUnreadable(str(path), error.strerror or str(error)) from error
    except KeyError as error:
        raise StateUnreadable(str(path), f"it lacks {error}") from error
    except (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise StateUnreadable(str(path), f"it is damaged ({error})") from error
    if state.version != version:
        raise StateUnreadable(str(path), f"it says that it is version {state.version}")
    return state


def save(folder: Path, state: LearnerState) -> Path:
    """Write a new version, durably, whole or not at all.

    Raises:
        VersionExists: the number is taken. StateUnwritable: the folder does not take it.
    """
    path = _path(folder, state.version)
    draft = folder / f".{path.stem}-{os.getpid()}-{uuid.uuid4().hex}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("x", encoding="utf-8") as file:
                file.write(to_json(state))
                file.flush()
                os.fsync(file.fileno())
            path.hardlink_to(draft)
            _sync(folder)
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError:
        raise VersionExists(str(path), "this version was written by someone else meanwhile") from None
    except OSError as error:
        raise StateUnwritable(str(path), error.strerror or str(error)) from error
    return path


def commit(folder: Path, change: Callable[[LearnerState | None], LearnerState]) -> tuple[LearnerState, list[str]]:
    """Make the next version from the latest one, again from the newer one if somebody else was faster.

    change: latest state -> new state, pure, since it may be called more than once. The number is given here: above
    all that are taken, damaged ones too. Returns the saved state, and the warnings of `latest`.

    Raises:
        StateUnwritable: the folder does not take it. VersionExists: others were faster a hundred times.
    """
    taken: VersionExists | None = None
    for _ in range(_TRIES):
        # Numbers are listed before the state is read: save then meets a version that comes in between, never skips it.
        above = max(_listed(folder), default=0)
        before, warnings = latest(folder)
        state = replace(change(before), version=above + 1, previous=before.version if before else None)
        try:
            save(folder, state)
        except VersionExists as error:
            taken = error
        else:
            return state, warnings
    raise taken or VersionExists(str(folder))


def rollback(folder: Path, version: int, why: str = "by hand", created_at: datetime | None = None) -> LearnerState:
    """Write a new version that copies an old one; it serves from now on.

    Runs learned since stay learned, because the versions that name them stay: what is rolled back must not come back
    with the next learn.

    Raises:
        StateMissing, StateUnreadable: there is no such version to copy. StateUnwritable: the folder does not take it.
    """
    old = load(folder, version)
    stamp = timestamp(created_at or datetime.now(UTC))

    def copy(now: LearnerState | None) -> LearnerState:
        reason = f"Rolled back to version {version}: {' '.join(why.split())}."
        return replace(
            old, created_at=stamp, reason=reason, from_run_ids=(), learned_before=(),
            night=max(old.night, now.night if now else ""),
        )  # fmt: skip

    state, _ = commit(folder, copy)
    return state


def _path(folder: Path, version: int) -> Path:
    return folder / f"{version:06d}.json"


def _listed(folder: Path) -> list[int]:
    try:
        return versions(folder)
    except OSError as error:
        raise StateUnwritable(str(folder), error.strerror or str(error)) from error


def _sync(folder: Path) -> None:
    """Make the new name itself durable; not every platform can open a folder, and there it is left to the system."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
