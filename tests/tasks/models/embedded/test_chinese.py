"""Headlines of Chinese text."""

import pytest

from nightdesk.tasks.models.embedded import chinese
from nightdesk.tasks.models.embedded.titles import LONGEST_HAN
from tests.tasks.models.embedded.made import FERRY, KETTLE


def test_a_chinese_clause_too_long_ends_where_a_word_ends() -> None:
    clause = "云岭市城市轨道交通建设管理委员会办公室决定在今年冬天之前重新开放位于老城区中心的图书馆旧址"
    (found, _), *_ = chinese.headlines(clause)
    assert 6 < len(found) <= LONGEST_HAN and clause.startswith(found)


@pytest.mark.parametrize(
    ("sentence", "headline"),
    [
        ("新华社北京5月3日电 市博物馆重新开放。", "市博物馆重新开放"),
        ("昨天上午，市博物馆（旧馆）重新开放。", "市博物馆重新开放"),
        ("据市文化局介绍，市博物馆重新开放。", "市博物馆重新开放"),
    ],
)
def test_a_headline_is_without_the_day_the_place_and_who_said_so(sentence: str, headline: str) -> None:
    found = list(chinese.headlines(sentence))
    assert max(found, key=lambda one: one[1])[0] == headline


def test_text_is_chinese_if_most_of_its_sentences_are() -> None:
    assert chinese.is_chinese([*KETTLE, *FERRY[:5]])
    assert not chinese.is_chinese([*KETTLE[:5], *FERRY])
