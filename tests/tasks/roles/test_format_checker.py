"""The gate that every answer passes, and the measures by which answers are compared."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.messages import ROLES, Answer, Group, Role, RoleRequest
from nightdesk.tasks.roles import content_organizer, format_checker, relationship_checker, topic_finder, topic_locator
from nightdesk.tasks.roles.agreement import bcubed_f1, share_equal
from nightdesk.tasks.roles.registry import MODULES

TEXTS = tuple(f"Sentence {k}." for k in range(1, 7))
REQUESTS: dict[Role, RoleRequest] = {
    "topic_finder": topic_finder.make_request(TEXTS, "en"),
    "topic_locator": topic_locator.make_request(TEXTS, "en", ["Bridge", "Bank"], [(1, 3), (4,)]),
    "relationship_checker": relationship_checker.make_request([f"T{k}" for k in range(6)], [TEXTS] * 6, "en"),
    "content_organizer": content_organizer.make_request(TEXTS, "en", ["facts", "opinions"]),
}
LABELS = {
    "topic_finder": ["Bridge", "Bank"],
    "topic_locator": ["1", "2"],
    "relationship_checker": ["", ""],
    "content_organizer": ["facts", "opinions"],
}


def problems(role: Role, *groups: Group) -> list[str]:
    return format_checker.check(REQUESTS[role], Answer(groups), MODULES[role].check)


def groups_of(role: Role, placed: list[int | None]) -> tuple[Group, ...]:
    """Put number k under the label that placed[k - 1] points at, or under none."""
    numbers = {k: tuple(n for n, at in enumerate(placed, 1) if at == k) for k in (0, 1)}
    return tuple(Group(LABELS[role][k], ns) for k, ns in numbers.items() if ns)


@pytest.mark.parametrize("role", ROLES)
def test_a_right_answer_passes(role: Role) -> None:
    assert problems(role, *groups_of(role, [0, 0, 1, 1, 0, None])) == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("unknown", [0, 7, -1])
def test_a_number_that_was_not_shown_is_named(role: Role, unknown: int) -> None:
    (problem,) = problems(role, Group(LABELS[role][0], (1, 2)), Group(LABELS[role][1], (3, unknown)))
    assert problem == f"numbers that were never shown (1..6 were): {unknown}"


@pytest.mark.parametrize("role", ROLES)
def test_a_number_placed_twice_is_named(role: Role) -> None:
    first, second = LABELS[role]
    assert problems(role, Group(first, (1, 2)), Group(second, (2, 3))) == ["numbers placed more than once: 2"]
    assert problems(role, Group(first, (4, 4))) == ["numbers placed more than once: 4"]


def test_many_wrong_numbers_are_told_in_one_short_line() -> None:
    (problem,) = problems("content_organizer", Group("facts", tuple(range(1, 1000))))
    assert problem.endswith("7, 8, 9, 10, 11 and 988 more")


def test_confidence_is_for_every_number_or_for_none() -> None:
    assert problems("content_organizer", Group("facts", (1, 2), (0.5, 0.6))) == []
    (problem,) = problems("content_organizer", Group("facts", (1, 2), (0.5,)))
    assert "as many confidences as numbers" in problem


def test_a_label_that_was_not_offered_is_named() -> None:
    assert problems("content_organizer", Group("gossip", (1,))) == ["'gossip' is not a category"]
    assert problems("topic_locator", Group("3", (1,))) == ["'3' is not the number of a topic that was shown"]


def test_a_topic_needs_a_title_and_a_text_a_topic() -> None:
    assert problems("topic_finder", Group(" \t", (1, 2))) == ["the topic of sentences (1, 2) has no title"]
    assert problems("topic_finder") == ["no topic was found; every text has at least one"]
    assert problems("topic_finder", Group("Bridge", ())) == ["no topic was found; every text has at least one"]


@given(st.text())
def test_a_title_is_made_one_short_printable_line(title: str) -> None:
    clean = topic_finder.clean_title(title)
    assert clean.isprintable()
    assert len(clean) <= topic_finder.LONGEST_TITLE
    assert clean == " ".join(clean.split())


PLACED = st.lists(st.sampled_from([None, 0, 1]), min_size=6, max_size=6)


@pytest.mark.parametrize("role", ROLES)
@given(placed=PLACED, other=PLACED)
def test_agreement_is_a_share_alike_both_ways_and_whole_for_equal_answers(
    role: Role, placed: list[int | None], other: list[int | None]
) -> None:
    agreement: Callable[..., float] = MODULES[role].agreement
    request, a, b = REQUESTS[role], Answer(groups_of(role, placed)), Answer(groups_of(role, other))
    assert 0.0 <= agreement(request, a, b) <= 1.0
    assert agreement(request, a, b) == pytest.approx(agreement(request, b, a))
    assert agreement(request, a, a) == 1.0


def test_finders_agree_by_the_stretches_their_sentences_stand_for() -> None:
    agreement, request = topic_finder.agreement, REQUESTS["topic_finder"]
    halves = Answer((Group("Bridge", (1, 3)), Group("Bank", (4, 6))))
    same = Answer((Group("The bridge", (2,)), Group("The bank", (5,))))
    one = Answer((Group("Everything", (1, 6)),))
    assert agreement(request, halves, same) == 1.0
    assert agreement(request, halves, one) < 1.0


def test_topics_that_are_in_no_group_are_stories_of_their_own() -> None:
    agreement, request = relationship_checker.agreement, REQUESTS["relationship_checker"]
    alone = Answer(tuple(Group("", (k,)) for k in range(1, 7)))
    assert agreement(request, Answer(()), alone) == 1.0
    assert agreement(request, Answer(()), Answer((Group("", (1, 2, 3, 4, 5, 6)),))) < 0.5


CLUSTERINGS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12)


@given(CLUSTERINGS)
def test_bcubed_is_what_its_definition_says(pairs: list[tuple[int, int]]) -> None:
    gold, predicted = [g for g, _ in pairs], [p for _, p in pairs]
    precision = recall = 0.0
    for g, p in pairs:
        with_it = sum(1 for x in pairs if x == (g, p))
        precision += with_it / predicted.count(p) / len(pairs)
        recall += with_it / gold.count(g) / len(pairs)
    assert bcubed_f1(gold, predicted) == pytest.approx(2 * precision * recall / (precision + recall))


def test_no_items_agree_wholly() -> None:
    assert bcubed_f1([], []) == 1.0
    assert share_equal(Answer(()), Answer(()), 0) == 1.0


@given(PLACED, PLACED)
def test_share_equal_counts_the_numbers_under_one_label(placed: list[int | None], other: list[int | None]) -> None:
    a, b = (Answer(groups_of("content_organizer", x)) for x in (placed, other))
    assert share_equal(a, b, 6) == sum(x == y for x, y in zip(placed, other, strict=True)) / 6
