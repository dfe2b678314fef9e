"""Comparing the topics of a document: into which questions they go, so that each fits the models that may be asked.

A question is first made smaller by showing fewer sentences of each topic (30 down to 20), then by sharing the topics
out over several, those that are alike together. Fewer than 20 are shown, down to 3, only where a question would hold
fewer than four topics otherwise: on four documents of shuffled articles, with 12,288 tokens a question, several
questions of 20 sentences a topic joined as well as one without a limit (story_f1 0.94, 0.98, 0.90, 0.92 against 0.95,
0.98, 0.88, 0.91), few questions of 3 sentences a topic did not (0.88, 0.98, 0.91, 0.85).
What does not fit any model even two at a time is left out and named.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from math import inf
from typing import cast

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.calling.question_size import Budgets
from nightdesk.tasks.messages import RoleRequest
from nightdesk.tasks.roles.relationship_checker import (
    LEAST_SENTENCES,
    MOST_SENTENCES,
    MOST_TOPICS,
    Shown,
    candidate_calls,
    make_request,
)
from nightdesk.tasks.roles.tokens import item_tokens, question_tokens

SHOWN = (MOST_SENTENCES, 20, 14, 10, 7, 5, 4, LEAST_SENTENCES)  # sentences of a topic, most first
ENOUGH = SHOWN[1:]  # how many of them are shown where the topics go into several questions, if that fits
FEWEST_TOPICS = 4  # that a question holds, for so many sentences to be shown
MOST_LEFT = 0.75  # of the topics of a round, for another to follow: where few were joined, few are left to join
MOST_HALVINGS = 4  # how often a question is made smaller because a provider says that it is too long

Embed = Callable[[Sequence[Sequence[str]]], Awaitable[NDArray[np.float32]]]


@dataclass(frozen=True, slots=True)
class Topics:
    """What a document's topics are shown by."""

    titles: Sequence[str]
    texts: Sequence[Sequence[str]]
    language: str

    def request(self, numbers: Sequence[int], most: int) -> RoleRequest:
        """Ask about some of the topics, by up to `most` sentences of each."""
        return make_request([self.titles[k] for k in numbers], [self.texts[k] for k in numbers], self.language, most)

    def embedded(self, numbers: Sequence[int]) -> list[list[str]]:
        """Return what stands for some of the topics where they are embedded: title and first sentences."""
        return [[self.titles[k], *self.texts[k][:MOST_SENTENCES]] for k in numbers]


@dataclass(frozen=True, slots=True)
class Question:
    """One question about some topics, by their numbers. refused: how often a provider found it too long so far."""

    numbers: tuple[int, ...]
    request: RoleRequest
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions about a document's topics; left: topics that no model can be asked about, even two at a time."""

    asked: list[Question]
    left: list[int]


async def questions(topics: Topics, budgets: Budgets, embed: Embed, shown: Sequence[Shown] = ()) -> Questions:
    """Make the questions about all topics of a document, within the smallest budget of the models that may serve.

    shown: of each topic, the questions of earlier rounds that it was in.
    """
    everything = list(range(len(topics.titles)))
    if budgets.smallest() == budgets.largest == inf:
        return await _within(topics, everything, inf, embed, shown)
    sizes = _sizes(topics, everything)
    ordered, overhead = sorted(everything, key=lambda k: (-sizes[k], k)), _overhead(topics)
    # The models that are asked must hold any two topics. Where none does, the longest topics are what is too long.
    for first in count():
        pair = sum(sizes[k] for k in ordered[first : first + 2]) + overhead
        if (room := budgets.smallest(pair)) is not None or first >= len(ordered):
            break
    if first and len(ordered) - first < 2:
        return Questions([], everything)
    made = await _within(topics, sorted(ordered[first:]), room or 0.0, embed, shown)
    return Questions(made.asked, sorted([*made.left, *ordered[:first]]))


def without_vectors(topics: Topics, budgets: Budgets) -> Questions:
    """Make the questions about all topics as if all were equally alike: as many and as large, for a forecast."""

    async def alike(texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        return np.ones((len(texts), 1), np.float32)

    try:
        questions(topics, budgets, alike).send(None)  # it waits for nothing, so that it needs no event loop
    except StopIteration as made:
        return cast(Questions, made.value)
    raise RuntimeError("questions() waited for something")


def foretold(topics: Topics, budgets: Budgets) -> Iterator[Questions]:
    """Yield the questions of every round as if each joined the topics in pairs, for a forecast."""
    made = without_vectors(topics, budgets)
    yield made
    while len(made.asked) > 1:
        pairs = range(0, len(topics.titles), 2)
        texts = [[*topics.texts[k], *(topics.texts[k + 1] if k + 1 < len(topics.texts) else ())] for k in pairs]
        topics = Topics(topics.titles[::2], texts, topics.language)
        made = without_vectors(topics, budgets)
        yield made


async def _within(
    topics: Topics, numbers: Sequence[int], room: float, embed: Embed, shown: Sequence[Shown] = ()
) -> Questions:
    """Make the questions about some topics of which any two fit."""
    if len(numbers) < 2:
        return Questions([], [])
    overhead = _overhead(topics)
    for enough in ENOUGH:
        sizes = _sizes(topics, numbers, enough)
        if sum(sorted(sizes)[-FEWEST_TOPICS:]) + overhead <= room:
            break
    if len(numbers) <= MOST_TOPICS and sum(sizes) + overhead <= room:
        calls = [list(range(len(numbers)))]
    else:
        before = [shown[k] for k in numbers] if shown else ()
        calls = candidate_calls(await embed(topics.embedded(numbers)), sizes, room - overhead, before)
    asked, left = [], []
    for call in calls:
        some = [numbers[k] for k in call]
        request = _largest(topics, some, room) if len(some) > 1 else None
        if request is None:
            left += some
        else:
            asked.append(Question(tuple(some), request))
    return Questions(asked, left)


async def smaller(question: Question, topics: Topics, embed: Embed) -> Questions:
    """Make questions of half the size about the topics of one that a provider found too long."""
    room = question_tokens(question.request) / 2
    sizes = _sizes(topics, question.numbers)
    longest = sum(sorted(sizes)[-2:]) + _overhead(topics)
    if question.refused >= MOST_HALVINGS or longest > room:
        return Questions([], list(question.numbers))
    made = await _within(topics, question.numbers, room, embed)
    return Questions([replace(q, refused=question.refused + 1) for q in made.asked], made.left)


def _largest(topics: Topics, numbers: Sequence[int], room: float) -> RoleRequest | None:
    """Return the question that shows most of the topics and fits; None if none does."""
    for most in SHOWN:
        request = topics.request(numbers, most)
        if room == inf or question_tokens(request) <= room:
            return request
    return None


def _sizes(topics: Topics, numbers: Sequence[int], shown: int = LEAST_SENTENCES) -> list[int]:
    """Return what each topic adds to a question by so many of its sentences, in tokens."""
    return [item_tokens(item) for item in topics.request(numbers, shown).items]


def _overhead(topics: Topics) -> int:
    return question_tokens(topics.request((), LEAST_SENTENCES)) + 1
