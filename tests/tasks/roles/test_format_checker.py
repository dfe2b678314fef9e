"""What every answer passes."""

import pytest

from nightdesk.tasks.messages import ROLES, Answer, Group, Role
from nightdesk.tasks.roles import format_checker
from nightdesk.tasks.roles.registry import MODULES
from tests.tasks.roles.made import LABELS, REQUESTS, groups_of


def problems(role: Role, *groups: Group) -> list[str]:
    return format_checker.check(REQUESTS[role], Answer(groups), MODULES[role].check)


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


def test_what_the_role_itself_finds_wrong_is_told_too() -> None:
    assert problems("topic_locator", Group("3", (1, 9))) == [
        "numbers that were never shown (1..6 were): 9",
        "'3' is not the number of a topic that was shown",
    ]
