"""The application: all routes, and who is let in."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.servers.llm import (
    anthropic_batches,
    anthropic_routes,
    control,
    openai_batches,
    openai_routes,
)
from tests.servers.llm.batches import Batches
from tests.servers.llm.errors import Refused
from tests.servers.llm.standin import StandIn

ROUTES = [
    *anthropic_batches.ROUTES,
    *anthropic_routes.ROUTES,
    *openai_batches.ROUTES,
    *openai_routes.ROUTES,
    *control.ROUTES,
]


def make_app(standin: StandIn) -> ASGIApp:
    """Return the server's application."""
    app = Starlette(routes=ROUTES, exception_handlers={Refused: _refused})
    app.state.standin = standin
    app.state.files = {}
    app.state.openai_batches = Batches(standin, openai_routes.asked)
    app.state.anthropic_batches = Batches(standin, anthropic_routes.asked)
    return _Door(app, standin.api_key)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    body = error.anthropic() if request.url.path.startswith("/v1/messages") else error.openai()
    headers = {}
    if error.status == 429 and error.retry_after_s is not None:
        headers["retry-after"] = f"{error.retry_after_s:g}"
    return JSONResponse(body, error.status, headers)


class _Door:
    """Lets in who shows the key, if there is one. Both providers' ways of showing it will do."""

    def __init__(self, app: ASGIApp, api_key: str) -> None:
        self._app, self._api_key = app, api_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._api_key and scope["type"] == "http" and not scope["path"].startswith("/control/"):
            request = Request(scope)
            shown = request.headers.get("x-api-key") or request.headers.get("authorization", "")
            if shown.removeprefix("Bearer ") != self._api_key:
                error = Refused(401, "authentication_error", "Incorrect API key provided.", "invalid_api_key")
                await _refused(request, error)(scope, receive, send)
                return
        await self._app(scope, receive, send)
