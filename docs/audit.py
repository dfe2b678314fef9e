"""Known weaknesses of the versions that constraints.txt pins: python -m docs.audit (`make audit`).

pip-audit looks them up on the network. Exit code 0: none is known; 1: some are, and are named; 3: it could not be
looked up, so nothing is known. pip-audit itself says 0 also where no package could be looked up.
"""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

CONSTRAINTS = Path(__file__).resolve().parent.parent / "constraints.txt"
NONE_KNOWN, SOME_KNOWN, NOT_LOOKED_UP = 0, 1, 3
TIMEOUT_S = 600


def main(constraints: Path = CONSTRAINTS) -> int:
    """Look the pinned versions up; print what is known, and return the exit code."""
    if find_spec("pip_audit") is None:
        return _not_looked_up("pip-audit is not installed here; install it: .venv/bin/python -m pip install pip-audit")
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--no-deps", "--disable-pip"]
    command += ["--format", "json", "--requirement", str(constraints)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return _not_looked_up(f"its data did not come within {TIMEOUT_S} s; is there a network?")
    except (ValueError, KeyError, TypeError):
        why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return _not_looked_up(f"its data cannot be reached ({why[:200]}); is there a network?")
    weak = [(p, v) for p in packages for v in p.get("vulns", ())]
    for package, weakness in weak:
        mended = ", ".join(weakness.get("fix_versions", ())) or "no version yet"
        print(f"{package['name']} {package['version']}: {weakness['id']}; mended in {mended}")
    skipped = [p["name"] for p in packages if "skip_reason" in p]
    if weak:
        return SOME_KNOWN
    if skipped:
        named = ", ".join(skipped[:3]) + (", ..." if len(skipped) > 3 else "")
        return _not_looked_up(f"{len(skipped)} of {len(packages)} packages could not be looked up ({named})")
    print(f"{len(packages)} packages, none with a weakness that is known")
    return NONE_KNOWN


def _not_looked_up(why: str) -> int:
    print(f"audit: {why}", file=sys.stderr)
    return NOT_LOOKED_UP


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
