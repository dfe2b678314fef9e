"""The key under which an answer is found again, and answers as JSON."""

import hashlib
import json
from dataclasses import fields
from functools import cache
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


def digest(*parts: Any) -> str:
    """Return a short hash of plain values and requests, the same in every process (32 hex digits)."""
    h = hashlib.blake2b(digest_size=16)
    for part in parts:
        plain = [getattr(part, name) for name in _FIELDS] if isinstance(part, RoleRequest) else part
        h.update(json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode())
        h.update(b"\0")
    return h.hexdigest()


def answer_to_json(answer: Answer) -> list[Any]:
    return [[g.label, g.numbers, [round(c, 4) for c in g.confidence]] for g in answer.groups]


def answer_from_json(groups: list[Any]) -> Answer:
    return Answer(tuple(Group(label, tuple(numbers), tuple(confidence)) for label, numbers, confidence in groups))
