"""OpenAI's Files and Batches, as the wire has them."""

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.llm.batches import Batch, Item, Outcome
from tests.servers.llm.errors import Refused
from tests.servers.llm.openai_routes import BAD, completion
from tests.servers.llm.sending import body_of
from tests.servers.llm.standin import StandIn

ENDPOINT = "/v1/chat/completions"


@dataclass(slots=True)
class File:
    """An uploaded file, or one that a batch left."""

    content: bytes
    purpose: str
    filename: str = "batch.jsonl"
    id: str = field(default_factory=lambda: f"file-{uuid.uuid4().hex[:24]}")
    created_at: float = field(default_factory=time.time)

    def json(self) -> dict[str, Any]:
        """Write it as the API does, without its content."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "created_at": int(self.created_at),
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
        }


async def upload(request: Request) -> Response:
    """POST /v1/files."""
    form = await request.form()
    part = form.get("file")
    if not isinstance(part, UploadFile) or form.get("purpose") != "batch":
        raise Refused(400, BAD, "a 'file' and the purpose 'batch' are required")
    file = File(await part.read(), "batch", part.filename or "batch.jsonl")
    _files(request)[file.id] = file
    return JSONResponse(file.json())


async def file(request: Request) -> Response:
    """GET or DELETE /v1/files/{id}."""
    found = _file(request, request.path_params["id"])
    if request.method == "DELETE":
        del _files(request)[found.id]
        return JSONResponse({"id": found.id, "object": "file", "deleted": True})
    return JSONResponse(found.json())


async def content(request: Request) -> Response:
    """GET /v1/files/{id}/content."""
    return Response(_file(request, request.path_params["id"]).content, media_type="application/octet-stream")


async def create(request: Request) -> Response:
    """POST /v1/batches."""
    standin: StandIn = request.app.state.standin
    body = await body_of(request)
    if body.get("endpoint") != ENDPOINT or body.get("completion_window") != "24h":
        raise Refused(400, BAD, f"a batch needs the endpoint {ENDPOINT} and the completion window 24h")
    source = _file(request, str(body.get("input_file_id")))
    items, problem = _items(standin, source.content)
    batch = Batch(items, input_file=source.id, metadata=body.get("metadata"), problem=problem)
    if problem:
        batch.ended_at = time.time()
        request.app.state.openai_batches.all[batch.id] = batch
    else:
        request.app.state.openai_batches.take(batch)
    return JSONResponse(_json(request, batch))


def _items(standin: StandIn, content: bytes) -> tuple[list[Item], str]:
    """Read a batch's file: its items, or what is wrong with it."""
    lines = [line for line in content.split(b"\n") if line.strip()]
    if len(content) > standin.batch.most_bytes:
        return [], f"the file has {len(content)} bytes; at most {standin.batch.most_bytes} are taken"
    if len(lines) > standin.batch.most_requests:
        return [], f"the file has {len(lines)} requests; at most {standin.batch.most_requests} are taken"
    try:
        read = [json.loads(line) for line in lines]
        items = [Item(r["custom_id"], r["body"]) for r in read]
        models = {item.body["model"] for item in items}
    except (ValueError, KeyError, TypeError) as e:
        return [], f"not one JSON object with custom_id, method, url and body a line: {e}"
    if not items or any(r.get("method") != "POST" or r.get("url") != ENDPOINT for r in read):
        return [], f"every line must POST to {ENDPOINT}"
    if len({item.custom_id for item in items}) < len(items):
        return [], "a custom_id stands twice"
    return items, "" if len(models) == 1 else "a batch is for one model"


async def listed(request: Request) -> Response:
    """GET /v1/batches."""
    query = request.query_params
    page, more = request.app.state.openai_batches.page(query.get("after"), int(query.get("limit", 20)))
    return JSONResponse({"object": "list", "data": [_json(request, b) for b in page], "has_more": more})


async def batch(request: Request) -> Response:
    """GET /v1/batches/{id}, POST /v1/batches/{id}/cancel."""
    found = request.app.state.openai_batches.get(request.path_params["id"])
    if request.url.path.endswith("/cancel") and found.ended_at is None:
        found.cancelled_at = time.time()
    return JSONResponse(_json(request, found))


def _json(request: Request, batch: Batch) -> dict[str, Any]:
    reply = {
        "id": batch.id,
        "object": "batch",
        "endpoint": ENDPOINT,
        "completion_window": "24h",
        "input_file_id": batch.input_file,
        "created_at": int(batch.created_at),
        "expires_at": int(batch.created_at) + 24 * 3600,
        "status": _status(batch),
        "metadata": batch.metadata,
        "request_counts": {
            "total": len(batch.items),
            "completed": batch.count("succeeded"),
            "failed": len(batch.outcomes) - batch.count("succeeded"),
        },
    }
    if batch.problem:
        reply["errors"] = {"object": "list", "data": [{"code": "invalid_file", "message": batch.problem}]}
    elif batch.ended_at is not None:
        for name, wanted in (("output_file_id", True), ("error_file_id", False)):
            lines = [_line(batch, o) for o in batch.outcomes if (o.kind == "succeeded") is wanted]
            if lines:
                file_id = f"file-{name}-{batch.id}"
                text = "".join(json.dumps(line) + "\n" for line in lines)
                _files(request).setdefault(file_id, File(text.encode(), "batch_output", id=file_id))
                reply[name] = file_id
    return reply


def _status(batch: Batch) -> str:
    if batch.problem:
        return "failed"
    if batch.ended_at is None:
        return "in_progress" if batch.cancelled_at is None else "cancelling"
    if batch.cancelled_at is not None:
        return "cancelled"
    return "expired" if batch.count("expired") else "completed"


def _line(batch: Batch, outcome: Outcome) -> dict[str, Any]:
    line: dict[str, Any] = {"id": f"{batch.id}_{outcome.custom_id}", "custom_id": outcome.custom_id}
    if outcome.ask is not None and outcome.turn is not None:
        body, status = completion(outcome.ask, outcome.turn), 200
    elif outcome.error is not None:
        body, status = outcome.error.openai(), outcome.error.status
    else:
        code = "batch_expired" if outcome.kind == "expired" else "batch_cancelled"
        return line | {"response": None, "error": {"code": code, "message": "This request was not executed in time."}}
    return line | {"response": {"status_code": status, "request_id": line["id"], "body": body}, "error": None}


def _files(request: Request) -> dict[str, File]:
    files: dict[str, File] = request.app.state.files
    return files


def _file(request: Request, file_id: str) -> File:
    if file_id not in _files(request):
        raise Refused(404, BAD, f"No such File object: {file_id}")
    return _files(request)[file_id]


ROUTES = [
    Route("/v1/files", upload, methods=["POST"]),
    Route("/v1/files/{id}", file, methods=["GET", "DELETE"]),
    Route("/v1/files/{id}/content", content),
    Route("/v1/batches", create, methods=["POST"]),
    Route("/v1/batches", listed),
    Route("/v1/batches/{id}", batch),
    Route("/v1/batches/{id}/cancel", batch, methods=["POST"]),
]
