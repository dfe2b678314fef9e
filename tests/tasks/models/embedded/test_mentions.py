"""The things that talk comes back to."""

from hypothesis import given

from nightdesk.tasks.models.embedded.mentions import MOST, mentions, numbers
from tests.tasks.models.embedded.made import HOST, KETTLE, SCARF, SENTENCES


def test_a_host_comes_back_to_the_thing_that_is_for_sale() -> None:
    assert mentions(HOST)[0] == "copper kettle"
    assert any("围巾" in thing for thing in mentions(SCARF)[:2])
    assert any("水壶" in thing for thing in mentions(KETTLE)[:2])


def test_the_number_of_an_item_counts_once_it_is_said_twice() -> None:
    assert numbers(HOST) == ["number twelve"]
    assert numbers(HOST[:3]) == []
    assert numbers(["十号链接来了", "大家拍十号链接"]) == ["十号链接"]


@given(SENTENCES)
def test_things_that_are_named_share_no_word(sentences: list[str]) -> None:
    encodable = [sentence.encode("utf-8", "replace").decode() for sentence in sentences]
    found = [thing.split() for thing in mentions(encodable, once=True)]
    assert len(found) <= MOST
    assert sum(map(len, found)) == len({word for thing in found for word in thing})


def test_a_lone_surrogate_in_chinese_talk_does_no_harm() -> None:
    assert mentions([*KETTLE, "水壶\ud800"])[0] == mentions(KETTLE)[0]
