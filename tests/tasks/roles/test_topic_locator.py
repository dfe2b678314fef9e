"""What a locator may answer."""

from nightdesk.tasks.messages import Answer, Group
from nightdesk.tasks.roles import topic_locator
from tests.tasks.roles.made import REQUESTS

REQUEST = REQUESTS["topic_locator"]


def test_a_label_that_is_no_topic_shown_is_named() -> None:
    answer = Answer((Group("3", (1,)), Group("2", (2,)), Group("Bridge", (3,))))
    assert topic_locator.check(REQUEST, answer) == [
        "'3' is not the number of a topic that was shown",
        "'Bridge' is not the number of a topic that was shown",
    ]


def test_locators_agree_by_the_share_of_sentences_under_one_topic() -> None:
    one = Answer((Group("1", (1, 2, 3)), Group("2", (4, 5, 6))))
    turned = Answer((Group("2", (1, 2, 3)), Group("1", (4, 5, 6))))
    assert topic_locator.agreement(REQUEST, one, turned) == 0.0  # numbers name topics, unlike a finder's groups
    assert topic_locator.agreement(REQUEST, one, Answer((Group("1", (1, 2, 3, 4)),))) == 3 / 6
