"""OpenAI's Chat Completions and Models, as the wire has them."""

import json
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.llm.errors import OPENAI_KINDS, Refused, strict_problems
from tests.servers.llm.players import Player
from tests.servers.llm.sending import body_of, deliver, gone
from tests.servers.llm.standin import ABSURD, Ask, StandIn, Turn, digest, tokens_of

BAD = "invalid_request_error"


async def complete(request: Request) -> Response:
    """POST /v1/chat/completions."""
    standin: StandIn = request.app.state.standin
    body = await body_of(request)
    if body.get("stream"):
        raise Refused(400, BAD, "this stand-in does not stream")
    player, ask = asked(standin, body)
    seen = standin.came(ask, "sync")
    turn = await standin.turn(player, ask, seen)
    if await gone(request, seen):
        return Response(status_code=499)
    if turn.status != 200:
        seen.status = turn.status
        wait_s = player.retry_after_s if turn.fault == "rate_limited" else None
        raise Refused(turn.status, OPENAI_KINDS[turn.status], f"{ask.model}: try again later", retry_after_s=wait_s)
    return deliver(completion(ask, turn), player, seen)


def asked(standin: StandIn, body: dict[str, Any]) -> tuple[Player, Ask]:
    """Check a body as the provider would and read it.

    Raises:
        Refused: it names no model of this world, asks for what the model cannot do, or is too long for it.
    """
    name, messages = body.get("model"), body.get("messages")
    player = standin.players.get(str(name))
    if player is None:
        raise Refused(
            404, BAD, f"The model `{name}` does not exist or you do not have access to it.", "model_not_found"
        )
    if not isinstance(messages, list) or not messages:
        raise Refused(400, BAD, "'messages' must be a list with at least one message")
    schema = _format(player, body.get("response_format"))
    most = body.get("max_completion_tokens") or body.get("max_tokens") or 0
    ask = Ask(
        player.actor.name, [(schema, False), *((_text(m), False) for m in messages)], bool(schema), most, digest(body)
    )
    if (size := tokens_of(ask)) + most > player.context:
        raise Refused(
            400,
            BAD,
            f"This model's maximum context length is {player.context} tokens. However, your messages resulted in "
            f"{size} tokens and {most} are asked for the completion.",
            "context_length_exceeded",
        )
    return player, ask


def _format(player: Player, wanted: Any) -> str:
    """Return the format that a reply is held to, as text that the model reads first; empty if none."""
    if not wanted or wanted.get("type") == "text":
        return ""
    kind = "json_object_schema" if wanted.get("type") == "json_object" and "schema" in wanted else wanted.get("type")
    if not player.can(kind):
        # What llama-cpp-python's server says to a format that it does not know, where others say 400.
        status = 500 if player.abilities == "json_object_schema" else 400
        raise Refused(status, "server_error" if status == 500 else BAD, f"response_format {kind} is not supported")
    if kind == "json_schema":
        described = wanted.get("json_schema") or {}
        if not described.get("name") or "schema" not in described:
            raise Refused(400, BAD, "Missing required parameter: 'response_format.json_schema'")
        if described.get("strict") and (problems := strict_problems(described["schema"])):
            raise Refused(400, BAD, f"Invalid schema for response_format '{described['name']}': {problems[0]}")
    return json.dumps(wanted)


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def completion(ask: Ask, turn: Turn) -> dict[str, Any]:
    """Write a turn as a chat completion."""
    refused = turn.stop == "refusal"
    message = {
        "role": "assistant",
        "content": None if refused else turn.text,
        "refusal": turn.text if refused else None,
    }
    reply: dict[str, Any] = {
        "id": f"chatcmpl-{ask.digest}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": ask.model,
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": None,
                "finish_reason": "length" if turn.stop == "length" else "stop",
            }
        ],
    }
    if turn.fault != "no_usage":
        took = turn.tokens
        reply["usage"] = {
            "prompt_tokens": took.input,
            "completion_tokens": took.output,
            "total_tokens": took.input + took.output,
            "prompt_tokens_details": {"cached_tokens": took.read, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        }
    if turn.fault in ABSURD:
        reply["usage"] |= dict.fromkeys(("prompt_tokens", "completion_tokens"), ABSURD[turn.fault])
    return reply


async def models(request: Request) -> Response:
    """GET /v1/models, for either SDK."""
    names = list(request.app.state.standin.players)
    return JSONResponse({"object": "list", "data": [_model(n) for n in names], "has_more": False})


async def model(request: Request) -> Response:
    """GET /v1/models/{name}."""
    name = request.path_params["name"]
    if name not in request.app.state.standin.players:
        raise Refused(404, BAD, f"The model '{name}' does not exist", "model_not_found")
    return JSONResponse(_model(name))


def _model(name: str) -> dict[str, Any]:
    theirs = {"type": "model", "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
    return {"id": name, "object": "model", "created": 0, "owned_by": "nightdesk"} | theirs


ROUTES = [
    Route("/v1/chat/completions", complete, methods=["POST"]),
    Route("/v1/models", models),
    Route("/v1/models/{name:path}", model),
]
