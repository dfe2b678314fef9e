"""Files that keep text or answers beside the tables: for their owner alone, whatever the umask, from their first byte.

OUT may lie where others may write, too. What another user has put in the place of a file or folder of ours (a link to
what is theirs, or to what is ours and should stay as it is) is not used.
"""

import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from nightdesk.tasks.errors import InputError

FILE_MODE, FOLDER_MODE = 0o600, 0o700
ROOT = 0


def private_folder(folder: Path) -> None:
    """Make a folder that only its owner enters; one that is there keeps its mode. Those above it are usual ones.

    Raises:
        OSError: it cannot be made.
        InputError: somebody else has put something there.
    """
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    check_ours(folder)


@contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[IO[str]]:
    """Open a new file beside `path`, as text; put it in the place of `path` if the block ends well.

    mode: of it, less the umask. Its name cannot be foreseen, and nothing that lies there is opened in its stead.

    Raises:
        OSError: it cannot be written.
    """
    staged = path.with_name(f"{path.stem}.{uuid.uuid4().hex}.tmp")
    try:
        with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            yield file
        staged.replace(path)
    finally:
        with suppress(OSError):
            staged.unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Write a private file whole or not at all, in the place of what is there.

    Raises:
        OSError: it cannot be written.
    """
    with replacing(path, FILE_MODE) as file:
        file.write(text)


def staged_of(path: Path) -> str | None:
    """Return the stem of the file that was to be replaced when this one was left behind; None if it is no such file."""
    stem, dot, unique = path.stem.rpartition(".")
    return stem if dot and path.suffix == ".tmp" and len(unique) == len(uuid.uuid4().hex) else None


def make_private(path: Path) -> None:
    """Have a file be there that only its owner reads, empty if it is new, no longer open to others if it is not.

    A link of the owner's own is followed.

    Raises:
        OSError: it cannot be made.
        InputError: somebody else has put something there.
    """
    check_ours(path)
    real = Path(os.path.realpath(path))
    check_ours(real)
    number = os.open(real, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, FILE_MODE)
    try:
        if os.fstat(number).st_mode & 0o077:
            os.fchmod(number, FILE_MODE)  # an earlier version made it readable for all
    finally:
        os.close(number)


def check_ours(*paths: Path) -> None:
    """Check that what lies there, if anything does, was put there by this user, by root, or by the folder's owner.

    Raises:
        InputError: the first that was not; the message names it and the way out.
    """
    for path in paths:
        try:
            its, folder = path.lstat(), path.parent.stat()
        except OSError:
            continue  # there is nothing, or whoever opens it says why it cannot be looked at
        if its.st_uid in (os.geteuid(), ROOT, folder.st_uid):
            continue
        if its.st_uid != _own_uid_in(path if stat.S_ISDIR(its.st_mode) else path.parent):
            raise InputError(
                f"{path}: it belongs to another user (uid {its.st_uid}), who could read or change what is kept there; "
                "remove it, or name a folder where others may not write"
            )


def _own_uid_in(folder: Path) -> int | None:
    """Return whose our new files are there: on some network disks and in some containers it is not our own number."""
    probe = folder / f".{uuid.uuid4().hex}.tmp"
    try:
        number = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    except OSError:
        return None
    try:
        return os.fstat(number).st_uid
    finally:
        os.close(number)
        probe.unlink(missing_ok=True)
