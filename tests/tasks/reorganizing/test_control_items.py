"""Control items: labelled chunks of our own, answered by every model of the pool."""

from datetime import date

import pytest

from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.reorganizing.control_items import nightly_items
from nightdesk.tasks.roles.registry import MODULES

DAY = date(2026, 3, 1)


def profile_with(controls: int) -> Profile:
    news = load_profile("news")
    return news.model_copy(update={"learner": news.learner.model_copy(update={"controls": controls})})


def test_the_labels_themselves_are_right_and_pass_the_gate() -> None:
    items = nightly_items(profile_with(20), DAY, {"en", "zh"})
    assert {item.request.role for item in items} == set(MODULES)
    for item in items:
        role = MODULES[item.request.role]
        assert role.check(item.request, item.labels) == []
        assert role.agreement(item.request, item.labels, item.labels) == pytest.approx(1.0)
        numbers = [n for group in item.labels.groups for n in group.numbers]
        assert set(numbers) <= set(range(1, len(item.request.items) + 1))


def test_items_take_turns_and_suit_the_night() -> None:
    few = profile_with(1)
    nights = [nightly_items(few, date.fromordinal(DAY.toordinal() + k), {"en"}) for k in range(8)]
    assert all(nights)
    assert len({item.unit for items in nights for item in items}) > len(nights[0])
    assert {item.request.language for items in nights for item in items} == {"en"}
    assert nightly_items(few, DAY, {"en"}) == nightly_items(few, DAY, {"en"})
    assert nightly_items(few, DAY, {"sw"}) == nightly_items(profile_with(0), DAY, {"en"}) == []
