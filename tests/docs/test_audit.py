"""Known weaknesses: what pip-audit says becomes lines and an exit code, and that it could not look is no good news."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docs.audit import CONSTRAINTS

GOOD: dict[str, Any] = {"name": "zipp", "version": "4.1.2", "vulns": []}
WEAK: dict[str, Any] = {
    "name": "made-up",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"], "aliases": [], "description": "It was made up."}],
}
SKIPPED = {"name": "zict", "skip_reason": "Dependency not found on PyPI and could not be audited: zict (3.0.0)"}


@pytest.mark.parametrize(
    ("said", "code", "told"),
    [
        ([GOOD], 0, "1 packages, none with a weakness that is known"),
        ([GOOD, WEAK, SKIPPED], 1, "made-up 1.0: PYSEC-2026-1; mended in 1.1"),
        ([GOOD, SKIPPED], 3, "audit: 1 of 2 packages could not be looked up (zict)"),
        ([SKIPPED] * 5, 3, "audit: 5 of 5 packages could not be looked up (zict, zict, zict, ...)"),
        (None, 3, "audit: its data cannot be reached (OSError: no route); is there a network?"),
    ],
)
def test_what_pip_audit_says_becomes_one_line_and_an_exit_code(
    said: list[dict[str, Any]] | None, code: int, told: str, tmp_path: Path
) -> None:
    """A module that speaks as pip-audit 2.10 does stands in for it, because it needs a network."""
    folder = tmp_path / "pip_audit"
    folder.mkdir()
    (folder / "__init__.py").touch()
    says = json.dumps({"dependencies": said, "fixes": []}) if said is not None else ""
    body = f"import sys\nassert '--requirement' in sys.argv\nprint({says!r})\n"
    body += "" if said is not None else "sys.exit('Traceback\\nOSError: no route')\n"
    (folder / "__main__.py").write_text(body)
    command = [sys.executable, "-m", "docs.audit"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(CONSTRAINTS.parent)])}
    done = subprocess.run(
        command, cwd=CONSTRAINTS.parent, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, (done.stdout + done.stderr).strip()) == (code, told)
