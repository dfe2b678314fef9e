"""What commands have in common: options, and checks of what was typed."""

import logging
import os
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from nightdesk.tasks.errors import InputError

log = logging.getLogger("nightdesk")
SOURCES_HELP = "Files, folders, globs or http(s) addresses, or - for stdin; {run_date} stands for the run's date."
Sources = Annotated[
    list[str] | None,
    typer.Argument(help=f"{SOURCES_HELP} Left out: the sample documents that come with nightdesk."),
]
Out = Annotated[Path, typer.Option(help="Folder of the tables, the answers' store and the learner's state.")]
RunDate = Annotated[str, typer.Option("--date", help="Date the run is for (YYYY-MM-DD); today if left out.")]
ProfileName = Annotated[str, typer.Option("--profile", help="news, commerce, or a profile's .toml file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def sources_of(named: list[str] | None) -> list[str]:
    """Return what was named as sources; the shipped samples if nothing was."""
    from nightdesk.tasks.config.shipped_data import folder

    return named or [str(folder("samples"))]


def date_of(text: str) -> date:
    """Read --date; today if it was left out.

    Raises:
        InputError: it is no date.
    """
    try:
        return date.fromisoformat(text) if text else date.today()
    except ValueError:
        raise InputError(f"--date {text}: not a date; write it as YYYY-MM-DD") from None


def check_out(out: Path) -> None:
    """Raise InputError if OUT can never be written; write nothing."""
    existing = next(p for p in (out, *out.absolute().parents) if p.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise InputError(f"--out {out}: {existing} is not a folder that can be written; name another")


def check_is_out(out: Path) -> None:
    """Raise InputError if nothing was ever written to OUT."""
    if not out.is_dir():
        raise InputError(f"--out {out}: no such folder; name the one that `nightdesk run` wrote to")


def bring_up(out: Path) -> None:
    """Bring OUT to what this version reads, if that takes seconds; else warn, and name the command that does."""
    from nightdesk.tasks.tables.migration import migrate_if_cheap

    if (warning := migrate_if_cheap(out)) is not None:
        log.warning("%s", warning)
