"""A Prefect server of our own: it answers nobody who lacks its auth string, whatever website they come from."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from prefect.settings import Settings

from nightdesk.flows.serve.prefect_server import HOST, answers, own_server
from nightdesk.flows.serve.server_auth import ServerKey, key_of
from nightdesk.tasks.errors import NightdeskError
from tests.flows.serve.doors import FOREIGN, ask, assert_closed
from tests.prefect_home import prefect_home
from tests.servers.listening import Expected, weaknesses
from tests.serving import basic

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ServerKey, Path]]:
    """Start a server of our own; its API, its key, and its folder."""
    home = prefect_home(tmp_path_factory.mktemp("doors"))
    key = key_of(Settings(home=home))
    with own_server(home, 0, key) as api:
        yield api, key, home


@pytest.mark.slow
def test_no_route_and_no_websocket_answers_without_the_string(opened: tuple[str, ServerKey, Path]) -> None:
    assert_closed(opened[0])


@pytest.mark.slow
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
    write = ("POST", "/api/flow_runs/filter")
    assert weaknesses(HOST, urlsplit(api).port or 0, Expected("/api/admin/version", signed_in, write)) == []
    assert ask(own, "GET", "/", {}).status == 200
    asked_before = ask(api, "OPTIONS", "/flow_runs/filter", {**FOREIGN, **wants})
    assert asked_before.status == 400
    assert asked_before.getheader("Access-Control-Allow-Origin") is None
    assert ask(api, "POST", "/flow_runs/filter", {**signed_in, "Origin": own}, "{}").status == 403
    pages = ask(own, "GET", "/ui-settings", {})
    assert pages.status == 200


@pytest.mark.slow
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


@pytest.mark.slow
def test_where_its_usual_port_is_taken_it_takes_another_and_it_ends_with_its_block(tmp_path: Path) -> None:
    home = prefect_home(tmp_path / "prefect")
    key = key_of(Settings(home=home))
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        usual = taken.getsockname()[1]
        with own_server(home, usual, key) as api:
            assert urlsplit(api).port not in (usual, None)
            assert answers(api)
    assert not answers(api)


def test_a_server_that_ends_at_once_is_told_of_with_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_DATABASE_CONNECTION_URL", "no-database://at-all")
    home = tmp_path / "prefect"
    with (
        pytest.raises(NightdeskError, match=r"ended at once; .*nightdesk-server\.log says why$"),
        own_server(home, 0, key_of(Settings(home=home))),
    ):
        pass
    assert (home / "nightdesk-server.log").stat().st_size > 0


@pytest.mark.parametrize("api", ["http://127.0.0.1:9/api", "http://nowhere.invalid/api", "no address", ""])
def test_where_no_server_is_none_answers(api: str) -> None:
    assert not answers(api, "me:secret")
