"""A night with every log at DEBUG and a server that tells the keys it is shown: where a key is found afterwards."""

import base64
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from nightdesk.tasks.config.secrets import HIDDEN
from tests.flows.conftest import NIGHTDESK, Finished
from tests.prefect_home import prefect_home
from tests.processes import alive_of, start, wait_until_nothing_is_left_of
from tests.servers.gullible import gullible
from tests.servers.loopback import Got, Reply, answer, listening, send
from tests.texts import write_evening

pytestmark = pytest.mark.long

KEYS = {  # but for SOUTH_KEY
    "NORTH_KEY": "planted-north-7f3a9c51",  # looks like no provider's key
    "PREFECT_SERVER_API_AUTH_STRING": "admin:planted-auth-3c18",
    "PREFECT_API_AUTH_STRING": "admin:planted-auth-3c18",
    "OPENAI_API_KEY": "sk-planted-unused-55d0c1",
    "OPENAI_CUSTOM_HEADERS": "X-Corp: planted-header-9be1",
    "HTTPS_PROXY": "http://user:planted-proxy-61c2@127.0.0.1:9",
    "NIGHTDESK_NOTIFY_WEBHOOK": "https://hooks.example.org/planted-apprise-02ff",
}
SOUTH_KEY = "sk-planted-south-b8812e60aa"  # in a Secret block of Prefect's
SECRETS = tuple(
    f"planted-{name}" for name in ("north", "south", "unused", "header", "proxy", "apprise", "auth", "database")
)
LOUD = {
    "PREFECT_LOGGING_LEVEL": "DEBUG", "PREFECT_LOGGING_SERVER_LEVEL": "DEBUG", "PREFECT_SERVER_LOGGING_LEVEL": "DEBUG",
    "PREFECT_LOGGING_ROOT_LEVEL": "DEBUG", "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "DEBUG",
    "OPENAI_LOG": "debug", "ANTHROPIC_LOG": "debug", "NIGHTDESK_LOG": "DEBUG",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "nightdesk,openai,anthropic,httpx,httpx2,httpcore,httpcore2,distributed,dask",
    "DASK_LOGGING__DISTRIBUTED": "debug", "DASK_LOGGING__OPENAI": "debug", "DASK_LOGGING__ANTHROPIC": "debug",
    "DASK_LOGGING__HTTPX2": "debug", "DASK_LOGGING__HTTPCORE2": "debug", "PYTHONFAULTHANDLER": "1",
}  # fmt: skip
PROFILE = """
name = "secret"
[categories]
facts = "what happened"
opinions = "what somebody thinks of it"
[limits]
max_cost_usd = 5.0
patience_s = 3
[judging]
min_rate = 0.3
max_rate = 0.9
[learner]
controls = 1
[[models]]
name = "north"
family = "arctic"
provider = "anthropic"
base_url = "{url}"
api_key_env = "NORTH_KEY"
prices = {{ input = 1.0, output = 4.0 }}
[[models]]
name = "south"
family = "tropic"
provider = "openai"
base_url = "{url}/v1"
api_key_env = "SOUTH_KEY"
prices = {{ input = 1.0, output = 4.0 }}
"""


def telltale() -> Reply:
    """Reply as models do, but fail now and then with all that was shown, in every place of a reply."""
    answers, times = gullible({"north": "lexical", "south": "static"}), Counter[str]()

    def reply(got: Got, handler: BaseHTTPRequestHandler) -> None:
        shown = got.headers.get("authorization", "")
        times["all"] += 1
        error = {"message": f"no: {shown} {dict(got.headers)}", "type": shown, "code": shown, "param": shown}
        echo = {"x_request_id": shown, "www_authenticate": shown, "x_echo": repr(dict(got.headers))}
        match times["all"] % 16 if got.is_question else 0:
            case 1:
                return send(handler, json.dumps({"error": error}).encode(), 500, **echo)
            case 2:
                return send(handler, json.dumps({"choices": [], "error": error}).encode(), **echo)
            case 3:
                return send(handler, f"<html>{shown}</html>".encode(), 502, **echo)
            case 4:
                return send(handler, answer(got, f"My key is {shown}"), **echo)
            case 5:
                groups = [{"label": f"The key {shown}", "numbers": "1"}]
                return send(handler, answer(got, json.dumps({"groups": groups})), **echo)
        return answers(got, handler)

    return reply


def forms(secret: str) -> list[bytes]:
    """Return how a secret may be written."""
    plain = secret.encode()
    return [plain, plain[::-1], *(base64.b64encode(b"x" * k + plain)[2 * k :][2:-4] for k in range(3))]


def holding(data: bytes) -> list[str]:
    """Return which secrets stand in some bytes."""
    return [s for s in SECRETS if any(form in data for form in forms(s))]


def found_below(folder: Path) -> dict[str, list[str]]:
    """Return the files below a folder that hold a secret, and which."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and (held := holding(path.read_bytes())):
            found[path.relative_to(folder).as_posix()] = held
    return found


class CommandLines(threading.Thread):
    """Looks all the while at the command lines of what a command has started."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.found, self.seen = pid, set[str](), set[str]()
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.3):
            for process in alive_of(self.pid):
                try:
                    line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
                except OSError:
                    continue
                self.seen.add(line.replace(b"\0", b" ").decode())
                self.found.update(holding(line))


def night(home: Path, tmp: Path, url: str, extra: dict[str, str]) -> tuple[Finished, CommandLines]:
    """Run a night that starts a server of its own, in folders of its own."""
    profile = tmp / "secret.toml"
    profile.write_text(PROFILE.format(url=url))
    (tmp / "tmp").mkdir()
    (tmp / "cwd").mkdir()
    env = {k: v for k, v in os.environ.items() if k not in ("PREFECT_API_URL", "DASK_SCHEDULER_ADDRESS")}
    env |= KEYS | LOUD | {"PREFECT_HOME": str(home), "TMPDIR": str(tmp / "tmp")} | extra
    write_evening(tmp, "evening", 3, 8)
    command = [*NIGHTDESK, "run", str(tmp / "evening.json"), "--date", "2026-03-01", "--profile", str(profile)]
    command += ["--out", str(tmp / "out")]
    with start(command, env, text=True, stdout=-1, stderr=-1, cwd=tmp / "cwd") as process:
        watch = CommandLines(process.pid)
        watch.start()
        out, err = process.communicate(timeout=280)
        wait_until_nothing_is_left_of(process.pid)
        watch.over.set()
        watch.join()
    return Finished(process.returncode, out, err), watch


def test_no_key_is_found_anywhere_after_a_loud_night(tmp_path: Path) -> None:
    home = prefect_home(tmp_path / "prefect")
    keep = f"from prefect.blocks.system import Secret; Secret(value={SOUTH_KEY!r}).save('south-key')"
    env = {k: v for k, v in os.environ.items() if k != "PREFECT_API_URL"} | {"PREFECT_HOME": str(home)}
    subprocess.run([sys.executable, "-c", keep], env=env, check=True, capture_output=True, timeout=120)
    with listening(telltale()) as server:
        done, watch = night(home, tmp_path, server.url, {})
    assert "\nTraceback" not in f"\n{done.err}"  # of ours; those that Dask logs at DEBUG stand behind a bar
    shown = {got.headers.get("authorization") for got in server.got}
    assert shown == {f"Bearer {KEYS['NORTH_KEY']}", f"Bearer {SOUTH_KEY}"}
    assert "x-corp" not in {name for got in server.got for name in got.headers}

    # It was loud: what is searched holds what was to be said, of a night that filed what it read and met every failure.
    assert all(f"{name}." in done.err for name in ("httpcore", "distributed"))
    with closing(sqlite3.connect(home / "prefect.db")) as db:
        loggers = {name for (name,) in db.execute("SELECT DISTINCT name FROM log")}
        assert {"prefect.flow_runs", "prefect.task_runs", "httpx", "nightdesk.stages"} <= loggers
        assert [name for (name,) in db.execute("SELECT name FROM block_document")] == ["south-key"]
    assert len(watch.seen) > 3
    assert HIDDEN.encode() in (tmp_path / "out" / "answers.db").read_bytes()  # what models said of their keys

    assert (
        found_below(tmp_path) == {}
    )  # OUT, Prefect's folder with its database and logs, the folders for temporary files
    assert watch.found == set()
    assert holding(f"{done.out} {done.err}".encode()) == []


def test_an_address_with_a_password_is_not_told_by_a_run_that_cannot_reach_it(tmp_path: Path) -> None:
    database = "postgresql+asyncpg://me:planted-database-77ab@127.0.0.1:9/prefect"
    with listening(telltale()) as server:
        more = {
            "PREFECT_API_DATABASE_CONNECTION_URL": database,
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "60",
        }
        done, watch = night(tmp_path / "prefect", tmp_path, server.url, more)
    assert done.code != 0
    assert found_below(tmp_path) == {}
    assert watch.found == set()
    assert holding(f"{done.out} {done.err}".encode()) == []
