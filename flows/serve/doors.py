"""Which websites may talk to a server of ours that listens on the loopback: those of its own name, and no other.

Who has a browser open can be made to send requests here by any website. Two headers tell of them. Host is the name by
which a browser looked us up: a website can have its own name point to 127.0.0.1, and the browser then takes what we
answer for that website's (DNS rebinding). Origin is the website that asks, which a browser tells of every WebSocket and
of every request that may change something. Other programs send neither a foreign Host nor an Origin.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_READS = ("GET", "HEAD", "OPTIONS")


class Doors:
    """An ASGI app before another one: it turns away what a foreign website sends. also: more names of this server."""

    def __init__(self, app: App, *also: str) -> None:
        self._app, self._names = app, frozenset(LOOPBACK_NAMES) | {name.lower() for name in also if name}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] in ("http", "websocket") and (wrong := self._wrong(scope)):
            from starlette.responses import PlainTextResponse

            status, why = wrong
            await PlainTextResponse(f"{why}\n", status)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _wrong(self, scope: Scope) -> tuple[int, str] | None:
        hosts = [v.decode("latin-1").lower() for k, v in scope["headers"] if k == b"host"]
        origins = [v.decode("latin-1").lower() for k, v in scope["headers"] if k == b"origin"]
        if len(hosts) != 1 or _name(hosts[0]) not in self._names:
            return 421, "no server of this name is here"
        changes = scope["type"] == "websocket" or scope["method"] not in _READS
        if changes and any(urlsplit(origin).netloc != hosts[0] for origin in origins):
            return 403, "no other website may ask this"
        return None


def _name(host: str) -> str:
    """Return the name in a Host header, without its port; "" if it is malformed."""
    name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not colon:
        return host
    return name if port.isascii() and port.isdigit() else ""
