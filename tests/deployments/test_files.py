"""What stands in deployments/, checked without a Docker engine: it parses, names what there is, holds no key."""

import re
import shutil
import subprocess
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow
from prefect.utilities.templating import apply_values

from nightdesk.flows.serve.deploy_settings import settings
from nightdesk.flows.shared.scheduled_time import check_schedule
from nightdesk.tasks.config.profile import shipped_profiles

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deployments"
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
RAW = yaml.safe_load((FOLDER / "prefect.yaml").read_text(encoding="utf-8"))
SETTINGS = {"nightdesk": settings()}  # as the step of `build` has them where no Prefect variable is set
PREFECT = {**RAW, "deployments": apply_values([{**d, "triggers": []} for d in RAW["deployments"]], SETTINGS)}
DOCKERFILE = (FOLDER / "Dockerfile").read_text(encoding="utf-8")


def flow_of(deployment: dict[str, Any]) -> "Flow[Any, Any]":
    """Return the flow that a deployment names."""
    module, _, name = deployment["entrypoint"].rpartition(".")
    found = getattr(import_module(module), name)
    assert isinstance(found, Flow)
    return found


def test_there_are_a_night_and_an_ad_hoc_deployment_for_every_shipped_profile() -> None:
    by_name = {d["name"]: d for d in PREFECT["deployments"]}
    of_profiles = {f"{kind}-{profile}" for kind in ("nightly", "adhoc") for profile in shipped_profiles()}
    assert by_name.keys() == of_profiles | {"follow", "learn", "evaluate"}
    for profile in shipped_profiles():
        for kind, tag in (("nightly", "night"), ("adhoc", "adhoc")):
            deployment = by_name[f"{kind}-{profile}"]
            assert deployment["parameters"]["parameters"]["profile"] == profile
            assert {"nightdesk", tag} <= set(deployment["tags"])


def test_what_differs_between_machines_comes_from_prefect_variables() -> None:
    (step,) = RAW["build"]
    ((function, inputs),) = step.items()
    assert function == f"{settings.__module__}.{settings.__name__}"
    assert inputs.pop("id") == "nightdesk"
    taken = {name: f"{{{{ prefect.variables.nightdesk_{name} }}}}" for name in SETTINGS["nightdesk"]}
    assert inputs == taken
    for deployment in RAW["deployments"]:
        own = deployment["parameters"]["parameters"]
        assert own.get("out", "{{ nightdesk.out }}") == "{{ nightdesk.out }}"
        assert own.get("sources", "{{ nightdesk.sources }}") == "{{ nightdesk.sources }}"
        assert own["profile"] in ("{{ nightdesk.profile }}", "news-llm", "commerce")
        assert all(s["cron"] == "{{ nightdesk.cron }}" for s in deployment.get("schedules", ()))


@pytest.mark.parametrize("deployment", PREFECT["deployments"], ids=lambda d: d["name"])
def test_a_deployment_names_a_flow_and_parameters_that_it_takes(deployment: dict[str, Any]) -> None:
    parameters = {**deployment["parameters"]["parameters"]}
    if deployment["name"].startswith("adhoc-"):
        parameters["text"] = "What a person would paste."  # without it, the form is not complete
    flow_of(deployment).validate_parameters({"parameters": parameters})
    assert deployment["work_pool"]["name"] == "nightdesk"
    assert "nightdesk" in deployment["tags"]
    assert "**" in deployment["description"]
    for schedule in deployment.get("schedules", ()):
        assert check_schedule(schedule["cron"], schedule["timezone"])


def test_nightly_runs_do_not_overlap_and_learn_is_told_what_served_runs_tell_it() -> None:
    from nightdesk.flows.serve.deployments import published_trigger

    by_name = {d["name"]: d for d in RAW["deployments"]}
    for name in (n for n in by_name if n.startswith("nightly-")):
        assert by_name[name]["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
    (trigger,) = by_name["learn"]["triggers"]
    served = published_trigger()
    assert set(trigger["expect"]) == served.expect
    assert trigger["match"] == served.match.root
    assert trigger["parameters"] == served.parameters


SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SIZES = r"(\d+)([mg])"


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_is_nobodys_root_and_cannot_write_but_where_it_has_to(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "network_mode", "pid", "ipc", "devices"} & service.keys()
    for place in service["tmpfs"]:
        assert re.search(r"size=\d+m", place), place
    assert any(place.startswith("/tmp:") for place in service["tmpfs"])
    for volume in service.get("volumes", ()):
        assert "docker.sock" not in volume
        assert volume.endswith(":ro") or volume.partition(":")[0] in COMPOSE["volumes"], volume


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_takes_no_more_than_its_share(name: str) -> None:
    service = SERVICES[name]
    assert service["pids_limit"] > 0 and service["cpus"] > 0
    assert re.fullmatch(SIZES, service["mem_limit"])


def test_the_image_runs_as_the_user_that_compose_names() -> None:
    (user,) = re.findall(r"^USER (\S+)$", DOCKERFILE, re.M)
    uid, gid = user.split(":")
    assert f"--gid {gid} nightdesk" in DOCKERFILE and f"--uid {uid} --gid {gid} nightdesk" in DOCKERFILE
    assert {s["user"] for n, s in SERVICES.items() if n != "postgres"} == {user}
    for name, service in SERVICES.items():
        for place in service["tmpfs"]:
            assert "uid=" not in place or f"uid={service['user'].partition(':')[0]}," in place, name


def test_passwords_have_to_be_given_and_have_no_default() -> None:
    text = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
    given = dict(re.findall(r"\$\{(\w*(?:PASSWORD|AUTH_STRING|SECRET|TOKEN)\w*)(:?[-?][^}]*)?\}", text))
    assert given.keys() == {"POSTGRES_PASSWORD", "PREFECT_API_AUTH_STRING"}
    assert all(how.startswith(":?") and len(how) > 10 for how in given.values()), given


def test_dask_and_the_database_are_on_networks_of_their_own() -> None:
    """Dask runs what it is sent, and talks without TLS here."""
    on = {network: {n for n, s in SERVICES.items() if network in s["networks"]} for network in COMPOSE["networks"]}
    assert on["calls"] == {"scheduler", "dask-worker", "worker"}
    assert on["database"] == {"postgres", "server"}
    assert COMPOSE["networks"]["calls"]["internal"] and COMPOSE["networks"]["database"]["internal"]
    assert "postgres" not in on["outside"] and "scheduler" not in on["outside"]
    assert all(s["networks"] for s in SERVICES.values())


def test_every_image_has_a_version_and_only_what_a_browser_needs_is_open_on_this_machine_alone() -> None:
    images = re.findall(r"^FROM (\S+)", DOCKERFILE, re.M) + [s["image"] for s in COMPOSE["services"].values()]
    for image in images:
        exact = r"python:\d+\.\d+\.\d+-[\w.-]+|postgres:\d+\.\d+-[\w.-]+"  # no major that floats, no `latest`
        assert image == f"nightdesk:{version('nightdesk')}" or re.fullmatch(exact, image), image
    assert "/" not in "".join(images)  # no registry is named
    ports = [p for s in COMPOSE["services"].values() for p in s.get("ports", ())]
    assert ports == ["127.0.0.1:4200:4200"]


def test_the_api_is_open_to_who_has_the_auth_string_and_to_no_website_but_the_ui() -> None:
    services = COMPOSE["services"]
    server = services["server"]["environment"]
    auth = server["PREFECT_SERVER_API_AUTH_STRING"]
    assert auth.startswith("${PREFECT_API_AUTH_STRING:?")  # it has to be set
    assert server["PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED"] == "true"
    assert server["PREFECT_SERVER_UI_API_URL"] == f"{server['PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS']}/api"
    for name, service in services.items():
        if "PREFECT_API_URL" in service.get("environment", {}):
            assert service["environment"]["PREFECT_API_AUTH_STRING"] == auth, name
        assert "AUTH_STRING" not in str(service.get("command")), name


def test_jobs_take_no_module_of_a_users_folder_for_ours() -> None:
    for deployment in PREFECT["deployments"]:
        job = deployment["work_pool"]["job_variables"]
        assert job["command"] == "python -P -m nightdesk.flows.serve.pool_job"
        assert job["env"]["PYTHONSAFEPATH"] == "1"
    assert find_spec("nightdesk.flows.serve.pool_job")
    services = COMPOSE["services"]
    assert all(s["environment"]["PYTHONSAFEPATH"] == "1" for n, s in services.items() if n != "postgres")


def test_every_lasting_service_has_a_health_check_and_waits_for_healthy_ones() -> None:
    services = COMPOSE["services"]
    assert set(services) == {"postgres", "server", "scheduler", "dask-worker", "deploy", "worker"}
    for name, service in services.items():
        assert service.get("healthcheck") or name == "deploy", name
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services
            assert how["condition"] == ("service_completed_successfully" if needed == "deploy" else "service_healthy")


def test_no_key_stands_in_a_file_or_gets_into_the_image() -> None:
    for path in FOLDER.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"sk-[A-Za-z0-9]{8,}|PRIVATE KEY", text), path
            for name, value in re.findall(
                r"(?<!\$\{)\b(\w*(?:_KEY|PASSWORD|TOKEN|SECRET|AUTH_STRING))\s*[:=]\s*(\S+)", text
            ):
                assert re.match(r"\$\{\w+:[-?]", value) or value == "...", (path, name)
    assert not re.search(r"^(ARG|ENV).*(KEY|PASSWORD|TOKEN|SECRET)", DOCKERFILE, re.M)


def test_the_image_is_built_of_pinned_versions_and_runs_as_nobody_in_particular() -> None:
    assert "--constraint /build/constraints.txt" in DOCKERFILE
    assert re.search(r"^USER (?!root)", DOCKERFILE, re.M)
    copied = [word for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.M) for word in line.split()[:-1]]
    assert all((ROOT / name).exists() for name in copied), copied
    links = [path for path in (ROOT / "nightdesk").rglob("*") if path.is_symlink()]
    needed = [path.resolve().relative_to(ROOT) for path in links]  # what the wheel is made of
    assert len(needed) >= 7 and all(any(path.is_relative_to(c) for c in copied) for path in needed), needed
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored and {f"!{name}" for name in copied} <= set(ignored)


def test_docker_compose_accepts_the_file() -> None:
    compose = next((c for c in (["docker", "compose"], ["docker-compose"]) if _answers(c)), None)
    if compose is None:
        pytest.skip("docker compose is not here; the other tests read its file themselves")
    env = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "POSTGRES_PASSWORD": "made-up",
        "PREFECT_API_AUTH_STRING": "me:made-up",
    }
    command = [*compose, "--file", str(FOLDER / "compose.yaml"), "config", "--quiet"]
    told = subprocess.run(command, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert told.returncode == 0, told.stderr


def _answers(command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    told = subprocess.run([*command, "version"], capture_output=True, timeout=240, check=False)
    return told.returncode == 0
