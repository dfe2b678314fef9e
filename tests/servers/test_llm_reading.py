"""The stand-in reads our prompts back and writes replies that we can parse; it spoils answers to the accuracy asked."""

import random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.messages import ROLES, Answer, Group, Role, RoleRequest
from nightdesk.tasks.models.embedded.answers import Static
from nightdesk.tasks.roles import (
    content_organizer,
    prompts,
    relationship_checker,
    replies,
    topic_finder,
    topic_locator,
)
from nightdesk.tasks.roles.registry import MODULES
from tests.servers.llm.reading import read_request, write_reply
from tests.servers.llm.spoils import spoil
from tests.texts import evening

TEXTS = tuple(text for _, text in evening(7, 6))
words = st.text("abc xyz0123456789.-(),<>{}\"'市场", min_size=1, max_size=30).map(str.strip).filter(bool)
lines = st.lists(words, min_size=1, max_size=12)


def _rendered(request: RoleRequest) -> str:
    prompt = prompts.render(request)
    return "\n\n".join((prompt.instructions, prompt.items, prompt.question))


def _same_but_language(request: RoleRequest) -> None:
    back = read_request(_rendered(request))
    assert back is not None
    assert (back.role, back.items, back.labels, back.anchors) == (
        request.role,
        request.items,
        request.labels,
        request.anchors,
    )


@given(lines)
def test_a_finders_prompt_is_read_back(texts: list[str]) -> None:
    _same_but_language(topic_finder.make_request(texts, "en"))


@given(lines, st.lists(st.tuples(words, st.lists(st.integers(1, 99), min_size=1, max_size=5)), min_size=1, max_size=5))
def test_a_locators_prompt_is_read_back(texts: list[str], topics: list[tuple[str, list[int]]]) -> None:
    titles, anchors = [t for t, _ in topics], [tuple(a) for _, a in topics]
    _same_but_language(topic_locator.make_request(texts, "en", titles, anchors))


@given(st.lists(lines, min_size=1, max_size=5))
def test_a_checkers_prompt_is_read_back(topics: list[list[str]]) -> None:
    _same_but_language(relationship_checker.make_request([t[0] for t in topics], [t[1:] for t in topics], "en"))


@given(lines, st.lists(words, min_size=1, max_size=5))
def test_an_organizers_prompt_is_read_back(texts: list[str], categories: list[str]) -> None:
    _same_but_language(content_organizer.make_request(texts, "en", categories))


def test_a_repair_is_read_back_as_one() -> None:
    request = RoleRequest("content_organizer", "en", TEXTS, ("facts", "opinions"), failed="[1, 2]\nno")
    back = read_request(_rendered(request))
    assert back is not None
    assert back.failed == request.failed
    assert back.labels == request.labels


def test_a_prompt_that_is_not_ours_is_none() -> None:
    assert read_request("What is the capital of France?") is None


@given(st.sampled_from(ROLES), st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=1, max_size=40))
def test_a_reply_parses_to_the_answer_it_was_written_from(role: Role, places: list[int | None]) -> None:
    numbers = {k: tuple(n for n, place in enumerate(places, 1) if place == k) for k in range(5)}
    answer = Answer(tuple(Group(f"label {k}", ns) for k, ns in numbers.items() if ns))
    request = RoleRequest(role, "en", tuple("word" for _ in places))
    assert replies.parse(write_reply(answer, request), len(places)).groups == answer.groups


def _requests() -> list[RoleRequest]:
    found = Static().compute(topic_finder.make_request(TEXTS, "en"))
    titles, anchors = [g.label for g in found.groups], [g.numbers for g in found.groups]
    return [
        topic_finder.make_request(TEXTS, "en"),
        topic_locator.make_request(TEXTS, "en", titles, anchors),
        content_organizer.make_request(TEXTS, "en", ["facts", "opinions", "assumptions", "future_plans"]),
        relationship_checker.make_request(titles, [TEXTS[k : k + 9] for k in range(len(titles))], "en"),
    ]


@pytest.mark.parametrize("request_", _requests(), ids=lambda r: r.role)
@pytest.mark.parametrize("accuracy", [0.95, 0.7])
def test_answers_are_as_accurate_as_the_world_says(request_: RoleRequest, accuracy: float) -> None:
    right = Static().compute(request_)
    agreement = MODULES[request_.role].agreement
    spoiled = [spoil(request_, right, accuracy, random.Random(seed)) for seed in range(300)]
    assert mean(agreement(request_, s, right) for s in spoiled) == pytest.approx(accuracy, abs=0.04)
