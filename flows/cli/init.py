"""init: copy the deployment files out of the installation."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from nightdesk.flows.cli.terminal import say
from nightdesk.tasks.errors import InputError


def init(folder: Annotated[Path, typer.Argument(help="Where the files go; made if it is not there.")]) -> None:
    """Copy the deployment files (prefect.yaml, compose.yaml, Dockerfile, profiles, an automation) into a folder."""
    from nightdesk.tasks.config.shipped_data import folder as shipped

    source = shipped("deployments")
    files = [p for p in sorted(source.rglob("*")) if p.is_file() and p.suffix != ".pyc"]
    targets = [folder / p.relative_to(source) for p in files]
    if there := [t for t in targets if t.exists()]:
        raise InputError(f"{there[0]}: is there already, and init overwrites nothing; name another folder")
    try:
        for file, target in zip(files, targets, strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    except OSError as e:
        raise InputError(f"{folder}: cannot be written ({e.strerror}); name another folder") from None
    say(f"{len(files)} files are in {folder}")
