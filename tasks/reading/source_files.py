"""The files that a folder or a glob names, what their documents are called, and links, which are not to lead out of it.

Whoever may put files into a folder that is read every night must not be able to have other files of this machine read:
a link in it is followed only if it leads to something in it. What is named by hand is read wherever it leads.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import shown
from nightdesk.tasks.reading.formats.metadata import shortened
from nightdesk.tasks.reading.formats.registry import FORMATS, PACKED, is_read

Named = list[tuple[str, Path, Path]]
"""What each document is called, its file, and the folder that was named, in a stable order."""


def in_folder(path: Path, leads_out: list[str]) -> Named:
    """Return the files below a folder. leads_out: gets a line if there are links that lead out of it.

    Raises:
        InputError: there is none.
    """
    files = _inside(path, (p for p in path.rglob("*") if not _is_hidden(p, path)), leads_out)
    if not files:
        what = _others(path) if not leads_out else f" ({leads_out.pop()})"
        raise InputError(f"{shown(path)}: no document in this folder{what}; {formats()}")
    return files


def of_glob(argument: str, leads_out: list[str]) -> Named:
    """Return the files that a glob matches. leads_out: gets a line if there are links that lead out of its folder.

    Raises:
        InputError: there is none.
    """
    path = Path(argument)
    anchor, fixed = Path(path.anchor) if path.anchor else Path(), _fixed_folder(path)
    matches = anchor.glob(str(path.relative_to(path.anchor)))
    files = _inside(fixed, (p for p in matches if not _is_hidden(p, fixed)), leads_out)
    if not files:
        why = f" ({leads_out.pop()})" if leads_out else ""
        raise InputError(f"{shown(argument)}: no document matches{why}; {formats()}")
    return files


def named(path: Path) -> str:
    """Return what a file's document is called, by its path below what was named."""
    if path.suffix.lower() == PACKED:
        path = path.with_suffix("")
    return shortened(path.with_suffix("").as_posix())


def formats() -> str:
    """Return which files are read."""
    return f"nightdesk reads {' '.join(FORMATS)}, and {PACKED} of these"


def _inside(folder: Path, paths: Iterable[Path], leads_out: list[str]) -> Named:
    whole, files, out = os.path.realpath(folder), [], []
    for path in sorted(paths):
        # The folder's own path may hold links. Below it only a link is looked at, because that costs a system call for
        # each of its parts; of a glob any part may be one.
        may_lead_out = path.is_symlink() or any(p.is_symlink() for p in _between(path, folder))
        if may_lead_out and not Path(os.path.realpath(path)).is_relative_to(whole):
            if path.is_dir() or is_read(path.name):
                out.append(path)
        elif is_read(path.name) and path.is_file():
            files.append((named(path.relative_to(folder)), path, folder))
    if out:
        one = len(out) == 1
        leads_out.append(
            f"{shown(folder)}: {len(out)} link{'' if one else 's'} in it, such as {shown(out[0].name)}, "
            f"lead{'s' * one} out of it and {'is' if one else 'are'} not followed; name what is there to read it"
        )
    return files


def _between(path: Path, folder: Path) -> list[Path]:
    return list(path.parents)[: len(path.relative_to(folder).parts) - 1]


def _others(folder: Path) -> str:
    """Return what stands in a folder that has no document: " (but 3 files such as a.docx)", or that it is empty."""
    files = [p for p in folder.rglob("*") if p.is_file()]
    if not files:
        return " (it is empty)"
    return f" (but {len(files)} file{'s' * (len(files) > 1)} such as {shown(min(files).name)})"


def _is_hidden(path: Path, below: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(below).parts)


def _fixed_folder(pattern: Path) -> Path:
    """Return the part of a glob before its first wildcard, to which doc_ids are relative."""
    fixed = []
    for part in pattern.parts[:-1]:
        if any(c in part for c in "*?["):
            break
        fixed.append(part)
    return Path(*fixed)
