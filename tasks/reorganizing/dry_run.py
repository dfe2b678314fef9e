"""What a run would take, before it is run: calls, tokens and dollars per role and arm, and how large its questions are.
No model is asked.

Expected values: shares of the draws are the plan's, tokens are counted by length, what a locator and a relationship
checker are shown is guessed from the sentences. Caches and answers that are stored already make it less, repairs more.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from math import inf
from typing import Any

from nightdesk.role_rl.judges import may_judge
from nightdesk.role_rl.learner import serving
from nightdesk.role_rl.sampling import Plan, inclusion
from nightdesk.role_rl.state import LearnerState
from nightdesk.tasks.calling.question_size import Budgets, budget, is_seldom, most_of
from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.config.pricing import dollars_of
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.messages import ROLES, Role, RoleRequest, Usage
from nightdesk.tasks.models.providers.usage_figures import estimated
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reorganizing.halved_questions import halves
from nightdesk.tasks.reorganizing.relating.topic_questions import Topics, foretold
from nightdesk.tasks.roles import content_organizer, prompts, topic_finder, topic_locator
from nightdesk.tasks.roles.chunk_splitter import split_document
from nightdesk.tasks.roles.tokens import question_tokens

LEAST_CALLS = 0.05  # expected, for an arm to be shown
SENTENCES_PER_TOPIC = 12
TITLE = "a title of about as many words as titles have"
TOKENS_PER_GROUP = 12  # of a reply: label, quotes, braces
TOKENS_PER_SENTENCE = 2  # of a reply that places each sentence


@dataclass(slots=True)
class ArmForecast:
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


@dataclass(slots=True)
class Largest:
    """The largest question of a role, in tokens; how many are parts of one; and which models it leaves out."""

    tokens: int = 0
    parts: int = 0
    left_out: set[str] = field(default_factory=set)  # of some questions of the role
    asked: set[str] = field(default_factory=set)  # the largest

    def add(self, tokens: int, is_part: bool, plan: Plan, holding: Collection[str]) -> None:
        """Add a question of so many tokens, which these arms of its plan can be asked."""
        often = {name for name in plan.weights if not is_seldom(name, plan)}
        self.parts += is_part
        self.left_out |= often.difference(holding)
        if tokens > self.tokens:
            self.tokens, self.asked = tokens, often.intersection(holding) or set(holding)


@dataclass(slots=True)
class Forecast:
    """rows: per role and arm that would be called, roles in order, dearest first. questions: a row per role."""

    rows: list[dict[str, Any]]
    questions: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Expected:
    """What an arm is expected to be asked: so many calls of this size and price, to serve or as a judge."""

    role: Role
    arm: str
    calls: float
    usage: Usage
    dollars: float
    judges: bool


Plans = Callable[[Role], Plan]


def forecast(documents: Iterable[Document], profile: Profile, state: LearnerState | None) -> Forecast:
    """Foretell what documents would take."""
    arms, settings, budgets = profile.arms(), profile.settings(), Budgets(profile)
    rows: defaultdict[tuple[Role, str], ArmForecast] = defaultdict(ArmForecast)
    largest = {role: Largest() for role in ROLES}
    for document in documents:
        plans = {role: serving(state, arms, settings, role, document.language) for role in ROLES}
        for request, usage, tokens, is_part in _requests(document, profile, budgets, plans["relationship_checker"]):
            plan = plans[request.role]
            largest[request.role].add(tokens, is_part, plan, budgets.holding(plan.weights, tokens))
            for e in _expected(request, usage, tokens, profile, budgets, plan):
                rows[e.role, e.arm].add(e.calls, e.usage, e.dollars, e.judges)
    ordered = sorted(rows.items(), key=lambda r: (ROLES.index(r[0][0]), -r[1].cost_usd, r[0][1]))
    return Forecast(
        [
            {
                "role": role,
                "model": arm,
                "calls": round(row.calls, 1),
                "judge_calls": round(row.judge_calls, 1),
                "input_tokens": round(row.input_tokens),
                "output_tokens": round(row.output_tokens),
                "cost_usd": round(row.cost_usd, 4),
            }
            for (role, arm), row in ordered
            if row.calls + row.judge_calls >= LEAST_CALLS
        ],
        [_question(role, of, profile) for role, of in largest.items() if of.tokens],
    )


def dollars_of_document(document: Document, profile: Profile, budgets: Budgets, plans: Plans) -> tuple[float, float]:
    """Return the dollars that all roles of a document are expected to take, and the most that one call can."""
    expected, most = 0.0, 0.0
    for request, usage, tokens, _ in _requests(document, profile, budgets, plans("relationship_checker")):
        for e in _expected(request, usage, tokens, profile, budgets, plans(request.role)):
            expected += e.calls * e.dollars
            if e.dollars:
                most = max(most, most_of(profile.model(e.arm), request)[1])
    return expected, most


def _expected(
    request: RoleRequest, usage: Usage, tokens: int, profile: Profile, budgets: Budgets, plan: Plan
) -> Iterable[Expected]:
    """Yield who would be asked a question, and how often."""
    holding = budgets.holding(plan.weights, tokens)
    if not holding:
        return
    plan, arms, role = plan.only(holding), profile.arms(), request.role
    for arm in arms:
        if arm.name not in plan.weights:
            continue
        runs, judged = inclusion(arm.name, plan)
        yield Expected(role, arm.name, runs, *_of(profile.model(arm.model), usage, arm.lane), judges=False)
        board = [
            j.model
            for j in arms
            if j.name in plan.weights and may_judge(j.model, j.family, arm.model, arm.family, (j,))
        ]
        for judge in dict.fromkeys(board):
            share = judged * min(1.0, profile.judging.judges / len(set(board)))
            yield Expected(role, judge, share, *_of(profile.model(judge), usage), judges=True)


def _question(role: Role, of: Largest, profile: Profile) -> dict[str, Any]:
    """Say how large a role's largest question is and may be; set_by: the model of smallest budget that is asked it."""
    budgets = {name: budget(profile.model(name)) for name in sorted(of.asked)}
    smallest = min(budgets, key=lambda name: budgets[name], default="")
    may_be = budgets.get(smallest, 0.0)
    return {
        "role": role,
        "largest_tokens": of.tokens,
        "budget_tokens": None if may_be == inf else int(may_be),
        "set_by": "no limit" if may_be == inf else smallest or "no model can be asked it",
        "in_parts": of.parts,
        "left_out": ", ".join(sorted(of.left_out)),
    }


def _of(model: ModelSpec, usage: Usage, lane: str = "sync") -> tuple[Usage, float]:
    """Return what a call of this size takes of a model: tokens and dollars; of an embedded one neither."""
    return (usage, dollars_of(usage, model.prices, lane)) if model.is_remote else (Usage(), 0.0)


def _requests(
    document: Document, profile: Profile, budgets: Budgets, relating: Plan
) -> Iterable[tuple[RoleRequest, Usage, int, bool]]:
    """Yield what would be asked about a document: what it takes of a language model, its size, whether it is a part.

    relating: the plan by which the relationship checker's questions are drawn.
    """
    categories, meanings = list(profile.categories), list(profile.categories.values())
    for chunk in split_document(document.doc_id, document.texts, profile.chunks):
        texts = document.texts[chunk.start : chunk.end]
        topics = range(0, len(texts), SENTENCES_PER_TOPIC)
        anchors = [(k + 1, min(k + SENTENCES_PER_TOPIC, len(texts))) for k in topics]
        titles = [TITLE] * len(topics)
        for request in (
            topic_finder.make_request(texts, document.language),
            topic_locator.make_request(texts, document.language, titles, anchors),
            content_organizer.make_request(texts, document.language, categories, meanings),
        ):
            for part in _fitting(request, budgets):
                yield _sized(part, len(part.items) < len(texts))
    parts = [document.texts[k : k + SENTENCES_PER_TOPIC] for k in range(0, len(document.texts), SENTENCES_PER_TOPIC)]
    for made in foretold(Topics([TITLE] * len(parts), parts, document.language), budgets.of(relating)):
        for question in made.asked:
            yield _sized(question.request, len(made.asked) > 1)


def _fitting(request: RoleRequest, budgets: Budgets) -> list[RoleRequest]:
    """Return a question, or the parts in which it fits a model."""
    if question_tokens(request) <= budgets.largest or len(request.items) < 2:
        return [request]
    return [part for half in halves(request) for part in _fitting(half, budgets)]


def _sized(request: RoleRequest, is_part: bool) -> tuple[RoleRequest, Usage, int, bool]:
    """Return a question with what it takes: groups and numbers of the reply are guessed by its role."""
    n = len(request.items)
    topics = -(-n // SENTENCES_PER_TOPIC)
    groups, numbers = {
        "topic_finder": (topics, 2 * topics),
        "topic_locator": (topics, n),
        "relationship_checker": (n // 2, n),
        "content_organizer": (len(request.labels), n),
    }[request.role]
    read = estimated(prompts.render(request), "").input_tokens
    usage = Usage(read, 0, groups * TOKENS_PER_GROUP + numbers * TOKENS_PER_SENTENCE)
    return request, usage, question_tokens(request), is_part
