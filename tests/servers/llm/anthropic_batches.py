"""Anthropic's Message Batches, as the wire has them."""

import json
import re
import time
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.llm.anthropic_routes import BAD, written
from tests.servers.llm.batches import Batch, Item, Outcome
from tests.servers.llm.errors import Refused
from tests.servers.llm.sending import body_of
from tests.servers.llm.standin import StandIn

_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


async def create(request: Request) -> Response:
    """POST /v1/messages/batches."""
    standin: StandIn = request.app.state.standin
    if len(await request.body()) > standin.batch.most_bytes:
        raise Refused(413, "request_too_large", f"Request exceeds the maximum size of {standin.batch.most_bytes} bytes")
    requests = (await body_of(request)).get("requests")
    try:
        items = [Item(r["custom_id"], r["params"]) for r in requests or ()]
    except (KeyError, TypeError) as e:
        raise Refused(400, BAD, f"requests: each needs custom_id and params ({e})") from None
    if not 1 <= len(items) <= standin.batch.most_requests:
        raise Refused(400, BAD, f"requests: {len(items)} are too few or too many; 1 to {standin.batch.most_requests}")
    ids = {item.custom_id for item in items}
    if len(ids) < len(items) or not all(_CUSTOM_ID.fullmatch(i) for i in ids):
        raise Refused(400, BAD, "requests: custom_id must be unique and match ^[a-zA-Z0-9_-]{1,64}$")
    batch = Batch(items, id=f"msgbatch_{time.time_ns():x}")
    request.app.state.anthropic_batches.take(batch)
    return JSONResponse(_json(request, batch))


async def listed(request: Request) -> Response:
    """GET /v1/messages/batches."""
    query = request.query_params
    page, more = request.app.state.anthropic_batches.page(query.get("after_id"), int(query.get("limit", 20)))
    ids = [b.id for b in page] or [None]
    data = [_json(request, b) for b in page]
    return JSONResponse({"data": data, "has_more": more, "first_id": ids[0], "last_id": ids[-1]})


async def batch(request: Request) -> Response:
    """GET /v1/messages/batches/{id}, POST /v1/messages/batches/{id}/cancel."""
    found = request.app.state.anthropic_batches.get(request.path_params["id"])
    if request.url.path.endswith("/cancel") and found.ended_at is None:
        found.cancelled_at = time.time()
    return JSONResponse(_json(request, found))


async def results(request: Request) -> Response:
    """GET /v1/messages/batches/{id}/results: in no particular order."""
    found: Batch = request.app.state.anthropic_batches.get(request.path_params["id"])
    if found.ended_at is None:
        raise Refused(404, "not_found_error", "The batch has not ended yet; it has no results.")
    lines = [json.dumps({"custom_id": o.custom_id, "result": _result(o)}) for o in reversed(found.outcomes)]
    return Response("".join(f"{line}\n" for line in lines), media_type="application/x-jsonl")


def _result(outcome: Outcome) -> dict[str, Any]:
    if outcome.ask is not None and outcome.turn is not None:
        return {"type": "succeeded", "message": written(outcome.ask, outcome.turn)}
    if outcome.error is not None:
        return {"type": "errored", "error": outcome.error.anthropic()}
    return {"type": outcome.kind}


def _json(request: Request, batch: Batch) -> dict[str, Any]:
    kinds = ("succeeded", "errored", "expired", "canceled")
    ended = batch.ended_at is not None  # until then the provider counts every item as being processed
    counts = {kind: batch.count(kind) if ended else 0 for kind in kinds}
    counts["processing"] = 0 if ended else len(batch.items)
    status = "ended" if ended else "in_progress" if batch.cancelled_at is None else "canceling"
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": counts,
        "created_at": _when(batch.created_at),
        "expires_at": _when(batch.created_at + 24 * 3600),
        "ended_at": _when(batch.ended_at),
        "cancel_initiated_at": _when(batch.cancelled_at),
        "archived_at": None,
        "results_url": f"{request.base_url}v1/messages/batches/{batch.id}/results" if ended else None,
    }


def _when(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


ROUTES = [
    Route("/v1/messages/batches", create, methods=["POST"]),
    Route("/v1/messages/batches", listed),
    Route("/v1/messages/batches/{id}", batch),
    Route("/v1/messages/batches/{id}/results", results),
    Route("/v1/messages/batches/{id}/cancel", batch, methods=["POST"]),
]
