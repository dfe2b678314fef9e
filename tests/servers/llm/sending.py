"""How a reply travels: at once, in slow pieces, or cut off in the middle."""

import asyncio
import json
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.servers.llm.counts import Seen
from tests.servers.llm.errors import Refused
from tests.servers.llm.players import Player

PIECES = 20


async def body_of(request: Request) -> dict[str, Any]:
    """Read a request's JSON object.

    Raises:
        Refused: it is none.
    """
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "invalid_request_error", "We could not parse the JSON body of your request.")
    return body


async def gone(request: Request, seen: Seen) -> bool:
    """Tell whether the client has left; nobody pays for what is not sent."""
    left = await request.is_disconnected()
    if left:
        seen.status = 499
    return left


def deliver(reply: dict[str, Any], player: Player, seen: Seen) -> Response:
    """Send a reply the way that was drawn for it."""
    seen.status = 200
    if seen.fault == "cut":
        return _Pieces(reply, seen, pause_s=0.0, cut=True)
    if seen.fault == "slow":
        return _Pieces(reply, seen, pause_s=player.slow_s / PIECES)
    seen.done = time.time()
    return JSONResponse(reply)


class _Pieces(Response):
    """A reply in pieces; cut: it ends after the first few, and so does the connection."""

    media_type = "application/json"

    def __init__(self, reply: dict[str, Any], seen: Seen, pause_s: float, cut: bool = False) -> None:
        super().__init__(json.dumps(reply))
        self._seen, self._pause_s, self._cut = seen, pause_s, cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytes(self.body)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        size = -(-len(body) // PIECES)
        for k in range(0, len(body) // 2 if self._cut else len(body), size):
            await send({"type": "http.response.body", "body": body[k : k + size], "more_body": True})
            await asyncio.sleep(self._pause_s)
        if self._cut:
            return  # a reply that was not completed has the server close the connection
        self._seen.done = time.time()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
