"""`serve` and a pool's worker in a folder that has its own tasks.py, flows.py, flows/ and tasks/; a profile of its own.

One serve for all of it, started as a user does: by the installed command, from that folder.
"""

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nightdesk.flows.shared.configure import ENVIRONMENT
from tests.killing import calls_stored
from tests.serving import Served, eventually, serving
from tests.tables import rows
from tests.texts import evening

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
PASTED = "The mayor opened the bridge. I think it is ugly. Next week the second lane will open."
NOT_OURS = 'raise RuntimeError("this is not nightdesk\'s")\n'
pytestmark = [pytest.mark.timeout(600), pytest.mark.long]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve from a folder as many Prefect projects have it, with a profile of one's own."""
    home = tmp_path_factory.mktemp("strange")
    folder = home / "project"
    for package in ("flows", "tasks", "role_rl"):
        (folder / package).mkdir(parents=True)
        (folder / package / "__init__.py").write_text(NOT_OURS)
        (folder / f"{package}.py").write_text(NOT_OURS)
    (folder / "wires").mkdir()
    shipped = (ROOT / "deployments" / "profiles" / "news.toml").read_text(encoding="utf-8")
    (folder / "mine.toml").write_text(re.sub(r'^name = "news"$', 'name = "mine"', shipped, count=1, flags=re.M))
    options = ("--profile", "mine.toml", "--sources", "wires")
    command = [str(BIN / "nightdesk")]
    with serving(home, folder / "wires", *options, cwd=folder, nightdesk=command, without=ENVIRONMENT) as one:
        yield one


def test_a_profile_of_ones_own_is_served_and_the_form_offers_it(served: Served) -> None:
    mine = str(served.out.parent / "project" / "mine.toml")
    deployments = served.deployments()
    assert deployments.keys() >= {"nightly-news", "adhoc-news", "learn", "evaluate"}
    form = deployments["adhoc-news"]["parameter_openapi_schema"]["definitions"]["AdhocParameters"]["properties"]
    assert form["profile"]["enum"][-1] == mine
    assert all(d["parameters"]["parameters"]["profile"] == mine for d in deployments.values())


def test_a_pasted_text_is_run_with_the_served_profile(served: Served) -> None:
    chosen = served.deployments()["adhoc-news"]["parameters"]["parameters"]["profile"]
    run_id = served.start("adhoc-news", text=PASTED, run_date="2026-02-03", profile=chosen)
    state = served.ended(run_id)
    assert state["type"] == "COMPLETED", (state, served.log.read_text())
    assert served.ask(f"/flow_runs/{run_id}")["name"] == "adhoc-mine/2026-02-03"
    assert len(rows(served.out, "passages", "2026-02-03")) == 3


def test_a_pools_worker_runs_a_deployment_from_such_a_folder(served: Served, tmp_path: Path) -> None:
    folder = served.out.parent / "project"
    env = {k: v for k, v in served.signed_in.items() if k not in ENVIRONMENT}
    env |= {"PATH": f"{BIN}{os.pathsep}{env['PATH']}", "PREFECT_LOGGING_LEVEL": "INFO"}

    def prefect(*arguments: object, cwd: Path) -> None:
        done = subprocess.run(
            ["prefect", "--no-prompt", *map(str, arguments)],
            cwd=cwd, env=env, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    # Deployed from an empty folder, to which the user's own modules come later.
    pool_folder = tmp_path / "pool"
    pool_folder.mkdir()
    prefect("work-pool", "create", "nightdesk", "--type", "process", cwd=pool_folder)
    subprocess.run(["nightdesk", "init", "deployments"], cwd=pool_folder, env=env, check=True)
    file = pool_folder / "deployments" / "prefect.yaml"
    text = file.read_text(encoding="utf-8").replace("name: adhoc-news", "name: adhoc-pool")
    file.write_text(text, encoding="utf-8")
    prefect("deploy", "--name", "adhoc-pool", "--prefect-file", "deployments/prefect.yaml", cwd=pool_folder)
    for path in [*folder.glob("*.py"), *folder.glob("*/__init__.py")]:
        copied = pool_folder / path.relative_to(folder)
        copied.parent.mkdir(exist_ok=True)
        copied.write_text(path.read_text())
    with (tmp_path / "worker.log").open("w") as said:
        worker = subprocess.Popen(
            ["prefect", "worker", "start", "--pool", "nightdesk"],
            cwd=pool_folder, env=env, stdout=said, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        run_id = served.start("adhoc-pool", text=PASTED, run_date="2026-02-04", out="out", profile="news")
        state = served.ended(run_id)
        assert state["type"] == "COMPLETED", (state, (tmp_path / "worker.log").read_text())
        before = calls_stored(pool_folder / "out", "")
        text = "\n".join(words for _, words in evening(91, 200))
        cut = served.start("adhoc-pool", text=text, run_date="2026-02-05", out="out", profile="news")
        eventually(lambda: calls_stored(pool_folder / "out", "") > before + 2)
        served.ask(f"/flow_runs/{cut}/set_state", {"state": {"type": "CANCELLING", "name": "Cancelling"}})
        assert served.ended(cut)["type"] == "CANCELLED"
        said_of_cut = eventually(lambda: cancelled_lines(served, cut))
    finally:
        worker.terminate()
        worker.wait(timeout=60)
    assert len(rows(pool_folder / "out", "passages", "2026-02-04")) == 3
    said_there = served.ask("/logs/filter", {"logs": {"flow_run_id": {"any_": [run_id]}}})
    assert [line["message"] for line in said_of_cut if line["level"] >= logging.ERROR] == []
    assert any(line["message"].startswith("publish 1: ") for line in said_there), json.dumps(said_there)[:2000]


def cancelled_lines(served: Served, run_id: str) -> list[dict[str, Any]]:
    """Return what a run's page says, once it says by what the run was cancelled."""
    log = served.ask("/logs/filter", {"logs": {"flow_run_id": {"any_": [run_id]}}})
    return log if any("cancelled by the UI or Prefect's API" in line["message"] for line in log) else []


def test_the_key_is_told_of_but_never_told(served: Served) -> None:
    said = eventually(lambda: (text := served.log.read_text()) and "PREFECT_API_AUTH_STRING=" in text and text)
    file = Path(served.env["PREFECT_HOME"]) / "nightdesk-auth"
    assert f"to sign in there, give the line in {file}" in said
    assert f'export PREFECT_API_URL={served.api} PREFECT_API_AUTH_STRING="$(cat {file})"' in said
    assert file.stat().st_mode & 0o777 == 0o600
