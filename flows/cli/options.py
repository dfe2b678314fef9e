"""What commands have in common: options, and checks of what was typed."""

import logging
import os
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nightdesk.tasks.errors import InputError, PublishError
from nightdesk.tasks.safety.links import refuse_links_in

if TYPE_CHECKING:
    from nightdesk.tasks.reading.sources import Reading

log = logging.getLogger("nightdesk")


def folder_of(named: object) -> Path:
    """Read --out. An empty one is refused: it would be the working folder, which nobody means by an unset $OUT.

    One that is no UTF-8 is, because Parquet's readers take no such path.
    """
    try:
        str(named).encode()
    except UnicodeEncodeError:
        raise InputError(f"--out {named}: this name is no UTF-8; name another") from None
    if not str(named).strip():
        raise InputError("--out '': no folder is named (is the variable that should hold its name set?); name one")
    return Path(str(named))


SOURCES_HELP = "Files, folders, globs or http(s) addresses, or - for stdin; {run_date} stands for the run's date."
Sources = Annotated[
    list[str] | None,
    typer.Argument(help=f"{SOURCES_HELP} Left out: the sample documents that come with nightdesk."),
]
Out = Annotated[
    Path,
    typer.Option(
        parser=folder_of, metavar="PATH", help="Folder of the tables, the answers' store and the learner's state."
    ),
]
RunDate = Annotated[str, typer.Option("--date", help="Date the run is for (YYYY-MM-DD); today if left out.")]
ProfileName = Annotated[str, typer.Option("--profile", help="news, commerce, or a profile's .toml file.")]
FailOnMissing = Annotated[
    bool,
    typer.Option(
        "--fail-on-missing",
        help="End before any model is asked if a source is not there or an address gives nothing; else go on.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def sources_of(named: list[str] | None) -> list[str]:
    """Return what was named as sources; the shipped samples if nothing was."""
    from nightdesk.tasks.config.shipped_data import folder

    return named or [str(folder("samples"))]


def date_of(text: str, option: str = "--date") -> date:
    """Read a date; today if it was left out. option: the one that it was given for.

    Raises:
        InputError: it is no date.
    """
    try:
        return date.fromisoformat(text) if text else date.today()
    except ValueError:
        raise InputError(f"{option} {text}: not a date; write it as YYYY-MM-DD") from None


def dates_of(text: str) -> list[date]:
    """Read --date of a run, a date or FIRST..LAST, as all dates from one to the other; today if it was left out.

    Raises:
        InputError: one is no date, or they are no range.
    """
    from nightdesk.tasks.reorganizing.past_dates.dates import dates_between

    first, is_range, last = text.partition("..")
    if is_range and not (first and last):
        raise InputError(f"--date {text}: names one end only; write it as FIRST..LAST, both YYYY-MM-DD")
    return dates_between(date_of(first), date_of(last) if is_range else None)


def check_out(out: Path) -> None:
    """Raise InputError if OUT cannot be written, or a link in it leads out of it; leave nothing there."""
    try:
        refuse_links_in(out)
        existing = next(p for p in (out, *out.absolute().parents) if p.exists())
        if not existing.is_dir() or not os.access(existing, os.W_OK):
            raise InputError(f"--out {out}: {existing} is not a folder that can be written; name another")
        for folder in (out, out / "tables", *out.glob("tables/*")):
            if folder.is_dir():
                tempfile.TemporaryFile(dir=folder).close()  # a full disk, an immutable folder: no mode tells of these
        for file in out.glob("*.db"):
            if not os.access(file, os.W_OK):
                raise InputError(f"--out {out}: {file} cannot be written; mend its rights, or name another folder")
    except PublishError as e:
        raise InputError(f"--out {e}") from None
    except OSError as e:
        where = f" ({e.filename})" if e.filename and Path(e.filename) != out else ""
        raise InputError(f"--out {out}: cannot be written ({e.strerror}){where}; mend that, or name another") from None


def check_size(sources: list[str]) -> None:
    """Raise InputError if so many sources are named that Prefect does not take them as the parameters of a run."""
    from nightdesk.flows.shared.prefect_surroundings import too_many

    if wrong := too_many(sources):
        raise InputError(wrong)


def check_apart(out: Path, sources: list[str], reading: "Reading | None" = None) -> None:
    """Raise InputError if OUT lies inside a source or a source inside OUT: a run would read what runs have made.

    sources: as they are named; reading: what was found of them.
    """
    whole = Path(os.path.realpath(out))
    for source in sources:
        named = Path(os.path.realpath(source))
        if "://" not in source and named.is_dir() and whole.is_relative_to(named):
            raise InputError(
                f"--out {out}: lies inside the source {source}, so that runs would read what runs have made; name an "
                "--out beside it"
            )
    found = [s.where for s in reading.sources if isinstance(s.where, Path)] if reading else []
    for where in (*found, *(Path(s) for s in sources if "://" not in s and s != "-")):
        if Path(os.path.realpath(where)).is_relative_to(whole):
            raise InputError(
                f"{where}: this source lies inside --out {out}, where runs keep what they make; name an --out elsewhere"
            )


def check_is_out(out: Path) -> None:
    """Raise InputError if nothing was ever written to OUT."""
    if not out.is_dir():
        raise InputError(f"--out {out}: no such folder; name the one that `nightdesk run` wrote to")


def bring_up(out: Path) -> None:
    """Bring OUT to what this version reads, if that takes seconds; else warn, and name the command that does."""
    from nightdesk.tasks.tables.migration import migrate_if_cheap

    if (warning := migrate_if_cheap(out)) is not None:
        log.warning("%s", warning)
