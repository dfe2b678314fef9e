"""What all language models have in common: the prompt, the ladder of ways to be held to JSON, and what errors mean.

A server that can do less than its protocol promises is asked for less, rung by rung, until it takes a request:

json_schema          output held to our schema by the provider itself
json_object_schema   ... by the older form of it that llama.cpp's servers know
json_object          output held to JSON
text                 nothing: the prompt asks for JSON, and it is looked for in whatever comes

The rung that worked goes back with the answer, and is sent along with later calls.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from nightdesk.tasks.errors import BadReply, ModelError, TooLong, TransientError
from nightdesk.tasks.messages import Answer, RoleRequest, Usage
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.providers.provider_errors import (
    Complaint,
    FormRefused,
    OutputKeyRefused,
    ServerError,
    error_in_reply,
    sdk_error,
    status_error,
)
from nightdesk.tasks.models.providers.usage_figures import checked, limit_of
from nightdesk.tasks.roles import prompts, replies
from nightdesk.tasks.roles.prompts import Prompt
from nightdesk.tasks.roles.tokens import prompt_tokens

OUTPUT_KEYS = ("max_tokens", "max_completion_tokens")
LEAST_OUTPUT = 4  # a reply gets this part of what is reserved for it, where a provider finds a request too long


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
        self._renames_output = False

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
            return replace(replies.parse(said.text, prompt.shown), usage=said.usage)
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
        reply = await self._sent(self.body(prompt, form))
        if (error := error_in_reply(self.address, reply)) is not None:
            raise error
        try:
            said = self._read(reply, prompt)
        except BadReply:
            self.form = form
            raise
        self.form = form
        return said

    async def _sent(self, body: dict[str, Any]) -> Mapping[str, Any]:
        """Send a request; one that is too long as it is, again with less room for its reply.

        A server's context may be smaller than was assumed; then what it refuses is the length of the reply. Newer
        models of some servers take that length by another name, which is kept for later calls.
        """
        try:
            return await self.send(self._renamed(body))
        except OutputKeyRefused:
            self._renames_output = True
            return await self.send(self._renamed(body))
        except TooLong:
            least = self.address.reserved_output // LEAST_OUTPUT
            shorter = {k: least if k in OUTPUT_KEYS and v > least > 0 else v for k, v in body.items()}
            if shorter == body:
                raise
            return await self.send(self._renamed(shorter))

    def _renamed(self, body: dict[str, Any]) -> dict[str, Any]:
        if not self._renames_output:
            return body
        old, new = OUTPUT_KEYS
        return {new if k == old else k: v for k, v in body.items()}

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
        """Return what an error of the SDK means."""
        return sdk_error(self.address, error)

    def status_error(self, status: int, message: str, code: str = "") -> ModelError:
        """Return what an error means that a batch gives as the result of an item."""
        return status_error(self.address, status, Complaint(message, code), {})


def without_query(url: str) -> str:
    """Return a base_url without its query."""
    return url.partition("?")[0]


def query_of(url: str) -> dict[str, str]:
    """Return what a base_url has every request say (?api-version=...)."""
    return dict(parse_qsl(url.partition("?")[2]))


def as_json(text: str) -> Mapping[str, Any]:
    """Read the body of a reply.

    Raises:
        TransientError: it is no JSON object, as when a proxy on the way answers with a page of its own.
    """
    try:
        reply = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        reply = None
    if not isinstance(reply, Mapping):
        raise TransientError("the server's reply is no JSON object")
    return reply
