"""Every question fits the models that are asked it, and nothing is left out of all questions in silence."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nightdesk.role_rl.sampling import Plan
from nightdesk.tasks.calling.question_size import Budgets, budget
from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.models.embedded.answers import MODELS
from nightdesk.tasks.reorganizing.dry_run import forecast
from nightdesk.tasks.reorganizing.halved_questions import halves
from nightdesk.tasks.reorganizing.topic_questions import Questions, Topics, questions, smaller
from nightdesk.tasks.roles import prompts, topic_finder, topic_locator
from nightdesk.tasks.roles.relationship_checker import LEAST_SENTENCES, MOST_TOPICS
from nightdesk.tasks.roles.tokens import question_tokens
from tests.tasks.made import document

FREE = {"input": 0.0, "output": 0.0}


def remote(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "family": name,
        "provider": "openai",
        "base_url": "http://127.0.0.1:9/v1",
        "prices": FREE,
        **more,
    }


def pool(*contexts: int, embedded: bool = False) -> Profile:
    """Return a profile of models with these contexts."""
    models = [remote(f"m{k}", context_tokens=c) for k, c in enumerate(contexts)]
    if embedded:
        models.append({"name": "static", "family": "wordllama", "provider": "embedded"})
    return Profile.model_validate(load_profile("news").model_dump() | {"models": models, "learner": {}})


SHAPES = st.tuples(st.integers(1, 60), st.sampled_from(["word ", "字", "é"]), st.integers(1, 120))
TOPICS = st.lists(SHAPES, min_size=2, max_size=40)


def topics_of(shapes: Sequence[tuple[int, str, int]]) -> Topics:
    titles = [f"Topic {k}" for k in range(len(shapes))]
    return Topics(titles, [[f"{j} {what * times}" for j in range(n)] for n, what, times in shapes], "en")


async def vectors(texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    rows = np.random.default_rng(len(texts)).normal(size=(len(texts), 8))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def assert_whole(made: Questions, topics: Topics, numbers: Sequence[int], room: float) -> None:
    """Every topic is in one question or left, every question fits and shows enough of two topics or more."""
    assert sorted([*made.left, *(k for q in made.asked for k in q.numbers)]) == sorted(numbers)
    for q in made.asked:
        assert question_tokens(q.request) <= room
        assert 2 <= len(q.numbers) == len(q.request.items) <= MOST_TOPICS
        for k, item in zip(q.numbers, q.request.items, strict=True):
            title, *shown = item.split("\n")
            assert title == topics.titles[k]
            assert set(shown) <= set(topics.texts[k])
            assert len(shown) >= min(LEAST_SENTENCES, len(topics.texts[k]))


@settings(max_examples=60, deadline=None)
@given(TOPICS, st.lists(st.integers(600, 20_000), min_size=1, max_size=3), st.booleans())
def test_every_topic_is_in_one_question_that_fits(
    shapes: list[tuple[int, str, int]], contexts: list[int], embedded: bool
) -> None:
    topics, budgets = topics_of(shapes), Budgets(pool(*contexts, embedded=embedded))
    made = asyncio.run(questions(topics, budgets, vectors))
    largest = max((question_tokens(q.request) for q in made.asked), default=0)
    # All are made for one budget: that of the smallest model that is not left out.
    assert_whole(made, topics, range(len(shapes)), budgets.smallest(largest) or 0)
    if embedded:
        assert len(made.left) <= 1  # a model without a limit is asked whatever the others cannot be asked


@settings(max_examples=30, deadline=None)
@given(TOPICS)
def test_a_question_that_a_provider_refuses_is_asked_at_half_its_size(shapes: list[tuple[int, str, int]]) -> None:
    topics = topics_of(shapes)
    made = asyncio.run(questions(topics, Budgets(pool(10_000_000)), vectors))
    for q in made.asked:
        again = asyncio.run(smaller(q, topics, vectors))
        assert_whole(again, topics, q.numbers, question_tokens(q.request) / 2)


def test_many_long_topics_go_into_several_questions_and_a_small_model_is_not_asked_what_it_cannot_hold() -> None:
    topics = topics_of([(30, "word ", 20)] * 60)
    few, many = (asyncio.run(questions(topics, Budgets(pool(c)), vectors)).asked for c in (1_000_000, 16_384))
    assert (len(few), len(many) > 1) == (1, True)
    both = asyncio.run(questions(topics, Budgets(pool(16_384, 1_000_000)), vectors)).asked
    assert max(question_tokens(q.request) for q in both) <= 16_384 * 3 / 4
    tiny = asyncio.run(questions(topics, Budgets(pool(900, 1_000_000)), vectors)).asked
    assert [len(q.numbers) for q in tiny] == [60]


@given(st.integers(2, 50), st.integers(1, 8))
def test_halves_hold_every_sentence_once_with_its_anchors(n: int, labels: int) -> None:
    texts = [f"Sentence {k}." for k in range(1, n + 1)]
    anchors = [tuple(range(1 + k, n + 1, labels)) for k in range(labels)]
    whole = topic_locator.make_request(texts, "en", [f"Topic {k}" for k in range(labels)], anchors)
    left, right = halves(whole)
    assert left.items + right.items == whole.items
    assert left.labels == right.labels == whole.labels
    named = [[half.items[i - 1] for half in (left, right) for i in half.anchors[k]] for k in range(labels)]
    assert named == [[texts[i - 1] for i in a] for a in anchors]
    for half in (left, right):
        answer = MODELS["static"]().compute(half)
        assert sorted(x for g in answer.groups for x in g.numbers) == list(range(1, len(half.items) + 1))


def test_a_label_without_anchors_is_shown_without_them() -> None:
    left, _ = halves(topic_locator.make_request(["A.", "B."], "en", ["One", "Two"], [(1,), (2,)]))
    assert prompts.render(left).question.endswith("\n1. One (sentences 1)\n2. Two")


def test_a_forecast_names_the_largest_questions_and_who_is_left_out() -> None:
    texts = [
        f"Officials said that {k} people had left district {k} before the water came on Monday." for k in range(900)
    ]
    foretold = forecast([document("d", texts)], pool(6_000, 200_000), None)
    by_role = {q["role"]: q for q in foretold.questions}
    assert len(by_role) == 4
    for q in by_role.values():
        assert 0 < q["largest_tokens"] <= q["budget_tokens"]
    assert (by_role["relationship_checker"]["budget_tokens"], by_role["relationship_checker"]["set_by"]) == (4500, "m0")
    assert by_role["relationship_checker"]["in_parts"] > 1
    tiny = {q["role"]: q for q in forecast([document("d", texts)], pool(1_000, 200_000), None).questions}
    assert tiny["topic_finder"]["left_out"] == "m0"
    alone = {q["role"]: q for q in forecast([document("d", texts)], pool(3_000), None).questions}
    assert alone["content_organizer"]["in_parts"] > 1
    assert alone["content_organizer"]["largest_tokens"] <= alone["content_organizer"]["budget_tokens"] == 2250


def test_a_budget_is_the_context_less_what_is_kept_for_the_reply_and_an_embedded_model_has_no_limit() -> None:
    profile = pool(4_000, 100_000, embedded=True)
    assert [budget(spec) for spec in profile.models] == [3_000, 100_000 - 8_192, float("inf")]


@given(st.lists(st.integers(600, 20_000), min_size=1, max_size=4), st.integers(0, 20_000))
def test_a_question_is_held_by_the_models_whose_budget_it_keeps_to(contexts: list[int], tokens: int) -> None:
    profile = pool(*contexts)
    budgets, of = Budgets(profile), {spec.name: budget(spec) for spec in profile.models}
    holding = [name for name in of if of[name] >= tokens]
    assert budgets.holding(of, tokens) == holding
    assert budgets.smallest(tokens) == min((of[name] for name in holding), default=None)
    assert budgets.largest == max(of.values())


def test_a_model_that_only_stands_by_makes_no_question_smaller() -> None:
    budgets = Budgets(pool(2_000, 100_000))
    for share, smallest in ((0.0005, 100_000 - 8_192), (0.05, 1_500)):
        assert budgets.of(Plan({"m0": share, "m1": 1 - share}, 0.0, 0.0, {})).smallest() == smallest


def test_questions_are_not_measured_where_no_model_has_a_limit() -> None:
    request = topic_finder.make_request(["Short."] * 20, "en")
    assert Budgets(load_profile("news")).tokens(request) == 0
    assert Budgets(pool(2_000, embedded=True)).tokens(request) == question_tokens(request) > 0
