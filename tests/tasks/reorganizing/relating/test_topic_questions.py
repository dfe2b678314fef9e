"""Comparing topics: each is in one question that fits, or is named as left out."""

import asyncio
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nightdesk.tasks.calling.question_size import Budgets
from nightdesk.tasks.reorganizing.relating.topic_questions import Questions, Topics, questions, smaller
from nightdesk.tasks.roles.relationship_checker import LEAST_SENTENCES, MOST_TOPICS
from nightdesk.tasks.roles.tokens import question_tokens
from tests.tasks.pools import pool

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
