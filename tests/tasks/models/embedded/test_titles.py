"""Titles: what a reader sees first of a topic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.models.embedded import chinese
from nightdesk.tasks.models.embedded.headlines import headlines, title_case
from nightdesk.tasks.models.embedded.mentions import mentions, numbers
from nightdesk.tasks.models.embedded.titles import LONGEST, LONGEST_HAN, title
from tests.tasks.models.embedded.test_answers import BEES, CHESS, FERRY, KETTLE, SCARF

REPORT = [
    "By Ana Ruiz",
    "PORT ELLEN (AP) — Police said on Friday that divers, who had searched for nine days, found the bell of the "
    "Aurelia in 40 metres of water.",
    '"I cried when I saw it," said the last cook of the ship.',
    "Read more: ten wrecks of the strait",
]
HOST = [
    "hello everyone welcome back to my live",
    "so this is the copper kettle you guys were asking for",
    "okay the copper kettle is number twelve",
    "you can put the kettle right on the stove",
    "number twelve girls, the copper kettle",
]


def best(sentence: str) -> str:
    return title_case(max(headlines(sentence), key=lambda found: found[1])[0])


@pytest.mark.parametrize(
    ("sentence", "headline"),
    [
        ("BOSTON (AP) - The mayor reopened the old aqueduct on Tuesday.", "Mayor Reopened the Old Aqueduct"),
        ("(CNN) -- A comet grazed the moon of Vesta, astronomers said.", "Comet Grazed the Moon of Vesta"),
        ("On May 3, 2019, a jury cleared the baker, police said.", "Jury Cleared the Baker"),
        ("Dora Falk, 61, a retired judge, won the marathon in Oslo.", "Dora Falk Won the Marathon in Oslo"),
        ("Authorities say a bear stole nine pies from a school.", "Bear Stole Nine Pies from a School"),
        ("However, the strike ended early on Monday morning.", "Strike Ended"),
        ("This is the best bakery of Graz.", "Best Bakery of Graz"),
        ("iPhone makers face a tax in Peru (Photo: WPN).", "iPhone Makers Face a Tax in Peru"),
    ],
)
def test_a_headline_says_what_happened_and_no_more(sentence: str, headline: str) -> None:
    assert best(sentence) == headline


def test_a_long_statement_ends_with_one_of_its_parts() -> None:
    found = best(
        "The harbour council of Port Ellen has approved a plan to raise the sunken lightship that blocked the southern "
        "channel for eleven years after a storm."
    )
    assert len(found) <= LONGEST
    assert found.startswith("Harbour Council of Port Ellen Has Approved a Plan")
    assert found.split()[-1].lower() not in {"to", "the", "a", "that", "of"}


def test_a_report_is_named_by_its_news_not_by_what_stands_around_it() -> None:
    found = title(REPORT)
    assert "Aurelia" in found
    assert not any(w in found for w in ("AP", "Ruiz", "Read", "Police", "Friday", "I "))


def test_talk_is_named_by_the_thing_it_is_about() -> None:
    assert title(HOST) == "Copper Kettle"
    assert numbers(HOST) == ["number twelve"]
    assert title(["hi girls", "okay so number nine you guys", "number nine is gone"], "en") == "Number Nine"
    assert title(["hello hello", "can you hear me", "okay okay"], "en") == "Small Talk"


def test_chinese_talk_is_named_by_its_things() -> None:
    assert any("围巾" in thing for thing in mentions(SCARF)[:2])
    host = ["宝宝们来看这款电热水壶啊", "这款电热水壶是不锈钢的对吧", "水壶烧水特别快的哦"]
    assert "水壶" in title(host, "zh")
    assert title(["嗯对", "好的好的", "你们好啊"], "zh") == "闲聊"


def test_a_chinese_report_is_named_without_its_day_and_its_source() -> None:
    found = title(["6月17日清晨，据市消防局通报，云岭大桥桥墩出现裂缝，大桥随即封闭。", "事故没有造成人员受伤。"], "zh")
    assert found == "云岭大桥桥墩出现裂缝，大桥随即封闭"


def test_a_chinese_clause_too_long_ends_where_a_word_ends() -> None:
    clause = "云岭市城市轨道交通建设管理委员会办公室决定在今年冬天之前重新开放位于老城区中心的图书馆旧址"
    (found, _), *_ = chinese.headlines(clause)
    assert 6 < len(found) <= LONGEST_HAN and clause.startswith(found)


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
    assert title(["", "…"]) == "Untitled"


def test_names_keep_their_capitals() -> None:
    assert (
        title_case("the eBay of McDonald's and a check-in at NASA") == "The eBay of McDonald's and a Check-in at NASA"
    )


@given(st.lists(st.text(max_size=60) | st.sampled_from([*REPORT, *HOST, *SCARF[:4]]), max_size=12))
def test_titles_are_the_same_every_time_and_fit(sentences: list[str]) -> None:
    found = title(sentences)
    assert found == title(list(sentences))
    assert found.strip() == found and found.isprintable() and 0 < len(found) <= LONGEST
