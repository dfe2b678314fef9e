"""The key under which an answer is found again, and answers as JSON."""

import json
from dataclasses import fields
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any

from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.messages import Answer, Group, RoleRequest
from nightdesk.tasks.models.address import ModelAddress, address
from nightdesk.tasks.models.registry import version
from nightdesk.tasks.roles import prompts

Record = dict[str, Any]  # a row of the table `calls`


def answer_key(spec: ModelSpec, request: RoleRequest) -> str:
    """Return the key of an answer: role, versions of prompt and schema, the model and its version, canonical input."""
    at = address(spec)
    asked = prompts.request_version if at.provider == "embedded" else prompts.version
    return digest(asked(request.role), _identity(at), request)


@cache
def _identity(at: ModelAddress) -> tuple[Any, ...]:
    return at.provider, at.base_url, at.kind, at.penalty, at.settings, version(at)


_FIELDS = tuple(f.name for f in fields(RoleRequest))
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_FEW = 16  # requests whose JSON is kept: each is hashed more than once, and soon after the first time


def digest(*parts: Any) -> str:
    """Return a short hash of plain values and requests, the same in every process (32 hex digits)."""
    h = blake2b(digest_size=16)
    for part in parts:
        h.update(_request_json(part) if isinstance(part, RoleRequest) else _encode(part).encode())
        h.update(b"\0")
    return h.hexdigest()


def items_digest(request: RoleRequest) -> str:
    """Return digest(request.items)."""
    return blake2b(_items_json(request.items) + b"\0", digest_size=16).hexdigest()


@lru_cache(_FEW)
def _request_json(request: RoleRequest) -> bytes:
    """Return the JSON of the list of a request's fields; its items, most of it, are written once for all that asks."""
    written = (
        _items_json(request.items) if name == "items" else _encode(getattr(request, name)).encode() for name in _FIELDS
    )
    return b"[" + b",".join(written) + b"]"


@lru_cache(_FEW)
def _items_json(items: tuple[str, ...]) -> bytes:
    return _encode(items).encode()


def answer_to_json(answer: Answer) -> list[Any]:
    return [[g.label, g.numbers, [round(c, 4) for c in g.confidence]] for g in answer.groups]


def rounded(answer: Answer) -> Answer:
    """Return an answer as answer_from_json reads it when it was written."""
    groups = (Group(g.label, tuple(g.numbers), tuple([round(c, 4) for c in g.confidence])) for g in answer.groups)
    return Answer(tuple(groups))


def answer_from_json(groups: list[Any]) -> Answer:
    return Answer(tuple(Group(label, tuple(numbers), tuple(confidence)) for label, numbers, confidence in groups))
