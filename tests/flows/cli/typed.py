"""The installed command, as a user types it in a folder of texts."""

import os
import subprocess
import sys
from pathlib import Path

NIGHTDESK = Path(sys.executable).with_name("nightdesk")


def nightdesk(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command in a folder that is also its home, so that all it writes is found there."""
    env = {**os.environ, "HOME": str(home), "PREFECT_HOME": str(home / "prefect"), "COLUMNS": "200"}
    return subprocess.run(
        [str(NIGHTDESK), *arguments], cwd=home, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def listing(folder: Path) -> dict[str, bytes | None]:
    """Return everything below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}
