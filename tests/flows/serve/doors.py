"""The doors of a Prefect server: requests as a foreign website sends them, and what must not come of them."""

import http.client
import json
import re
from urllib.parse import urlsplit

import pytest
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.serving import basic

FOREIGN = {"Origin": "https://evil.example"}
SOME_ID = "00000000-0000-4000-8000-000000000000"
OPEN = {("GET", "/health"), ("GET", "/ready")}


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
