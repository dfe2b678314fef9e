"""Relating in rounds: stories of different questions are joined, what was held apart stays apart, rounds end."""

import asyncio
import random
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nightdesk.tasks.calling.call_rows import Unit
from nightdesk.tasks.calling.outcomes import Outcome
from nightdesk.tasks.calling.question_size import Budgets
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.messages import Answer, Group
from nightdesk.tasks.models.embedded.vectors import hashed_terms
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reorganizing.document_state import Batch, FoundTopic, Work
from nightdesk.tasks.reorganizing.relating.rounds import not_seen_together, relate
from nightdesk.tasks.reorganizing.relating.topic_questions import Topics, foretold
from nightdesk.tasks.reorganizing.role_stages import make_ready
from nightdesk.tasks.roles.chunk_splitter import Chunk
from nightdesk.tasks.roles.relationship_checker import MOST_TOPICS
from nightdesk.tasks.roles.tokens import question_tokens
from tests.tasks.pools import pool

Says = Callable[[Sequence[str]], list[list[int]]]  # the items of a question -> groups of their numbers, from 1


class Desk:
    """A router whose one model says what it is told to; it keeps the questions."""

    def __init__(self, says: Says, budgets: Any = None) -> None:
        self.says, self.plans, self.units = says, self, list[Unit]()
        self.budgets = budgets or SimpleNamespace(smallest=lambda least=0.0: float("inf"), largest=float("inf"))

    def budgets_of(self, role: str, version: int, language: str) -> Any:
        return self.budgets

    async def embed(self, texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        return hashed_terms(texts)

    async def ask(self, units: Sequence[Unit], on_done: Callable[[], None]) -> list[Outcome]:
        self.units += units
        outcomes = []
        for unit in units:
            on_done()
            groups = tuple(Group("", tuple(group)) for group in self.says(unit.request.items))
            outcomes.append(Outcome(Answer(groups), "m"))
        return outcomes


def document(topics: Sequence[Sequence[str]]) -> Work:
    """Return a document of one chunk whose topics are found and placed."""
    texts = tuple(text for topic in topics for text in topic)
    work = Work(Document("d", "d", "", "en", (), texts), 0)
    work.chunks = [Chunk("d/0", 0, len(texts), 0, len(texts))]
    make_ready(work)
    work.found[0] = tuple(FoundTopic(f"Title {k}", (1,), "m") for k in range(len(topics)))
    work.placed[0] = dict(enumerate(k for k, topic in enumerate(topics) for _ in topic))
    return work


def stories_of(work: Work, desk: Desk) -> list[int]:
    """Relate; return for each topic the first one of its story."""
    progress: list[tuple[int, int]] = []
    asyncio.run(relate(cast(Router, desk), Batch(0, [work]), lambda done, of: progress.append((done, of))))
    assert [done for done, _ in progress] == list(range(1, len(desk.units) + 1))
    assert all(done <= of for done, of in progress)
    return [work.joined[0, k][1] for k in range(len(work.found[0]))]


def by_first_words(items: Sequence[str]) -> list[list[int]]:
    """Join items whose first sentences begin with the same word."""
    word: dict[str, list[int]] = {}
    for number, item in enumerate(items, 1):
        word.setdefault(item.split("\n")[1].split()[0], []).append(number)
    return [numbers for numbers in word.values() if len(numbers) > 1]


def coming_back(stories: int, times: int, seed: int = 1) -> list[list[str]]:
    """Return topics: each story many times, told in words that differ each time."""
    dice, topics = random.Random(seed), list[list[str]]()
    for _ in range(times):
        for k in range(stories):
            words = [f"w{dice.randrange(2_000)}" for _ in range(6)]
            topics.append([f"story{k} is told by {' '.join(words)}."])
    return topics


def test_a_story_that_fills_several_questions_becomes_one() -> None:
    desk = Desk(by_first_words)
    stories = stories_of(document(coming_back(4, 120)), desk)
    assert stories == [k % 4 for k in range(480)]
    assert 4 <= len(desk.units) <= 6
    assert len({unit.unit for unit in desk.units}) == len(desk.units)


def test_one_question_is_asked_once_and_several_without_a_join_too() -> None:
    few, many = Desk(by_first_words), Desk(lambda items: [])
    stories_of(document(coming_back(3, 10)), few)
    stories_of(document(coming_back(300, 1)), many)
    assert (len(few.units), len(many.units)) == (1, 2)


def test_topics_that_were_held_apart_in_one_question_stay_apart() -> None:
    def all_are_one_later(items: Sequence[str]) -> list[list[int]]:
        return by_first_words(items) if len(items) > 60 else [list(range(1, len(items) + 1))]

    desk = Desk(all_are_one_later)
    stories = stories_of(document(coming_back(10, 40)), desk)
    first, later = desk.units[:3], desk.units[3:]
    assert [len(unit.request.items) <= 60 for unit in (*first, *later)] == [False] * 3 + [True] * len(later)
    assert len(later) == 1
    for unit in first:
        topics = [int(item.split("\n")[0].removeprefix("Title ")) for item in unit.request.items]
        joined = {(stories[k], k % 10) for k in topics}
        assert len(joined) == len({story for story, _ in joined})


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 420), st.integers(0, 1_000), st.sampled_from([2_000, 8_000, 1_000_000]))
def test_rounds_end_and_no_question_is_larger_than_one_may_be(n: int, seed: int, context: int) -> None:
    dice = random.Random(seed)

    def some(items: Sequence[str]) -> list[list[int]]:
        numbers = list(range(1, len(items) + 1))
        dice.shuffle(numbers)
        return [sorted(numbers[k : k + 3]) for k in range(0, len(numbers), 3)]

    budgets = Budgets(pool(context))
    desk = Desk(some, budgets)
    stories = stories_of(document(coming_back(n, 1, seed)), desk)
    assert sum(len(unit.request.items) for unit in desk.units) <= 4 * n
    assert all(len(unit.request.items) <= MOST_TOPICS for unit in desk.units)
    assert all(question_tokens(unit.request) <= budgets.largest for unit in desk.units)
    assert all(stories[root] == root for root in stories)


def test_the_same_answers_lead_to_the_same_questions() -> None:
    first, again = Desk(by_first_words), Desk(by_first_words)
    for desk in (first, again):
        stories_of(document(coming_back(40, 12)), desk)
    assert first.units == again.units


def test_a_group_falls_into_parts_that_were_not_seen_together() -> None:
    shown = {(0, 1): frozenset({1}), (0, 2): frozenset({2}), (0, 3): frozenset({1}), (0, 4): frozenset({3})}
    assert not_seen_together([(0, 4), (0, 3), (0, 2), (0, 1)], shown) == [[(0, 1), (0, 2), (0, 4)]]
    assert not_seen_together([(0, 1), (0, 3)], shown) == []
    assert not_seen_together([(0, 1), (0, 5)], {}) == [[(0, 1), (0, 5)]]


def test_a_forecast_counts_the_rounds_that_follow() -> None:
    texts = coming_back(900, 1)
    made = list(foretold(Topics(["Title"] * 900, texts, "en"), Budgets(pool(1_000_000))))
    assert [len(m.asked) for m in made] == [6, 3, 2, 1]
    few = list(foretold(Topics(["Title"] * 9, texts[:9], "en"), Budgets(pool(1_000_000))))
    assert [len(m.asked) for m in few] == [1]
