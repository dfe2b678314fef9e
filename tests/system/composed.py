"""The services of deployments/compose.yaml as processes: commands, environments and health checks are the file's own.

What containers have of their own is put in for each: host names become the loopback, ports free ones, folders of the
image folders of the test.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
COMPOSE = yaml.safe_load((ROOT / "deployments" / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PORTS = ("4200", "5432", "8080", "8786", "8787")  # that services listen at
NETWORK = re.compile(r"\b(?:0\.0\.0\.0|(?<=@)postgres|(?<=//)server|(?<=//)scheduler|(?<=')scheduler)(?=[:',]|$)")


def interpolated(text: str, given: dict[str, str]) -> str:
    """Put variables in as Docker Compose does: ${NAME:-default}, ${NAME:?message}, $$ for a dollar."""

    def value(match: "re.Match[str]") -> str:
        name, how, otherwise = match["name"], match["how"], match["otherwise"]
        if given.get(name):
            return given[name]
        assert how == ":-", f"{name}: {otherwise}"
        return str(otherwise)

    pattern = r"\$\{(?P<name>\w+)(?P<how>:[-?])(?P<otherwise>[^}]*)\}"
    return re.sub(pattern, value, text).replace("$$", "$")


@dataclass(frozen=True)
class Composed:
    """The services, for one run of them. folder: what /srv/nightdesk is. given: as the environment of `docker compose`.

    ports: for each port of the file, a free one.
    """

    folder: Path
    ports: dict[str, int]
    given: dict[str, str] = field(default_factory=dict)

    def place(self, service: str, text: str) -> str:
        """Return a text of the file as it is here."""
        here = NETWORK.sub("127.0.0.1", interpolated(text, self.given))
        for port, free in self.ports.items():
            here = re.sub(rf"(?<!\d){port}(?!\d)", str(free), here)
        return here.replace("/srv/nightdesk", str(self.folder)).replace("/home/nightdesk", str(self.home(service)))

    def home(self, service: str) -> Path:
        """Return a service's own home folder, which is in memory in its container."""
        home = self.folder.parent / "home" / service
        home.mkdir(parents=True, exist_ok=True)
        return home

    def environment(self, service: str) -> dict[str, str]:
        """Return all that a service's processes have in their environment: nothing of the test's but the programs."""
        own = {k: self.place(service, v) for k, v in SERVICES[service].get("environment", {}).items()}
        path = os.pathsep.join([str(BIN), "/usr/local/bin", "/usr/bin", "/bin"])
        there = {"PATH": path, "HOME": str(self.home(service)), "LANG": "C.UTF-8"}
        return there | own | {"PREFECT_WORKER_WEBSERVER_PORT": str(self.ports["8080"])}

    def command(self, service: str) -> list[str]:
        """Return a service's command."""
        return [self.place(service, word) for word in SERVICES[service]["command"]]

    def is_healthy(self, service: str, **more: str) -> bool:
        """Run a service's own health check once. more: for its environment."""
        kind, *check = (self.place(service, word) for word in SERVICES[service]["healthcheck"]["test"])
        command = check if kind == "CMD" else ["sh", "-c", *check]
        env = {**self.environment(service), **more}
        return subprocess.run(command, env=env, cwd=self.folder, capture_output=True, check=False).returncode == 0


def in_order() -> list[str]:
    """Return the services, each after those that it waits for."""
    done: list[str] = []
    while len(done) < len(SERVICES):
        ready = [n for n, s in SERVICES.items() if n not in done and set(s.get("depends_on", ())) <= set(done)]
        assert ready, "services wait for each other"
        done += ready
    return done
