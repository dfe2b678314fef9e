"""What a run would take, before it is run: calls, tokens and dollars per role and arm. No model is asked.

Expected values: shares of the draws are the plan's, tokens are counted by length, what a locator and a relationship
checker are shown is guessed from the sentences. Caches and answers that are stored already make it less, repairs more.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from role_rl.board import may_judge
from role_rl.drawing import inclusion
from role_rl.learn import serving
from role_rl.record import State
from tasks import content_organizer, prompts, relationship_checker, topic_finder, topic_locator
from tasks.chunk_splitter import split_document
from tasks.documents import Document
from tasks.models.language import estimated
from tasks.pool import ModelSpec, dollars_of
from tasks.profile import Profile
from tasks.requests import ROLES, Role, RoleRequest, Usage

LEAST_CALLS = 0.05  # expected, for an arm to be shown
SENTENCES_PER_TOPIC = 12
TITLE = "a title of about as many words as titles have"
TOKENS_PER_GROUP = 12  # of a reply: label, quotes, braces
TOKENS_PER_SENTENCE = 2  # of a reply that places each sentence


@dataclass(slots=True)
class Row:
    """What one arm would do in one role."""

    calls: float = 0.0
    judge_calls: float = 0.0
    input_tokens: float = 0.0
    output_tokens: float = 0.0
    cost_usd: float = 0.0

    def add(self, calls: float, usage: Usage, dollars: float, judges: bool = False) -> None:
        """Add so many calls of this size."""
        if judges:
            self.judge_calls += calls
        else:
            self.calls += calls
        self.input_tokens += calls * usage.input_tokens
        self.output_tokens += calls * usage.output_tokens
        self.cost_usd += calls * dollars


def forecast(documents: Iterable[Document], profile: Profile, state: State | None) -> list[dict[str, Any]]:
    """Return a row per role and arm that would be called, roles in order, dearest first."""
    arms, settings = profile.arms(), profile.settings()
    rows: defaultdict[tuple[Role, str], Row] = defaultdict(Row)
    for document in documents:
        for request, usage in _requests(document, profile):
            plan = serving(state, arms, settings, request.role, request.language)
            for arm in arms:
                if arm.name not in plan.weights:
                    continue
                runs, judged = inclusion(arm.name, plan)
                takes, dollars = _of(profile.model(arm.model), usage, arm.lane)
                rows[request.role, arm.name].add(runs, takes, dollars)
                board = [
                    j.model
                    for j in arms
                    if j.name in plan.weights and may_judge(j.model, j.family, arm.model, arm.family, (j,))
                ]
                for judge in dict.fromkeys(board):
                    share = judged * min(1.0, profile.judging.judges / len(set(board)))
                    rows[request.role, judge].add(share, *_of(profile.model(judge), usage), judges=True)
    return [
        {
            "role": role,
            "model": arm,
            "calls": round(row.calls, 1),
            "judge_calls": round(row.judge_calls, 1),
            "input_tokens": round(row.input_tokens),
            "output_tokens": round(row.output_tokens),
            "cost_usd": round(row.cost_usd, 4),
        }
        for (role, arm), row in sorted(rows.items(), key=lambda r: (ROLES.index(r[0][0]), -r[1].cost_usd, r[0][1]))
        if row.calls + row.judge_calls >= LEAST_CALLS
    ]


def _of(model: ModelSpec, usage: Usage, lane: str = "sync") -> tuple[Usage, float]:
    """Return what a call of this size takes of a model: tokens and dollars; of an embedded one neither."""
    return (usage, dollars_of(usage, model.prices, lane)) if model.is_remote else (Usage(), 0.0)


def _requests(document: Document, profile: Profile) -> Iterable[tuple[RoleRequest, Usage]]:
    """Yield what would be asked about a document, and what that takes of a language model."""
    categories, meanings = list(profile.categories), list(profile.categories.values())
    chunks = split_document(document.doc_id, document.texts, profile.chunks)
    for chunk in chunks:
        texts = document.texts[chunk.start : chunk.end]
        topics = range(0, len(texts), SENTENCES_PER_TOPIC)
        anchors = [(k + 1, min(k + SENTENCES_PER_TOPIC, len(texts))) for k in topics]
        titles = [TITLE] * len(topics)
        yield _sized(topic_finder.make_request(texts, document.language), len(topics), 2 * len(topics))
        located = topic_locator.make_request(texts, document.language, titles, anchors)
        yield _sized(located, len(topics), len(texts))
        organized = content_organizer.make_request(texts, document.language, categories, meanings)
        yield _sized(organized, len(categories), len(texts))
    texts = document.texts
    parts = [texts[k : k + SENTENCES_PER_TOPIC] for k in range(0, len(texts), SENTENCES_PER_TOPIC)]
    most = relationship_checker.MOST_TOPICS
    for k in range(0, len(parts), most):
        some = parts[k : k + most]
        if len(some) > 1:
            related = relationship_checker.make_request([TITLE] * len(some), some, document.language)
            yield _sized(related, len(some) // 2, len(some))


def _sized(request: RoleRequest, groups: int, numbers: int) -> tuple[RoleRequest, Usage]:
    read = estimated(prompts.render(request), "").input_tokens
    return request, Usage(read, 0, groups * TOKENS_PER_GROUP + numbers * TOKENS_PER_SENTENCE)
