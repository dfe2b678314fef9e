"""Titles: what a reader sees first of a topic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.models.embedded.titles import LONGEST, title
from nightdesk.tasks.models.embedded.vectors import words
from tests.tasks.models.embedded.made import BEES, CHESS, FERRY, HOST, KETTLE, LANGUAGES, REPORT, SCARF, SENTENCES


def test_a_report_is_named_by_its_news_not_by_what_stands_around_it() -> None:
    found = title(REPORT)
    assert "Aurelia" in found
    assert not any(w in found for w in ("AP", "Ruiz", "Read", "Police", "Friday", "I "))


def test_a_chinese_report_is_named_without_its_day_and_its_source() -> None:
    found = title(["6月17日清晨，据市消防局通报，云岭大桥桥墩出现裂缝，大桥随即封闭。", "事故没有造成人员受伤。"], "zh")
    assert found == "云岭大桥桥墩出现裂缝，大桥随即封闭"


@pytest.mark.parametrize(
    "story", [FERRY, BEES, CHESS, KETTLE, SCARF], ids=["ferry", "bees", "chess", "kettle", "scarf"]
)
def test_each_title_differs_from_those_taken(story: list[str]) -> None:
    taken: list[str] = []
    for _ in range(12):
        taken.append(title(story, "en", taken))
    assert len(set(taken)) == 12


def test_what_says_nothing_is_called_so() -> None:
    assert title(["...", "7.5", "A1"]) == "Small Talk"
    assert title(["", "…"]) == "Small Talk"
    assert title(["", "…"], "zh") == "闲聊"


@given(st.lists(st.text(max_size=60) | st.sampled_from([*REPORT, *HOST, *SCARF[:4]]), max_size=12))
def test_titles_are_the_same_every_time_and_fit(sentences: list[str]) -> None:
    found = title(sentences)
    assert found == title(list(sentences))
    assert found.strip() == found and found.isprintable() and 0 < len(found) <= LONGEST


def test_talk_is_named_by_the_thing_it_is_about() -> None:
    assert title(HOST) == "Copper Kettle"
    assert title(["hi girls", "okay so number nine you guys", "number nine is gone"], "en") == "Number Nine"
    assert title(["hello hello", "can you hear me", "okay okay"], "en") == "Small Talk"


def test_chinese_talk_is_named_by_its_things() -> None:
    host = ["宝宝们来看这款电热水壶啊", "这款电热水壶是不锈钢的对吧", "水壶烧水特别快的哦"]
    assert "水壶" in title(host, "zh")
    assert title(["嗯对", "好的好的", "你们好啊"], "zh") == "闲聊"


@given(items=SENTENCES, language=LANGUAGES, taken=st.sets(st.text(max_size=12), max_size=3))
def test_titles_fit_one_line(items: list[str], language: str, taken: set[str]) -> None:
    found = title(items, language, taken)
    assert 1 <= len(found) <= LONGEST
    assert found.strip() and found.isprintable()
    assert found not in taken


def test_titles_are_the_texts_own_words() -> None:
    assert title(["GRAZ, Austria (WPN) — The chess final ended in a draw, and nobody complained."]) == (
        "Chess Final Ended in a Draw, and Nobody Complained"
    )
    assert set(words(title(FERRY))) <= {w for s in FERRY for w in words(s)}
    assert "Marlinda" in title(FERRY)
    assert "羊绒" in title(SCARF, "zh")
