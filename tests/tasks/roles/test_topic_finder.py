"""What a finder may answer, and when two of them agree."""

from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.messages import Answer, Group
from nightdesk.tasks.roles import topic_finder
from tests.tasks.roles.made import REQUESTS


def problems(*groups: Group) -> list[str]:
    return topic_finder.check(REQUESTS["topic_finder"], Answer(groups))


def test_a_topic_needs_a_title_and_a_text_a_topic() -> None:
    assert problems(Group(" \t", (1, 2))) == ["the topic of sentences (1, 2) has no title"]
    assert problems() == ["no topic was found; every text has at least one"]
    assert problems(Group("Bridge", ())) == ["no topic was found; every text has at least one"]


@given(st.text())
def test_a_title_is_made_one_short_printable_line(title: str) -> None:
    clean = topic_finder.clean_title(title)
    assert clean.isprintable()
    assert len(clean) <= topic_finder.LONGEST_TITLE
    assert clean == " ".join(clean.split())


def test_finders_agree_by_the_stretches_their_sentences_stand_for() -> None:
    agreement, request = topic_finder.agreement, REQUESTS["topic_finder"]
    halves = Answer((Group("Bridge", (1, 3)), Group("Bank", (4, 6))))
    same = Answer((Group("The bridge", (2,)), Group("The bank", (5,))))
    one = Answer((Group("Everything", (1, 6)),))
    assert agreement(request, halves, same) == 1.0
    assert agreement(request, halves, one) < 1.0
