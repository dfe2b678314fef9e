"""Anthropic's Messages, as the wire has them."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.servers.llm.errors import ANTHROPIC_KINDS, Refused, strict_problems
from tests.servers.llm.players import Player
from tests.servers.llm.sending import body_of, deliver, gone
from tests.servers.llm.standin import ABSURD, Ask, StandIn, Turn, digest, tokens_of

BAD = "invalid_request_error"
STOPS = {"end": "end_turn", "length": "max_tokens", "refusal": "refusal"}


async def message(request: Request) -> Response:
    """POST /v1/messages."""
    standin: StandIn = request.app.state.standin
    if "anthropic-version" not in request.headers:
        raise Refused(400, BAD, "anthropic-version: header is required")
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
        raise Refused(turn.status, ANTHROPIC_KINDS[turn.status], f"{ask.model}: try again later", retry_after_s=wait_s)
    return deliver(written(ask, turn), player, seen)


def asked(standin: StandIn, body: dict[str, Any]) -> tuple[Player, Ask]:
    """Check a body as the provider would and read it.

    Raises:
        Refused: it names no model of this world, asks for what the model cannot do, or is too long for it.
    """
    for name in ("model", "max_tokens", "messages"):
        if not body.get(name):
            raise Refused(400, BAD, f"{name}: Field required")
    player = standin.players.get(str(body["model"]))
    if player is None:
        raise Refused(404, "not_found_error", f"model: {body['model']}")
    for name in ("temperature", "top_p", "top_k"):
        if name in body:
            raise Refused(400, BAD, f"{name}: Extra inputs are not permitted")
    schema = _format(player, (body.get("output_config") or {}).get("format"))
    parts = [(schema, False), *_blocks(body.get("system"))]
    for m in body["messages"]:
        parts += _blocks(m.get("content"))
    if sum(ends for _, ends in parts) > 4:
        raise Refused(400, BAD, "A maximum of 4 blocks with cache_control may be provided.")
    ask = Ask(player.actor.name, parts, bool(schema), body["max_tokens"], digest(body))
    if (size := tokens_of(ask)) > player.context:
        raise Refused(400, BAD, f"prompt is too long: {size} tokens > {player.context} maximum")
    return player, ask


def _format(player: Player, wanted: Any) -> str:
    if not wanted:
        return ""
    if wanted.get("type") != "json_schema" or "schema" not in wanted:
        raise Refused(400, BAD, "output_config.format: Input should be of type 'json_schema' with a schema")
    if not player.can("json_schema"):
        raise Refused(400, BAD, f"output_config.format: {player.actor.name} does not support structured outputs")
    if problems := strict_problems(wanted["schema"]):
        raise Refused(400, BAD, f"output_config.format.{problems[0]}")
    return json.dumps(wanted)


def _blocks(content: Any) -> list[tuple[str, bool]]:
    if isinstance(content, str):
        return [(content, False)]
    return [(block.get("text", ""), bool(block.get("cache_control"))) for block in content or ()]


def written(ask: Ask, turn: Turn) -> dict[str, Any]:
    """Write a turn as a message."""
    took = turn.tokens
    usage: dict[str, Any] = {
        "input_tokens": took.input - took.read - took.written,
        "cache_read_input_tokens": took.read,
        "cache_creation_input_tokens": took.written,
        "output_tokens": took.output,
    }
    if turn.fault in ABSURD:
        usage |= dict.fromkeys(("input_tokens", "output_tokens"), ABSURD[turn.fault])
    return {
        "id": f"msg_{ask.digest}",
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": [] if turn.stop == "refusal" else [{"type": "text", "text": turn.text}],
        "stop_reason": STOPS[turn.stop],
        "stop_sequence": None,
        "usage": None if turn.fault == "no_usage" else usage,
    }


ROUTES = [Route("/v1/messages", message, methods=["POST"])]
