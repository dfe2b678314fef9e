"""What a test or a benchmark asks of the server itself: what it saw, what night it is, how batches go."""

from dataclasses import asdict, replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.llm.errors import Refused
from tests.servers.llm.sending import body_of
from tests.servers.llm.standin import StandIn, Trouble


async def counts(request: Request) -> Response:
    """GET /control/counts."""
    return JSONResponse(request.app.state.standin.counts.summary())


async def log(request: Request) -> Response:
    """GET /control/log: every request."""
    return JSONResponse(request.app.state.standin.counts.requests())


async def reset(request: Request) -> Response:
    """POST /control/reset: forget what was counted and cached, and all batches."""
    state = request.app.state
    state.openai_batches.clear()
    state.anthropic_batches.clear()
    state.standin.reset()
    return JSONResponse({})


async def night(request: Request) -> Response:
    """POST /control/night {"night": n}: have the models be as they are then."""
    standin: StandIn = request.app.state.standin
    standin.set_night(int((await body_of(request))["night"]))
    return JSONResponse({"night": standin.night})


async def batches(request: Request) -> Response:
    """POST /control/batches {"delay_s": ..., "fail": ..., "expire": ...}: how batches go from now on."""
    standin: StandIn = request.app.state.standin
    try:
        standin.batch = replace(standin.batch, **await body_of(request))
    except TypeError as e:
        raise Refused(400, "invalid_request_error", str(e)) from None
    return JSONResponse(asdict(standin.batch))


async def trouble(request: Request) -> Response:
    """POST /control/trouble {"fault": ..., "where": ..., ...}: what goes wrong from now on, until a reset."""
    standin: StandIn = request.app.state.standin
    try:
        standin.troubles.append(Trouble(**await body_of(request)))
    except (TypeError, ValueError) as e:
        raise Refused(400, "invalid_request_error", str(e)) from None
    return JSONResponse([asdict(t) for t in standin.troubles])


async def hold(request: Request) -> Response:
    """POST /control/hold {"texts": [...]}: keep replies to prompts with one of these back; none: send them.

    Without a body that names texts: tell how many replies are kept back, and change nothing.
    """
    standin: StandIn = request.app.state.standin
    standin.held = list((await body_of(request)).get("texts", standin.held))
    return JSONResponse({"waiting": standin.waiting})


ROUTES = [
    Route("/control/counts", counts),
    Route("/control/log", log),
    Route("/control/reset", reset, methods=["POST"]),
    Route("/control/night", night, methods=["POST"]),
    Route("/control/trouble", trouble, methods=["POST"]),
    Route("/control/hold", hold, methods=["POST"]),
    Route("/control/batches", batches, methods=["POST"]),
]
