"""The manifest of a publication: what is staged comes into the tables as a whole, or not at all.

Everything is staged on the same file system and synced. Then a manifest is written, which is the moment of publishing.
Then each part is put in place by one os.replace, documents last, and parts that were merged into others are removed. A
manifest that a killed run left behind is carried out by whoever publishes or reads the store next. All of it happens
under one lock per (OUT, run_date).
"""

import contextlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.safety.links import leads_out, refuse_links
from nightdesk.tasks.tables.broken_parts import ASIDE
from nightdesk.tasks.tables.contracts import TABLES
from nightdesk.tasks.tables.places import run_of, table_folder

_MANIFEST = "manifest.json"
COMMANDS = ("compact", "migrate", "prune", "withdraw")  # what stages for a date besides runs
_OF_COMMAND = re.compile(rf"({'|'.join(COMMANDS)})-(?P<day>\d{{4}}-\d{{2}}-\d{{2}})-[0-9a-f]{{32}}")
_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(slots=True)
class Decided:
    """What was decided and is not wholly carried out yet. arriving: place -> staged file; leaving: parts to remove."""

    arriving: dict[Path, Path] = field(default_factory=dict)
    leaving: set[Path] = field(default_factory=set)


@contextmanager
def locked(out: Path, run_date: date, wait_s: float = -1) -> Iterator[None]:
    """Keep a date's tables as they are for as long as the block takes.

    wait_s: how long to wait for others that hold the lock; -1: until they are done.

    Raises:
        PublishError: a link among them leads out of OUT.
        Timeout: others hold the lock still.
    """
    locks = out / "_staging" / "dates"
    refuse_links(out, locks, out / ASIDE, *(out / table_folder(table, run_date) for table in TABLES))
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / f"{run_date.isoformat()}.lock", timeout=wait_s):
        yield


def staging_of(out: Path, command: str, run_date: date) -> Path:
    """Return where one of COMMANDS stages for a date; what it leaves behind goes with the next change to that date."""
    return out / "_staging" / f"{command}-{run_date.isoformat()}-{uuid.uuid4().hex}"


def recover(out: Path) -> None:
    """Carry out what killed runs had decided to publish, and remove what killed commands left in staging undecided.

    Raises:
        PublishError: the disk refuses it.
    """
    for manifest in sorted((out / "_staging").glob(f"*/{_MANIFEST}")):
        if (run_date := _date_of(manifest)) is not None:
            with naming_the_file(manifest), locked(out, run_date):
                carry_out_pending(out, run_date)
    for run_date in sorted({day for _, day in _left_by_commands(out)}):
        # Whoever holds the lock may be the command itself, at work for minutes.
        with naming_the_file(out / "_staging"), contextlib.suppress(Timeout), locked(out, run_date, wait_s=0):
            carry_out_pending(out, run_date)


def decided(out: Path) -> Decided:
    """Return what was decided to be published, or removed, and is not in place yet."""
    found = Decided()
    for manifest in sorted((out / "_staging").glob(f"*/{_MANIFEST}")):
        with contextlib.suppress(OSError, ValueError, KeyError):  # another process has just carried it out
            plan = json.loads(manifest.read_bytes())
            for staged, final in plan["moves"]:
                if (manifest.parent / staged).exists() and _is_own(out, manifest.parent, staged, final):
                    found.arriving[out / final] = manifest.parent / staged
            going = plan.get("removals", ())
            found.leaving |= {out / final for final in going if _is_own(out, manifest.parent, "", final)}
    return found


def stage(staging: Path, final: Path, table: pa.Table) -> tuple[str, str]:
    """Write a part to staging; return the move that puts it in place: (staged name, place below OUT)."""
    staged = f"{final.parts[1]}-{final.name}"
    with (staging / staged).open("wb") as f:
        pq.write_table(table, f, compression="zstd")
        f.flush()
        os.fsync(f.fileno())
    return staged, final.as_posix()


def decide(
    out: Path, staging: Path, run_date: date, moves: Sequence[tuple[str, str]], removals: Sequence[Path] = ()
) -> None:
    """Write the manifest, which is the moment of publishing, and carry it out. Called under the lock of the date.

    removals: parts below OUT that go once the moves are done, in this order, because their rows are in the parts that
    were moved, or are kept no longer.
    """
    plan = {"run_date": run_date.isoformat(), "moves": moves, "removals": [path.as_posix() for path in removals]}
    _write_synced(staging / _MANIFEST, json.dumps(plan).encode())
    _carry_out(out, staging)


def carry_out_pending(out: Path, run_date: date) -> None:
    """Carry out what was decided for a date; what commands have left of it undecided goes. Called under its lock."""
    for manifest in sorted((out / "_staging").glob(f"*/{_MANIFEST}")):
        if _date_of(manifest) == run_date:
            _carry_out(out, manifest.parent)
    for left, day in _left_by_commands(out):
        if day == run_date:
            remove_staged(left)


def _left_by_commands(out: Path) -> list[tuple[Path, date]]:
    """Return what commands have staged, or left of it, and for which date."""
    found = []
    for path in (out / "_staging").glob("*-*"):
        match = _OF_COMMAND.fullmatch(path.name)
        if match and not path.is_symlink():
            with contextlib.suppress(ValueError):  # no date: nothing of ours
                found.append((path, date.fromisoformat(match["day"])))
    return found


def sweep_staging(out: Path, is_over: Callable[[str], bool]) -> None:
    """Remove what runs that are over have left in staging and never decided to publish."""
    for folder in (out / "_staging").glob("*-*"):
        run_id = run_of(folder.name)
        if _RUN_ID.fullmatch(run_id) and is_over(run_id) and not (folder / _MANIFEST).exists():
            shutil.rmtree(folder, ignore_errors=True)


def remove_staged(path: Path) -> None:
    """Remove a file or folder that a killed process left in staging, unless it was decided to be published."""
    if path.is_dir() and not (path / _MANIFEST).exists():
        shutil.rmtree(path)
    elif path.is_file():
        path.unlink(missing_ok=True)


def _date_of(manifest: Path) -> date | None:
    try:
        return date.fromisoformat(json.loads(manifest.read_bytes())["run_date"])
    except (OSError, ValueError, KeyError):
        return None  # another run has just carried it out


def _carry_out(out: Path, staging: Path) -> None:
    """Do what a manifest says. Doing it again after a kill is right: what was moved or removed is no longer there."""
    plan: dict[str, Any] = json.loads((staging / _MANIFEST).read_bytes())
    moves, removals = plan["moves"], plan.get("removals", ())
    own_moves = all(_is_own(out, staging, staged, final) for staged, final in moves)
    if not own_moves or not all(_is_own(out, staging, "", final) for final in removals):
        raise PublishError(f"{staging / _MANIFEST}: it names files that are no parts of tables; remove {staging}")
    for staged, final in moves:
        if (staging / staged).exists():
            (out / final).parent.mkdir(parents=True, exist_ok=True)
            (staging / staged).replace(out / final)
            _sync_folder((out / final).parent)
    for final in removals:
        (out / final).unlink(missing_ok=True)
    for folder in {(out / final).parent for final in removals}:
        with contextlib.suppress(FileNotFoundError):  # it was removed before the kill that this comes after
            _sync_folder(folder)
        with contextlib.suppress(OSError):  # something is in it still
            folder.rmdir()
    shutil.rmtree(staging)


def _is_own(out: Path, staging: Path, staged: str, final: str) -> bool:
    """Tell whether a move is one that this module writes: from its folder to a part of a table, both below OUT.

    staged: "" if the part is to be removed.
    """
    place = Path(final)
    is_part = place.parts[:1] == ("tables",) and len(place.parts) == 4 and ".." not in place.parts
    is_staged = Path(staged).name == staged and not staging.is_symlink() and not (staging / staged).is_symlink()
    return is_part and is_staged and not leads_out(out, staging) and not leads_out(out, (out / place).parent)


def _write_synced(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as f:
        f.write(data)
        f.flush()
        os.fsync(f.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
