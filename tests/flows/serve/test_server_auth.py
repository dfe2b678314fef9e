"""A Prefect server that nightdesk starts answers nobody who lacks its auth string, whatever website they come from."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from prefect.settings import Settings
from prefect.settings.models.server import ServerSettings
from prefect.settings.models.server.api import ServerAPISettings
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from nightdesk.flows.serve.prefect_server import own_server
from nightdesk.flows.serve.server_auth import ServerKey, key_of
from nightdesk.tasks.errors import NightdeskError
from tests.flows.conftest import NIGHTDESK
from tests.prefect_home import prefect_home
from tests.serving import basic, eventually
from tests.texts import write_evening

FOREIGN = {"Host": "evil.example", "Origin": "https://evil.example"}
SOME_ID = "00000000-0000-4000-8000-000000000000"
OPEN = {("GET", "/health"), ("GET", "/ready")}
pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ServerKey, Path]]:
    """Start a server of our own; its API, its key, and its folder."""
    home = prefect_home(tmp_path_factory.mktemp("doors"))
    key = key_of(Settings(home=home))
    with own_server(home, 0, key) as api:
        yield api, key, home


def ask(api: str, method: str, path: str, headers: dict[str, str], body: str | None = None) -> http.client.HTTPResponse:
    """Send a request with just these headers; path: below the API."""
    at = urlsplit(api)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=60)
    connection.request(method, at.path + path, body, {"Content-Type": "application/json", **headers})
    reply = connection.getresponse()
    reply.read()
    connection.close()
    return reply


def routes() -> tuple[set[tuple[str, str]], set[str]]:
    """Return the (method, path) of all that Prefect's API answers, and the paths of its websockets."""
    from prefect.server.api.server import API_ROUTERS

    asked = {("GET", "/health"), ("GET", "/version"), ("GET", "/openapi.json"), ("GET", "/docs")}
    sockets = set()
    for route in (r for router in API_ROUTERS for r in router.routes):
        path = re.sub(r"\{(\w+)(:\w+)?\}", SOME_ID, getattr(route, "path", ""))
        if isinstance(route, Route):
            asked |= {(method, path) for method in route.methods or ()}
        elif isinstance(route, WebSocketRoute):
            sockets.add(path)
    return asked, sockets


def assert_closed(api: str) -> None:
    """See that who has no auth string, or a wrong one, gets nothing out of any route."""
    asked, sockets = routes()
    assert len(asked) > 150 and len(sockets) >= 4  # else they were not found
    for headers in (FOREIGN, {**FOREIGN, "Authorization": basic("nightdesk:guessed")}):
        for method, path in sorted(asked):
            reply = ask(api, method, path, headers, None if method in ("GET", "HEAD") else "{}")
            if (method, path) in OPEN:
                assert reply.status == 200, path
            else:
                assert reply.status in (401, 403), (method, path, reply.status)
            assert reply.getheader("Access-Control-Allow-Origin") is None, (method, path)
    for path in sorted(sockets):
        for first in (None, {"type": "auth"}, {"type": "auth", "token": "nightdesk:guessed"}, {"type": "hello"}):
            assert_shut(api, path, first)


def assert_shut(api: str, path: str, first: dict[str, str] | None) -> None:
    """See that a websocket is closed before any data comes. first: what is sent; None: not even Prefect's protocol."""
    url = f"{api.replace('http', 'ws', 1)}{path}"
    protocols = None if first is None else [Subprotocol("prefect")]
    try:
        with connect(url, origin=Origin("https://evil.example"), subprotocols=protocols, proxy=None) as socket:
            if first is not None:
                socket.send(json.dumps(first))
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=60)
    except InvalidStatus as refused:
        assert refused.response.status_code in (401, 403)


def test_no_route_and_no_websocket_answers_without_the_string(opened: tuple[str, ServerKey, Path]) -> None:
    assert_closed(opened[0])


def test_with_the_string_only_the_uis_own_origin_may_read_and_a_change_needs_a_token(
    opened: tuple[str, ServerKey, Path],
) -> None:
    api, key, _ = opened
    own = api.removesuffix("/api")
    signed_in = {"Authorization": basic(key.auth)}
    read = ask(api, "GET", "/admin/version", {**signed_in, "Origin": own})
    assert (read.status, read.getheader("Access-Control-Allow-Origin")) == (200, own)
    foreign = ask(api, "GET", "/admin/version", {**signed_in, **FOREIGN})
    assert foreign.getheader("Access-Control-Allow-Origin") is None
    wants = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    asked_before = ask(api, "OPTIONS", "/flow_runs/filter", {**FOREIGN, **wants})
    assert asked_before.status == 400
    assert asked_before.getheader("Access-Control-Allow-Origin") is None
    assert ask(api, "POST", "/flow_runs/filter", {**signed_in, "Origin": own}, "{}").status == 403
    pages = ask(own, "GET", "/ui-settings", {})
    assert pages.status == 200


def test_the_string_stands_in_no_command_line_and_in_no_log(opened: tuple[str, ServerKey, Path]) -> None:
    _, key, home = opened
    password = key.auth.partition(":")[2]
    assert len(password) >= 32
    assert password not in repr(key)
    for process in psutil.process_iter():
        try:
            assert password not in " ".join(process.cmdline())
        except psutil.Error:  # it has just ended
            continue
    assert password.encode() not in (home / "nightdesk-server.log").read_bytes()


def test_the_server_of_a_run_is_closed_and_the_run_goes_on(tmp_path: Path) -> None:
    home, source = tmp_path / "prefect", tmp_path / "in"
    source.mkdir()
    write_evening(source, "long", seed=80, passages=4000)
    env = {**{k: v for k, v in os.environ.items() if k != "PREFECT_API_URL"}, "PREFECT_HOME": str(prefect_home(home))}
    command = [*NIGHTDESK, "run", str(source), "--out", str(tmp_path / "out"), "--no-learn"]
    with subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        try:
            api = eventually(lambda: run.poll() is not None or ephemeral(run.pid))
            assert run.poll() is None, run.communicate()
            assert_closed(api)
            assert run.poll() is None, "the run ended before its server was tried"
            eventually((tmp_path / "out" / "answers.db").exists)  # it works with its server
        finally:
            if run.poll() is None:
                run.send_signal(signal.SIGINT)
            printed, said = run.communicate(timeout=240)
    assert run.returncode == 130, said
    password = (home / "nightdesk-auth").read_text().strip().partition(":")[2]
    assert password not in printed + said


def ephemeral(pid: int) -> str | None:
    """Return the API of the server that a run has started for itself, once it is healthy."""
    for child in psutil.Process(pid).children():
        try:
            words = child.cmdline()
        except psutil.Error:  # it has just ended
            continue
        if (module := "nightdesk.flows.serve.ephemeral_server") in words:
            api = f"http://127.0.0.1:{words[words.index(module) + 1]}/api"
            try:
                return api if ask(api, "GET", "/health", {}).status == 200 else None
            except OSError:
                return None
    return None


def test_processes_that_race_for_the_first_string_get_the_same_one_in_a_private_file(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from nightdesk.flows.serve.server_auth import _kept; "
        "print(_kept(Path(sys.argv[1])))"
    )
    file = tmp_path / "home" / "nightdesk-auth"
    command = [sys.executable, "-c", script, str(file)]

    def made(_: int) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout

    with ThreadPoolExecutor(4) as together:
        strings = set(together.map(made, range(8)))
    assert strings == {file.read_text()}
    assert file.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_a_string_that_a_setting_names_is_the_key_and_no_file_is_made(tmp_path: Path) -> None:
    named = ServerSettings(api=ServerAPISettings(auth_string="me:secret"))
    assert key_of(Settings(home=tmp_path, server=named)) == ServerKey("me:secret", None)
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_a_string_is_named_with_the_way_out_and_loose_rights_are_tightened(tmp_path: Path) -> None:
    file = tmp_path / "nightdesk-auth"
    file.write_text("\n")
    with pytest.raises(NightdeskError, match=r"nightdesk-auth: holds no auth string .*; remove it"):
        key_of(Settings(home=tmp_path))
    file.write_text("me:secret\n")
    file.chmod(0o644)
    assert key_of(Settings(home=tmp_path)).auth == "me:secret"
    assert file.stat().st_mode & 0o777 == 0o600
