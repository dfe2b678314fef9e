"""A folder for Prefect whose database is ready: to make one takes ten seconds, so it is made once and copied."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent


def prefect_home(folder: Path) -> Path:
    """Return `folder`, to be named by PREFECT_HOME: as it is, or new with an empty database of this Prefect."""
    if (folder / "prefect.db").exists():
        return folder
    made = ROOT / ".pytest_cache" / "d" / f"prefect-{version('prefect')}"
    made.mkdir(parents=True, exist_ok=True)
    with FileLock(made / "lock"):
        if not (made / "prefect.db").exists():
            unfinished = made / "unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            command = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"]
            env = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
            subprocess.run(command, env={**env, "PREFECT_HOME": str(unfinished)}, check=True, capture_output=True)
            (unfinished / "prefect.db").rename(made / "prefect.db")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(made / "prefect.db", folder)
    return folder
