"""What an organizer may answer."""

from nightdesk.tasks.messages import Answer, Group
from nightdesk.tasks.roles import content_organizer
from tests.tasks.roles.made import REQUESTS

REQUEST = REQUESTS["content_organizer"]


def test_a_label_that_is_no_category_is_named() -> None:
    answer = Answer((Group("gossip", (1,)), Group("facts", (2,)), Group("Facts", (3,))))
    assert content_organizer.check(REQUEST, answer) == ["'gossip' is not a category", "'Facts' is not a category"]


def test_organizers_agree_by_the_share_of_sentences_under_one_category() -> None:
    one = Answer((Group("facts", (1, 2, 3)), Group("opinions", (4, 5, 6))))
    other = Answer((Group("facts", (1, 2)), Group("opinions", (3, 4, 5))))  # 6 is filed nowhere
    assert content_organizer.agreement(REQUEST, one, other) == 4 / 6
