"""What a role asks and what a model answers: the vocabulary that roles, models, store and board share.

Every role's answer has one shape: labelled groups of the numbers that were shown. So there is one schema for
language models to fill, one format checker, and no way for an answer to carry text that was not in the document.

topic_finder            items: sentences of a chunk; labels: none. A group: a title, and sentences typical of it.
topic_locator           items: sentences of a chunk; labels: titles. A group: a topic's number, its sentences.
relationship_checker    items: topics, as texts; labels: none. A group: no label, and the topics that are one.
content_organizer       items: sentences of a chunk; labels: categories. A group: a category, and its sentences.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Role = Literal["topic_finder", "topic_locator", "relationship_checker", "content_organizer"]
ROLES: tuple[Role, ...] = get_args(Role)

Cause = Literal["", "models", "text", "budget"]
"""Why a question has no answer. "": it has one. models: all models failed, rested or were out; asking later may help.
budget: the run's dollars did not reach for it. text: the models declined, or left out a sentence; that will not change.
"""


class Sent:
    """What goes to workers or comes back: pickled as a call of its class, in a third of the time of a dataclass's own.

    Its subclasses are dataclasses with slots, whose fields are positional.
    """

    __slots__ = ()

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        names: tuple[str, ...] = self.__slots__
        return type(self), tuple([getattr(self, name) for name in names])


@dataclass(frozen=True, slots=True)
class Group(Sent):
    """Numbers (1..n, in the order shown) under one label; confidence is empty or one value in [0, 1] per number."""

    label: str
    numbers: tuple[int, ...]
    confidence: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleRequest(Sent):
    """One question to one model.

    items: what is shown, numbered 1..n. A topic is shown as its title and then its sentences, one a line.
    labels: what may be answered with; empty where the role makes its own (see the module).
    meanings: for the organizer, what each label stands for; else empty.
    anchors: for the locator, one tuple per label: the sentence numbers that the finder named for it.
    failed: for a repair, the answer that did not pass the format checker and what was wrong with it; else empty.
    """

    role: Role
    language: str
    items: tuple[str, ...]
    labels: tuple[str, ...] = ()
    anchors: tuple[tuple[int, ...], ...] = ()
    meanings: tuple[str, ...] = ()
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Usage(Sent):
    """Tokens of one call as the provider counts them; an embedded model uses none.

    input_tokens: all that was read, including cached_tokens (read from the provider's cache) and cache_write_tokens
    (written to it). estimated: the provider said nothing, so these are counted by length. raw: its own words, as JSON.
    """

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0
    estimated: bool = False
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Answer(Sent):
    """The parsed reply of one model to one request, before the format checker."""

    groups: tuple[Group, ...]
    usage: Usage = field(default_factory=Usage)
