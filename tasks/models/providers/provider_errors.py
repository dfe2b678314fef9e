"""What an error of a provider means: try again, wait, ask for less, or leave the model out. Both protocols' errors.

Servers that speak a provider's protocol word their errors in their own ways: as an object under `error`, as plain text
there, under `detail` or `message`, and some send them with status 200.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from nightdesk.tasks.errors import (
    ModelError,
    RateLimited,
    Refused,
    TerminalError,
    TooLong,
    TransientError,
    Unanswered,
    Unusable,
)
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.api_keys import without_keys

LONGEST_WAIT_S = 3600.0  # that a provider can have us rest a model for
LONGEST_MESSAGE = 300  # characters of a provider's own words
NOT_SENT = ("ConnectTimeout", "PoolTimeout", "WriteTimeout")  # time limits that pass before a request is sent in full
BROKE_OFF = ("ReadError", "RemoteProtocolError", "Overlong")  # errors after it: no reply, or not one to be read in full
# The status of an error that comes without one, by its type (Anthropic's names) or code.
STATUS = {
    "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403,
    "not_found_error": 404, "request_too_large": 413, "rate_limit_error": 429, "rate_limit_exceeded": 429,
    "insufficient_quota": 429, "api_error": 500, "server_error": 500, "timeout_error": 504, "overloaded_error": 529,
}  # fmt: skip
_OF_FORM = re.compile(
    r"response_format|output_config|json_schema|json_object|structured|schema|grammar"
    r"|no endpoints.{0,60}(parameters|support)",
    re.I,
)
_CONTEXT = re.compile(
    r"context.{0,20}(length|window|size)|too many (input |prompt )?tokens|exceeds? the.{0,30}context"
    r"|exceeds? the maximum.{0,40}tokens|tokens.{0,60}must be <=",
    re.I,
)
_TOO_LONG = re.compile(rf"(prompt|inputs?|request|messages?)\b.{{0,60}}too (long|large)|{_CONTEXT.pattern}", re.I)
_NO_CREDIT = re.compile(r"insufficient_quota|credit balance|billing|insufficient (credits|funds|balance)", re.I)
_MODERATED = re.compile(r"content_filter|content management policy|moderation|input was flagged|content policy", re.I)
_NEWER_KEY = re.compile(r"max_tokens.{0,120}max_completion_tokens", re.I | re.S)


class FormRefused(TerminalError):
    """The server does not know this way of being held to JSON."""


class OutputKeyRefused(TerminalError):
    """The server wants the length of the reply as max_completion_tokens."""


class ServerError(TransientError):
    """The server failed (5xx)."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a server says that is no answer. code: its own word for it, "" if it has none."""

    message: str
    code: str = ""

    def has(self, pattern: re.Pattern[str]) -> bool:
        """Tell whether it speaks of something."""
        return pattern.search(f"{self.code} {self.message}") is not None


def complaint_in(body: Any) -> Complaint | None:
    """Return the error in a body, wherever the server puts it; None if there is none."""
    if not isinstance(body, Mapping):
        return Complaint(body[:1_000]) if isinstance(body, str) and body.strip() else None
    for key in ("error", "detail", "message", "msg"):
        said = body.get(key)
        if isinstance(said, list) and said:
            said = said[0]
        if isinstance(said, Mapping):
            inner = complaint_in(said) or Complaint("")
            code = said.get("code") or said.get("type") or inner.code
            return Complaint(f"{inner.message}{_place(said)}", str(code or ""))
        if isinstance(said, str) and said:
            code = body.get("code") or body.get("type") or ""
            return Complaint(said, str(code))
    return None


def _place(said: Mapping[str, Any]) -> str:
    """Return the field that a server complains of, as validators name it: loc, a list of names."""
    loc = said.get("loc")
    return f" ({'.'.join(map(str, loc))})" if isinstance(loc, list) else ""


def error_in_reply(at: ModelAddress, reply: Mapping[str, Any]) -> ModelError | None:
    """Return the error that a reply with status 200 holds in place of an answer."""
    holder: Any = reply
    choices = reply.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], Mapping) and choices[0].get("error"):
        holder = choices[0]
    elif not reply.get("error") or choices or (reply.get("content") and reply.get("type") != "error"):
        return None
    said = complaint_in({"error": holder["error"]}) or Complaint("an error without words")
    status = int(said.code) if said.code.isdigit() and len(said.code) == 3 else STATUS.get(said.code, 502)
    return status_error(at, status, said, {})


def sdk_error(at: ModelAddress, error: Exception) -> ModelError:
    """Return what an error of an SDK means (both SDKs' errors have the same fields)."""
    status, response = getattr(error, "status_code", None), getattr(error, "response", None)
    if status is None:
        cause = error.__cause__ or error
        where, kind = at.base_url or at.provider, type(cause).__name__
        if "Timeout" in type(error).__name__ and kind not in NOT_SENT:
            return Unanswered(f"no reply within {at.timeout_s:g} s")
        if kind == "Elsewhere":
            return Unusable(told_of(at, f"{where}: {cause}"))
        what = "is no use" if kind == "Overlong" else "cannot be reached"
        told = told_of(at, f"{where} {what}: {kind}: {cause}")
        return Unanswered(told) if kind in BROKE_OFF else TransientError(told)
    body = getattr(error, "body", None)
    # OpenAI's SDK hands on what stands under `error`, where it stands there.
    inside = {"error": body} if isinstance(body, Mapping) and not {"error", "detail"} & set(body) else body
    said = complaint_in(inside) or Complaint(str(getattr(error, "message", "")))
    return status_error(at, int(status), said, response.headers if response else {})


def status_error(at: ModelAddress, status: int, said: Complaint, headers: Mapping[str, str]) -> ModelError:
    """Return what a reply means that is no answer."""
    told, wait = told_of(at, f"{status}: {said.message}"), retry_after(headers)
    if (by_words := _by_words(status, said, told)) is not None:
        return by_words
    match status:
        case 401 | 403:
            return Unusable(f"{told}; check {at.key_env or 'api_key_env'}")
        case 404 | 451:
            return Unusable(f"{told}; check model and base_url in the profile")
        case 429:
            return RateLimited(told, wait)
        # Servers that fail over a long question say so; a gateway that "took too long" says something else.
        case _ if (status >= 500 or status in (408, 409, 425)) and not _CONTEXT.search(said.message):
            return RateLimited(told, wait) if wait else ServerError(told)
    return _refusal(status, said, told)


def _by_words(status: int, said: Complaint, told: str) -> ModelError | None:
    """Return what an error means whose words say more than its status; None if they do not."""
    if status == 402 or (status in (400, 403, 429) and said.has(_NO_CREDIT)):
        return Unusable(f"{told}; the account has no credit left")
    if status in (400, 403) and said.has(_MODERATED):
        return Refused(f"the provider declined: {told}")
    return FormRefused(told) if status == 404 and said.has(_OF_FORM) else None


def _refusal(status: int, said: Complaint, told: str) -> TerminalError:
    """Return what it means that a request was turned down for what it is."""
    if said.has(_NEWER_KEY):
        return OutputKeyRefused(told)
    if status == 413 or said.has(_TOO_LONG):
        return TooLong(f"{told}; say in the profile what its context_tokens are")
    return FormRefused(told) if said.has(_OF_FORM) else TerminalError(told)


def told_of(at: ModelAddress, text: str) -> str:
    """Return what a server said as one line without keys."""
    line = " ".join(without_keys(text, at.key_env).split()).rstrip(".")
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 3] + "..."


def retry_after(headers: Mapping[str, str]) -> float:
    """Return for how many seconds a provider asks to wait, 0 if it does not: Retry-After in seconds or as a date."""
    milliseconds, after = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        if milliseconds:
            seconds = float(milliseconds) / 1000
        elif after and after.strip()[0].isdigit():
            seconds = float(after)
        elif after:
            seconds = (parsedate_to_datetime(after) - datetime.now(UTC)).total_seconds()
        else:
            return 0.0
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(max(0.0, seconds), LONGEST_WAIT_S)
