"""Links below OUT: what is written to OUT, or removed from it, must not end up elsewhere.

OUT itself may be a link, and so may anything above it, because whoever names it has chosen that. A link below it could
have been made by anybody who may write there, and would have a run write or remove files with the run's rights.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from nightdesk.tasks.errors import PublishError


def leads_out(out: Path, path: Path) -> bool:
    """Tell whether a path below OUT is, or goes through, a link that leads out of OUT."""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(out))


def refuse_links(out: Path, *paths: Path) -> None:
    """See that paths below OUT lead nowhere else.

    Raises:
        PublishError: one does; names the link.
    """
    for path in paths:
        if leads_out(out, path):
            at = next(p for p in (*reversed(path.parents), path) if p != out and out in p.parents and leads_out(out, p))
            raise PublishError(
                f"{at}: this link leads out of {out}, and nothing is written or removed there; put what it leads to in "
                f"its place (or mount it there), or remove the link"
            )


def refuse_links_in(out: Path) -> None:
    """See that nothing in OUT, or in a folder of it, is a link that leads out of it. Deeper ones are met on the way.

    Raises:
        PublishError: one is; names it.
    """
    refuse_links(out, *_links_in(out, 2))


def _links_in(folder: Path, depth: int) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            there = list(entries)
    except OSError:  # not there, or not to be read, which whoever reads it says
        return
    for entry in there:
        if entry.is_symlink():
            yield folder / entry.name
        elif depth > 1 and entry.is_dir(follow_symlinks=False):
            yield from _links_in(folder / entry.name, depth - 1)


def fresh(path: Path) -> Path:
    """Return the path of a draft, from which a link or an earlier draft has been removed."""
    path.unlink(missing_ok=True)
    return path
