"""`prefect deploy --all` with what ships, from a folder that has nothing else; a worker in another runs its night."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nightdesk.flows.shared.configure import ENVIRONMENT
from tests.flows.conftest import Desk
from tests.serving import PATIENCE_S, eventually
from tests.tables import assert_whole, rows
from tests.texts import evening, write_evening

BIN = Path(sys.executable).parent
VOLATILE = ("created", "updated", "last_polled", "status")  # of a deployment, that its worker or a deploy changes
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


class Deployed:
    """A folder that was deployed from, and another one in which jobs run."""

    def __init__(self, desk: Desk, home: Path) -> None:
        self.desk, self.origin, self.folder = desk, home / "origin", home / "my work"
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        self.env = {k: v for k, v in desk.env.items() if k not in ENVIRONMENT} | {"PATH": path}

    def run(self, *command: object, cwd: Path | None = None) -> None:
        """Run a command to its end."""
        done = subprocess.run(
            [str(word) for word in command], cwd=cwd or self.origin, env=self.env, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def deploy(self) -> None:
        """Deploy all, as the README says."""
        self.run("prefect", "deploy", "--all", "--prefect-file", "deployments/prefect.yaml")

    def deployments(self) -> dict[str, dict[str, Any]]:
        """Return the deployments of the pool, as the server has them."""
        asked = {"work_pools": {"name": {"any_": ["nightdesk"]}}}
        return {d["name"]: d for d in self.desk.post("/deployments/filter", asked)}


@pytest.fixture(scope="module")
def deployed(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Set Prefect variables and deploy."""
    one = Deployed(desk, tmp_path_factory.mktemp("deployed"))
    for folder in (one.origin, one.folder / "wires"):
        folder.mkdir(parents=True)
    write_evening(one.folder / "wires", "evening", seed=70, passages=4)
    one.run("nightdesk", "init", "deployments")
    one.run("nightdesk", "init", "deployments", cwd=one.folder)
    one.run("prefect", "work-pool", "create", "nightdesk", "--type", "process")
    variables = {
        "sources": '["wires/*.json"]', "cron": "30 4 * * *", "timezone": "Europe/Berlin",
        "folder": str(one.folder), "python": str(BIN / "python"),
    }  # fmt: skip
    for name, value in variables.items():
        one.run("prefect", "variable", "set", f"nightdesk_{name}", value)
    one.deploy()
    yield one
    one.run("prefect", "--no-prompt", "work-pool", "delete", "nightdesk")


def settled(deployment: dict[str, Any]) -> dict[str, Any]:
    """Return what of a deployment is to stay: all but when it was last registered, and the ids of its schedules."""
    kept = {name: value for name, value in deployment.items() if name not in VOLATILE}
    gone = ("id", "created", "updated")
    return {**kept, "schedules": [{k: v for k, v in s.items() if k not in gone} for s in deployment["schedules"]]}


def test_the_variables_stand_in_the_deployments(deployed: Deployed) -> None:
    nightly = deployed.deployments()["nightly-news"]
    assert nightly["parameters"]["parameters"] == {"profile": "news", "sources": ["wires/*.json"], "out": "out"}
    (schedule,) = nightly["schedules"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("30 4 * * *", "Europe/Berlin")
    assert nightly["pull_steps"] == [
        {"prefect.deployments.steps.set_working_directory": {"directory": str(deployed.folder)}}
    ]
    assert nightly["job_variables"]["command"].startswith(f"{BIN / 'python'} -P -m ")
    assert not deployed.deployments()["nightly-commerce"]["schedules"]


def test_to_deploy_again_changes_nothing(deployed: Deployed) -> None:
    def automations() -> list[dict[str, Any]]:
        found = deployed.desk.post("/automations/filter", {})
        return [{k: a[k] for k in ("name", "enabled", "actions")} for a in found if "learn from" in a["name"]]

    # Of these deployments alone: the server has those of other tests, too, of which it may tell late.
    before = deployed.deployments()
    ids = [d["id"] for d in before.values()]

    def scheduled() -> set[str]:
        which = {"state": {"type": {"any_": ["SCHEDULED"]}}, "deployment_id": {"any_": ids}}
        found = deployed.desk.post("/flow_runs/filter", {"flow_runs": which, "limit": 200})
        return {r["expected_start_time"] for r in found if r["auto_scheduled"]}

    nights, owned, since = eventually(scheduled), automations(), datetime.now(UTC)

    def updates() -> list[Any]:
        which = {"name": ["prefect.deployment.updated"]}, [f"prefect.deployment.{i}" for i in ids]
        asked = {"event": which[0], "resource": {"id": which[1]}, "occurred": {"since": since.isoformat()}}
        return list(deployed.desk.post("/events/filter", {"filter": asked, "limit": 50})["events"])

    deployed.deploy()
    after = deployed.deployments()
    assert len(after) == 8
    assert {n: settled(d) for n, d in after.items()} == {n: settled(d) for n, d in before.items()}
    eventually(lambda: scheduled() == nights)
    assert automations() == owned and len(owned) == 1
    deployed.run("prefect", "variable", "set", "nightdesk_out", "elsewhere")
    deployed.run("prefect", "deploy", "--name", "learn", "--prefect-file", "deployments/prefect.yaml")
    (change,) = eventually(
        updates
    )  # of this change, and of nothing before it: events come in the order of their causes
    assert change["resource"]["prefect.resource.id"] == f"prefect.deployment.{after['learn']['id']}"
    assert deployed.deployments()["learn"]["parameters"]["parameters"]["out"] == "elsewhere"


@pytest.fixture
def worker(deployed: Deployed, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Have a worker at work in a third folder, as the README says; yield what it has said."""
    log = tmp_path / "worker.log"
    with log.open("w") as said:
        process = subprocess.Popen(
            ["prefect", "worker", "start", "--pool", "nightdesk"],
            cwd=tmp_path, env=deployed.env, stdout=said, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield log.read_text
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)


def test_a_worker_elsewhere_runs_the_night_in_the_folder_that_the_variable_names(
    deployed: Deployed, worker: Callable[[], str]
) -> None:
    nightly = deployed.deployments()["nightly-news"]["id"]
    given = {"parameters": {"parameters": {"run_date": "2026-02-03"}}}
    run_id = deployed.desk.post(f"/deployments/{nightly}/create_flow_run", given)["id"]

    def over() -> Any:
        state = deployed.desk.get(f"/flow_runs/{run_id}")["state"]
        return state["type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") and state

    state = eventually(over)
    assert state["type"] == "COMPLETED", (json.dumps(state), worker())
    out = deployed.folder / "out"
    assert_whole(out, "2026-02-03", {"evening": [s for _, s in evening(70, 4)]})
    assert rows(out, "weights")
    asked = {"filter": {"event": {"name": ["nightdesk.published"]}}, "limit": 50}
    (told,) = eventually(
        lambda: [e for e in deployed.desk.post("/events/filter", asked)["events"] if e["payload"]["run_id"] == run_id]
    )
    assert (told["resource"]["nightdesk.kind"], told["resource"]["nightdesk.teaches"]) == ("nightly", "false")
    place = f"file://{out}".replace(" ", "~20")

    def assets() -> set[str]:
        asked = {"filter": {"event": {"name": ["prefect.asset.materialization.succeeded"]}}, "limit": 50}
        return {e["resource"]["prefect.resource.id"] for e in deployed.desk.post("/events/filter", asked)["events"]}

    made = {f"{place}/tables/{name}/run_date=2026-02-03" for name in ("topics", "passages", "weights")}
    eventually(lambda: made <= assets())
    assert any(key.startswith(f"{place}/editions/") for key in assets())
    assert not (deployed.origin / "out").exists()
