"""How a document stands between the roles."""

import pytest

from nightdesk.tasks.roles.relationship_checker import merge
from tests.tasks.made import document, work


@pytest.mark.parametrize("n", [9, 40])
def test_stories_take_the_title_of_the_topic_that_has_most_of_them(n: int) -> None:
    w = work(document("d", n), topic_length=3)
    w.joined = merge(w.joined, [[(0, 0), (0, 1), (0, 2)]])
    story = w.stories()[0]
    assert story.positions == tuple(range(9))
    assert story.members == ((0, 0), (0, 1), (0, 2))
    assert story.lead == (0, 0)
