"""The four roles that models serve, each with a measure of its own."""

from collections.abc import Callable

import pytest
from hypothesis import given

from nightdesk.tasks.messages import ROLES, Answer, Role
from nightdesk.tasks.roles.registry import MODULES
from tests.tasks.roles.made import PLACED, REQUESTS, groups_of


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


def test_every_role_asks_by_its_own_name() -> None:
    assert tuple(MODULES) == ROLES
    assert all(REQUESTS[role].role == MODULES[role].__name__.rpartition(".")[2] == role for role in ROLES)
