"""Short documents: two stories are two topics however they are set, and one story stays one."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.models.embedded.answers import Static
from nightdesk.tasks.models.embedded.openings import HEADLINE, openings
from nightdesk.tasks.models.embedded.segmentation import adapted, topic_costs
from nightdesk.tasks.reading.formats import captions
from nightdesk.tasks.reading.sentences import split_prose
from tests.tasks.models.embedded import short
from tests.tasks.models.embedded.made import ask, found_topics


def prose(text: str) -> list[str]:
    return [sentence[1] for sentence in split_prose(text)]


def spoken(text: str) -> list[str]:
    return [sentence[1] for sentence in captions.sentences(captions.said(captions.unrolled(captions.parse(text))))]


@pytest.mark.parametrize(
    ("read", "text", "language", "topics"),
    [
        (prose, short.PLAIN_WIRE, "en", [(1, 6), (7, 11)]),
        (prose, short.HEADED_WIRE, "en", [(1, 4), (5, 8)]),
        (spoken, short.TWO_SPEAKERS, "en", [(1, 5), (6, 10)]),
        (prose, short.CHINESE_BRIEFS, "zh", [(1, 5), (6, 10)]),
    ],
    ids=["plain", "headlines", "speakers", "chinese"],
)
def test_two_short_stories_are_two_topics(
    read: Callable[[str], list[str]], text: str, language: str, topics: list[tuple[int, int]]
) -> None:
    sentences = read(text)
    assert found_topics(Static(), sentences, language) == topics
    parts = ["\n".join(["", *sentences[first - 1 : last]]) for first, last in topics]
    assert ask(Static(), "relationship_checker", parts, language).groups == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [(short.ONE_WIRE, "en"), (short.ONE_HEADED, "en"), (short.ONE_CHINESE, "zh")],
    ids=["plain", "headline", "chinese"],
)
def test_one_short_story_stays_one_topic(text: str, language: str) -> None:
    sentences = prose(text)
    assert found_topics(Static(), sentences, language) == [(1, len(sentences))]


def test_a_headline_opens_a_topic_and_the_sentence_below_it_does_not() -> None:
    sentences = prose(short.HEADED_WIRE)
    without = [f"{s}." if s[-1].isalnum() else s for s in sentences]
    change = openings(sentences) - openings(without)
    assert change.tolist() == [HEADLINE, -HEADLINE, 0, 0, HEADLINE, -HEADLINE, 0, 0]


def test_where_many_lines_have_no_full_stop_none_is_a_headline() -> None:
    lines = ["Bread of the day", "Soup with barley", "Plums from the market", "The kitchen closes at ten."]
    assert openings(lines).tolist() == openings([f"{line.rstrip('.')}." for line in lines]).tolist()


@pytest.mark.parametrize("length", [4, 30])
def test_the_longer_the_topics_of_a_document_the_dearer_is_a_weak_cut(length: int) -> None:
    """Ten clear topics of one length, each with a cut in its middle that is worth the same."""
    n, worth = 10 * length, 14.0
    starts = np.zeros(n + 1)
    starts[:n:length] = 100.0
    starts[length // 2 : n : length] = worth
    spans = adapted(-np.tile(starts[:, None], n + 1), topic_costs(n, 22.0, grows=False), 15)
    assert len(spans) == (20 if length == 4 else 10)


@given(st.lists(st.floats(-40, 40), min_size=1, max_size=30), st.booleans(), st.floats(1, 30))
def test_topics_cover_every_sentence_once(starts: Sequence[float], grows: bool, penalty: float) -> None:
    n = len(starts)
    costs = -np.tile(np.array([*starts, 0.0])[:, None], n + 1)
    spans = adapted(costs, topic_costs(n, penalty, grows), 15)
    assert [k for first, end in spans for k in range(first, end)] == list(range(n))
