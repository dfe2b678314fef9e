"""The doors before a server: its own names and its own pages get in, what comes of other websites does not."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from nightdesk.flows.serve.doors import Doors
from tests.servers.listening import Expected, status, weaknesses
from tests.serving import eventually

PAGE = Expected("/page", write=("POST", "/page"), csrf=False)


async def _page(_: Request) -> Response:
    return JSONResponse({}, headers={})


async def _socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("told")
    await websocket.close()


APP = Starlette(routes=[Route("/page", _page, methods=["GET", "POST"]), WebSocketRoute("/told", _socket)])


@pytest.fixture(scope="module", params=["as it is", "behind doors"])
def served(request: pytest.FixtureRequest) -> Iterator[tuple[bool, int]]:
    """Serve an app that trusts everybody; whether it is behind doors, and its port."""
    is_guarded = request.param == "behind doors"
    app = Doors(APP, "desk.example") if is_guarded else APP
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    eventually(lambda: server.started)
    yield is_guarded, server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(30)


def test_attacks_get_through_where_nothing_is_before_the_app_and_are_turned_away_by_doors(
    served: tuple[bool, int],
) -> None:
    """The first half shows that the attacks are attacks."""
    is_guarded, port = served
    seen = weaknesses("127.0.0.1", port, PAGE)
    assert bool(seen) is not is_guarded, seen


def test_its_own_pages_and_other_programs_get_in(served: tuple[bool, int]) -> None:
    port = served[1]
    for name in (f"127.0.0.1:{port}", f"localhost:{port}", f"LocalHost:{port}", f"[::1]:{port}"):
        own = {"Host": name, "Origin": f"http://{name.lower()}"}
        for headers in ({"Host": name}, own):
            assert status("127.0.0.1", port, "GET", "/page", headers)[0] == 200
            assert status("127.0.0.1", port, "POST", "/page", headers, "{}")[0] == 200


def test_the_name_that_a_proxy_asks_for_is_let_in_where_it_is_set(served: tuple[bool, int]) -> None:
    headers = {"Host": "desk.example", "Origin": "https://desk.example"}
    assert status("127.0.0.1", served[1], "POST", "/page", headers, "{}")[0] == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
def test_a_foreign_website_gets_no_websocket(served: tuple[bool, int], origin: str | None) -> None:
    is_guarded, port = served
    named = None if origin is None else Origin(origin)

    def told() -> str:
        with connect(f"ws://127.0.0.1:{port}/told", origin=named, proxy=None) as socket:
            return str(socket.recv(timeout=30))

    if is_guarded and origin:
        with pytest.raises(InvalidStatus) as refused:
            told()
        assert refused.value.response.status_code == 403
    else:
        assert told() == "told"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1:1:2", "127.0.0.1:x", "", "@"])
def test_a_name_that_is_not_its_own_is_misdirected(served: tuple[bool, int], host: str) -> None:
    is_guarded, port = served
    if is_guarded:
        assert status("127.0.0.1", port, "GET", "/page", {"Host": host})[0] in (400, 421)
