"""What all language models have in common: the prompt, the ladder of ways to be held to JSON, and what errors mean.

A server that can do less than its protocol promises is asked for less, rung by rung, until it takes a request:

json_schema          output held to our schema by the provider itself
json_object_schema   ... by the older form of it that llama.cpp's servers know
json_object          output held to JSON
text                 nothing: the prompt asks for JSON, and it is looked for in whatever comes

The rung that worked goes back with the answer, and is sent along with later calls.
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar

from nightdesk.tasks.errors import (
    BadReply,
    ModelError,
    RateLimited,
    TerminalError,
    TooLong,
    TransientError,
    Unanswered,
    Unusable,
)
from nightdesk.tasks.messages import Answer, RoleRequest, Usage
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.api_keys import without_keys
from nightdesk.tasks.models.providers.usage_figures import checked, limit_of
from nightdesk.tasks.roles import prompts
from nightdesk.tasks.roles.prompts import Prompt
from nightdesk.tasks.roles.tokens import prompt_tokens

CONNECT_TIMEOUT_S = 10.0
LONGEST_WAIT_S = 3600.0  # that a provider can have us rest a model for
OUTPUT_KEYS = ("max_tokens", "max_completion_tokens")
LEAST_OUTPUT = 4  # a reply gets this part of what is reserved for it, where a provider finds a request too long
NOT_SENT = ("ConnectTimeout", "PoolTimeout", "WriteTimeout")  # time limits that pass before a request is sent in full
BROKE_OFF = ("ReadError", "RemoteProtocolError")  # errors after it: the reply did not come, or not in full
LONGEST_MESSAGE = 300  # characters of a provider's own words
_OF_FORM = re.compile(r"response_format|output_config|json_schema|json_object|structured|schema|grammar", re.I)
_CONTEXT = re.compile(
    r"context.{0,20}(length|window|size)|too many (input |prompt )?tokens|exceeds? the.{0,30}context"
    r"|exceeds? the maximum.{0,40}tokens|tokens.{0,60}must be <=",
    re.I,
)
_TOO_LONG = re.compile(rf"(prompt|inputs?|request|messages?)\b.{{0,60}}too (long|large)|{_CONTEXT.pattern}", re.I)
_NO_CREDIT = re.compile(r"insufficient_quota|credit balance|billing", re.I)


class FormRefused(TerminalError):
    """The server does not know this way of being held to JSON."""


class ServerError(TransientError):
    """The server failed (5xx)."""


@dataclass(frozen=True, slots=True)
class Said:
    """A model's reply as text, and what it counted."""

    text: str
    usage: Usage


class LanguageModel(ABC):
    """A model behind one protocol (the Model protocol of this package). form: the rung that worked, "" before."""

    JSON_FORMS: ClassVar[tuple[str, ...]]
    ERROR: ClassVar[type[Exception]]  # what the SDK raises

    def __init__(self, address: ModelAddress) -> None:
        self.address, self.form = address, address.form

    async def answer(self, request: RoleRequest) -> Answer:
        """Answer one request (the Model protocol)."""
        prompt = prompts.render(request)
        return self._answer(prompt, await self._said(prompt))

    def answer_in(self, reply: Mapping[str, Any], prompt: Prompt) -> Answer:
        """Return the answer in a reply of the wire, however it came.

        Raises:
            BadReply: there is none.
        """
        return self._answer(prompt, self._read(reply, prompt))

    def most_output(self, prompt: Prompt) -> int:
        """Return how many tokens the reply to a prompt may have: what the context leaves, within the profile's limit.

        Servers refuse what could come to more than their context, however short the reply would have been.
        """
        at = self.address
        left = at.context_tokens - prompt_tokens(prompt) if at.context_tokens else at.max_output_tokens
        return max(at.reserved_output, min(at.max_output_tokens, left))

    def _answer(self, prompt: Prompt, said: Said) -> Answer:
        try:
            return replace(prompts.parse(said.text, prompt.shown), usage=said.usage)
        except BadReply as e:
            raise BadReply(str(e), e.text, said.usage) from None

    def _read(self, reply: Mapping[str, Any], prompt: Prompt) -> Said:
        """Return what a reply says, with figures of usage that can be right."""
        at = self.address
        most = limit_of(at.settings, at.max_output_tokens, OUTPUT_KEYS)
        try:
            said = self.read(reply)
        except BadReply as e:
            raise type(e)(str(e), e.text, checked(e.usage, prompt, e.text, most)) from None
        return Said(said.text, checked(said.usage, prompt, said.text, most))

    async def _said(self, prompt: Prompt) -> Said:
        """Ask on the rung that is known to work, or climb down to one that does."""
        if self.form:
            return await self._on(self.form, prompt)
        failed = 0  # rungs on which the server failed, rather than said no
        for form in self.JSON_FORMS[:-1]:
            for again in (False, True):  # an error may be chance: the next rung is for a server that fails twice
                try:
                    return await self._on(form, prompt)
                except FormRefused:
                    break
                except ServerError:
                    failed += again
                    if not self.address.base_url or failed > 1:  # it is not about the form
                        raise
        return await self._on(self.JSON_FORMS[-1], prompt)

    async def _on(self, form: str, prompt: Prompt) -> Said:
        try:
            said = self._read(await self._sent(self.body(prompt, form)), prompt)
        except BadReply:
            self.form = form
            raise
        self.form = form
        return said

    async def _sent(self, body: dict[str, Any]) -> Mapping[str, Any]:
        """Send a request; one that is too long as it is, again with less room for its reply.

        A server's context may be smaller than was assumed; then what it refuses is the length of the reply.
        """
        try:
            return await self.send(body)
        except TooLong:
            least = self.address.reserved_output // LEAST_OUTPUT
            shorter = {k: least if k in OUTPUT_KEYS and v > least > 0 else v for k, v in body.items()}
            if shorter == body:
                raise
            return await self.send(shorter)

    @abstractmethod
    def body(self, prompt: Prompt, form: str) -> dict[str, Any]:
        """Return the request as the wire has it; lane batch writes the same."""

    @abstractmethod
    def read(self, reply: Mapping[str, Any]) -> Said:
        """Return what a reply of the wire says; lane batch reads the same.

        Raises:
            BadReply: it says nothing that could be an answer.
        """

    @abstractmethod
    async def send(self, body: dict[str, Any]) -> Mapping[str, Any]:
        """Send one request over lane sync.

        Raises:
            ModelError: there was no reply.
        """

    @abstractmethod
    async def look_up(self) -> None:
        """Ask the provider whether the model is there, at no cost.

        Raises:
            ModelError: it is not, the key is refused, or nobody answers.
        """

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Raise what an error of the SDK means in its place."""
        try:
            yield
        except self.ERROR as e:
            raise self.error_of(e) from None

    def error_of(self, error: Exception) -> ModelError:
        """Return what an error of an SDK means (both SDKs' errors have the same fields)."""
        status, response = getattr(error, "status_code", None), getattr(error, "response", None)
        if status is None:
            cause = error.__cause__ or error
            where, kind = self.address.base_url or self.address.provider, type(cause).__name__
            if "Timeout" in type(error).__name__ and kind not in NOT_SENT:
                return Unanswered(f"no reply within {self.address.timeout_s:g} s")
            told = self._told(f"{where} cannot be reached: {kind}: {cause}")
            return Unanswered(told) if kind in BROKE_OFF else TransientError(told)
        body = getattr(error, "body", None)
        said = body.get("error", body) if isinstance(body, Mapping) else {}
        said = said if isinstance(said, Mapping) else {"message": said}
        code, message = said.get("code") or said.get("type") or "", said.get("message") or getattr(error, "message", "")
        return self.status_error(int(status), str(message), str(code), response.headers if response else {})

    def status_error(self, status: int, message: str, code: str, headers: Mapping[str, str]) -> ModelError:
        """Return what a reply means that is no answer."""
        told, wait = self._told(f"{status}: {message}"), retry_after(headers)
        if status in (402, 403, 429) and _NO_CREDIT.search(f"{code} {message}"):
            return Unusable(f"{told}; the account has no credit left")
        match status:
            case 401 | 403:
                return Unusable(f"{told}; check {self.address.key_env or 'api_key_env'}")
            case 404:
                return Unusable(f"{told}; check model and base_url in the profile")
            case 429:
                return RateLimited(told, wait)
            # Servers that fail over a long question say so; a gateway that "took too long" says something else.
            case _ if (status >= 500 or status in (408, 409, 425)) and not _CONTEXT.search(message):
                return RateLimited(told, wait) if wait else ServerError(told)
        return self._refusal(status, message, code, told)

    def _refusal(self, status: int, message: str, code: str, told: str) -> TerminalError:
        """Return what it means that a request was turned down for what it is."""
        if status == 413 or _TOO_LONG.search(f"{code} {message}"):
            return TooLong(f"{told}; say in the profile what its context_tokens are")
        return FormRefused(told) if _OF_FORM.search(f"{code} {message}") else TerminalError(told)

    def _told(self, text: str) -> str:
        line = " ".join(without_keys(text, self.address.key_env).split()).rstrip(".")
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
    except (TypeError, ValueError):
        return 0.0
    return min(max(0.0, seconds), LONGEST_WAIT_S)


def as_json(text: str) -> Mapping[str, Any]:
    """Read the body of a reply.

    Raises:
        TransientError: it is no JSON object, as when a proxy on the way answers with a page of its own.
    """
    try:
        reply = json.loads(text)
    except ValueError:
        reply = None
    if not isinstance(reply, Mapping):
        raise TransientError("the server's reply is no JSON object")
    return reply
