"""The embedded models: their topics on text that is clear, their manners on text that is anything."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.messages import ROLES, Answer, RoleRequest
from nightdesk.tasks.models.embedded import vectors
from nightdesk.tasks.models.embedded.answers import MODELS, Baseline, Embedded, Lexical, Static
from nightdesk.tasks.models.embedded.titles import LONGEST, title
from nightdesk.tasks.models.embedded.vectors import commonness, static_vectors, words
from nightdesk.tasks.roles import content_organizer, format_checker, relationship_checker, topic_finder, topic_locator

ROOT = Path(__file__).parents[4]
CHECKS = {
    "topic_finder": topic_finder.check,
    "topic_locator": topic_locator.check,
    "relationship_checker": relationship_checker.check,
    "content_organizer": content_organizer.check,
}

FERRY = [
    "The ferry Marlinda ran aground off Cape Tolver shortly after midnight with 212 passengers on board.",
    "Lifeboats from three harbours took everyone off the stranded vessel before dawn.",
    "Captain Oskar Lindqvist told the coastguard that the steering had failed twice on the crossing.",
    "The hull is torn open over a length of eleven metres, divers reported.",
    "Salvage tugs will try to pull the Marlinda off the reef at the next spring tide.",
    "Fishermen at Cape Tolver have warned for years that the channel is poorly marked.",
    "The shipping company said the ferry had passed its last inspection in March.",
    "Oil booms were laid around the wreck to protect the seal colony on the cape.",
    "Passengers described how the deck tilted and cars slid across the lower hold.",
    "The coastguard has opened an inquiry into the voyage of the Marlinda.",
]
FERRY_AGAIN = [
    "A salvage crew pulled the ferry Marlinda off the reef at Cape Tolver on Sunday.",
    "The vessel was towed to a dry dock, where inspectors will examine its steering gear.",
    "Captain Lindqvist told the inquiry that the rudder did not answer in the channel.",
    "The coastguard published a recording of the captain's call for lifeboats.",
    "Divers sealed the torn hull with steel plates before the tow.",
    "The shipping company will refund all 212 passengers of the crossing.",
    "New buoys are to mark the channel off Cape Tolver by autumn.",
]
BEES = [
    "Beekeepers in the Ardel valley lost almost half of their colonies last winter, a survey shows.",
    "A mite that spreads a wing virus is the main suspect, says biologist Nadia Ferrante.",
    "Her laboratory counted parasites in samples from four hundred hives.",
    "Hives that stood near rapeseed fields fared worst of all.",
    "The honey harvest is expected to be the smallest since records began.",
    "Orchard owners fear for their cherries and plums if pollination fails.",
    "Ferrante wants breeders to select queens whose workers groom the mites away.",
    "The ministry promised beekeepers a subsidy for every new swarm.",
    "Imported honey already costs a third more than a year ago.",
    "Some keepers now heat their hives, as the parasites cannot stand the warmth.",
]
CHESS = [
    "Sixteen-year-old Ilya Brandt won the chess championship in Graz after a tiebreak.",
    "The teenager sacrificed a rook on move nineteen and mated eight moves later.",
    "Grandmaster Teresa Okafor, who finished second, called the combination breathtaking.",
    "Brandt learned the game from his grandmother during a long illness.",
    "His opening, a rare gambit, had not been played at this level for decades.",
    "The tournament was streamed to four million viewers.",
    "With the title come a cheque and a place among the candidates.",
    "Okafor had led the standings until the last round but drew with black.",
    "Commentators compared the boy's calm at the board to that of old masters.",
]
KETTLE = [
    "这款电热水壶的内胆是304不锈钢的，一体成型没有接缝。",
    "水壶的容量是一点七升，一家四口喝水完全够用。",
    "三分钟就能把一壶水烧开，水开了会自动断电。",
    "壶身是双层防烫的，孩子不小心碰到水壶也不会烫手。",
    "壶嘴这里有一个滤网，可以把水垢过滤掉。",
    "电热水壶的底座可以三百六十度旋转，左手右手都方便拿。",
    "水壶的盖子按一下就弹开，清洗内胆特别方便。",
    "烧开水以后还可以保温，保温的时间长达六个小时。",
    "电源线收在水壶底座的下面，台面上干干净净。",
    "水壶烧水的声音很小，晚上烧水不会吵到孩子。",
    "没有水的时候水壶会报警，防止干烧。",
    "内胆用久了有水垢，倒一点白醋烧开就干净了。",
    "这款水壶的加热盘用了五年也不会坏。",
]
SCARF = [
    "下面给大家看这条羊绒围巾，摸起来特别柔软。",
    "围巾用的是内蒙古的山羊绒，含绒量达到百分之九十五。",
    "颜色有驼色、酒红色和灰色，驼色的围巾最百搭。",
    "围巾的长度是一米八，可以当披肩来用。",
    "羊绒的保暖性是普通羊毛的好几倍，冬天戴围巾不怕冷。",
    "流苏都是手工打结的，围巾的边缘不会脱线。",
    "洗的时候用冷水手洗，羊绒围巾千万不要暴晒。",
    "这条羊绒围巾送妈妈送婆婆都很有面子。",
    "围巾不起球不掉毛，贴着脖子也不扎人。",
    "你看这个酒红色的围巾，配黑色大衣特别显气质。",
    "山羊绒很细，所以这条围巾又轻又薄。",
    "灰色的围巾男生也可以戴，情侣一人一条。",
    "披肩展开来有七十厘米宽，办公室里可以盖腿。",
]

SENTENCES = st.lists(
    st.text(max_size=40)
    | st.sampled_from(
        ["", "  ", "😀🎉", "...", "\u202e\x00", "\ud800", "买它买它！", "Go go go", "。", "x" * 10_000, "字" * 10_000]
    )
    | st.sampled_from([*FERRY[:3], *KETTLE[:3]]),
    max_size=25,
)
LANGUAGES = st.sampled_from(["en", "zh", "de", "xx", ""])


def ask(model: Embedded, role: str, items: list[str], language: str = "en", **more: object) -> Answer:
    return model.compute(RoleRequest(role, language, tuple(items), **more))  # type: ignore[arg-type]


def found_topics(model: Embedded, items: list[str], language: str = "en") -> list[tuple[int, int]]:
    """Find, then locate; each topic as its first and last sentence, once it is sure that it has all between."""
    found = ask(model, "topic_finder", items, language).groups
    located = ask(
        model, "topic_locator", items, language, labels=tuple(g.label for g in found),
        anchors=tuple(g.numbers for g in found),
    )  # fmt: skip
    assert all(list(g.numbers) == list(range(g.numbers[0], g.numbers[-1] + 1)) for g in located.groups)
    return [(g.numbers[0], g.numbers[-1]) for g in located.groups]


@pytest.mark.parametrize("kind", MODELS)
@given(items=SENTENCES, language=LANGUAGES, data=st.data())
@settings(max_examples=40)
def test_every_answer_passes_the_gate(kind: str, items: list[str], language: str, data: st.DataObject) -> None:
    model = MODELS[kind]()
    titles = tuple(data.draw(st.lists(st.text(max_size=9), max_size=4)))
    numbers = st.integers(1, max(len(items), 1))
    anchors = tuple(
        tuple(data.draw(st.lists(numbers, max_size=4, unique=True))) if items else () for _ in range(len(titles))
    )
    for role in ROLES:
        if role == "topic_locator":
            request = RoleRequest(role, language, tuple(items), titles, anchors)
        else:
            labels = ("facts", "opinions") if role == "content_organizer" else ()
            request = RoleRequest(role, language, tuple(items), labels)
        answer = model.compute(request)
        problems = format_checker.check(request, answer, CHECKS[role])
        placed = {n for g in answer.groups for n in g.numbers}
        if role == "topic_finder" and not items:
            assert problems == ["no topic was found; every text has at least one"]
            continue
        assert problems == []
        if role == "content_organizer" or (role == "topic_locator" and titles):
            assert placed == set(range(1, len(items) + 1))


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


@pytest.mark.parametrize("kind", ["static", "lexical"])
def test_topics_are_cut_where_the_story_changes(kind: str) -> None:
    items = [*FERRY, *BEES, *CHESS]
    assert found_topics(MODELS[kind](), items) == [(1, 10), (11, 20), (21, 29)]


@pytest.mark.parametrize("kind", ["static", "lexical"])
def test_topics_are_cut_in_chinese(kind: str) -> None:
    assert found_topics(MODELS[kind](), [*KETTLE, *SCARF], "zh") == [(1, 13), (14, 26)]


@pytest.mark.parametrize("story", [FERRY, BEES, CHESS, KETTLE], ids=["ferry", "bees", "chess", "kettle"])
def test_one_story_is_one_topic(story: list[str]) -> None:
    assert found_topics(Static(), story) == [(1, len(story))]


def test_a_text_longer_than_a_window_is_cut_alike() -> None:
    dice = Random(1)
    items: list[str] = []
    for _ in range(30):
        names = ["".join(dice.choices("bdgklmnprstaeiou", k=7)) for _ in range(12)]
        for _ in range(25):
            a, b, c, d = dice.sample(names, 4)
            items.append(f"The {a} of {b} was seen near {c} before {d} came.")
    assert [first for first, _ in found_topics(Static(), items)] == list(range(1, 750, 25))


def test_a_finder_names_few_sentences_of_each_topic_and_both_its_ends() -> None:
    groups = ask(Static(), "topic_finder", [*FERRY, *BEES]).groups
    assert [(g.numbers[0], g.numbers[-1]) for g in groups] == [(1, 10), (11, 20)]
    assert all(len(g.numbers) <= 5 for g in groups)
    assert len({g.label for g in groups}) == 2


@pytest.mark.parametrize("kind", ["static", "lexical"])
@pytest.mark.parametrize("anchors", [((3,), (14,)), ((2, 25), (12, 18))], ids=["one", "more"])
def test_topics_of_another_finder_are_located(kind: str, anchors: tuple[tuple[int, ...], ...]) -> None:
    located = locate_ferry_and_bees(MODELS[kind](), anchors)
    assert located == {"1": {*range(1, 11), *range(21, 28)}, "2": set(range(11, 21))}


def test_topics_without_anchors_are_located_by_their_titles() -> None:
    located = locate_ferry_and_bees(Static(), ((), ()))
    assert located == {"1": {*range(1, 11), *range(21, 28)}, "2": set(range(11, 21))}


def locate_ferry_and_bees(model: Embedded, anchors: tuple[tuple[int, ...], ...]) -> dict[str, set[int]]:
    titles = ("Ferry aground at Cape Tolver", "Mites kill bees and empty hives of the valley")
    answer = ask(model, "topic_locator", [*FERRY, *BEES, *FERRY_AGAIN], labels=titles, anchors=anchors)
    return {g.label: set(g.numbers) for g in answer.groups}


def test_anchors_cut_where_the_model_alone_would_not() -> None:
    answer = ask(Static(), "topic_locator", FERRY, labels=("Rescue", "Inquiry"), anchors=((1, 2), (9, 10)))
    ends = {g.label: (g.numbers[0], g.numbers[-1]) for g in answer.groups}
    assert ends["1"][0] == 1 and ends["2"][1] == 10


@pytest.mark.parametrize("kind", ["static", "lexical"])
def test_one_story_told_twice_is_joined(kind: str) -> None:
    texts = ["\n".join([title(s), *s]) for s in (FERRY, BEES, FERRY_AGAIN, CHESS)]
    model = MODELS[kind]()
    assert [g.numbers for g in ask(model, "relationship_checker", texts).groups] == [(1, 3)]
    assert [g.numbers for g in ask(model, "relationship_checker", [texts[0], texts[2]]).groups] == [(1, 2)]
    assert ask(model, "relationship_checker", [texts[0], texts[1]]).groups == ()


def test_two_products_of_one_stream_stay_two() -> None:
    halves = [KETTLE[:6], SCARF[:6], KETTLE[6:], SCARF[6:]]
    texts = ["\n".join([title(s, "zh"), *s]) for s in halves]
    groups = ask(Static(), "relationship_checker", texts, "zh").groups
    assert all({(n - 1) % 2 for n in g.numbers} in ({0}, {1}) for g in groups)


def test_every_sentence_is_filed_with_a_confidence() -> None:
    answer = ask(Static(), "content_organizer", FERRY, labels=("facts", "opinions"))
    assert sorted(n for g in answer.groups for n in g.numbers) == list(range(1, 11))
    assert all(0 <= c <= 1 for g in answer.groups for c in g.confidence)


def test_the_baseline_looks_at_nothing() -> None:
    items = [f"Sentence {k}" for k in range(45)]
    baseline = Baseline()
    assert found_topics(baseline, items) == [(1, 20), (21, 40), (41, 45)]
    assert ask(baseline, "relationship_checker", ["a\nb", "a\nb"]).groups == ()
    for labels, usual in ((("opinions", "facts"), "facts"), (("price", "product_description"), "product_description")):
        (group,) = ask(baseline, "content_organizer", items, labels=labels).groups
        assert group.label == usual and len(group.numbers) == 45


def test_the_protocol_answers_as_the_plain_call() -> None:
    request = RoleRequest("topic_finder", "en", tuple(FERRY))
    for model in (Static(), Lexical(), Baseline()):
        assert asyncio.run(model.answer(request)) == model.compute(request)
        assert model.VERSION


def test_the_vector_of_nothing_is_zero_and_all_others_are_of_length_one() -> None:
    found = static_vectors(["", " ", "😀", "A ferry ran aground.", "水壶", "\ud800 ferry"])
    lengths = np.linalg.norm(found, axis=1)
    np.testing.assert_allclose(lengths, [0, 1, 1, 1, 1, 1], rtol=1e-5)
    assert np.isfinite(found).all() and static_vectors([]).shape == (0, 256)


def test_a_full_cache_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = static_vectors(FERRY)
    monkeypatch.setattr(vectors, "CACHED_SENTENCES", 3)
    vectors._vectors.clear()
    for part in (FERRY[:2], FERRY[1:6], FERRY):
        static_vectors(part)
        assert len(vectors._vectors) <= 3
    np.testing.assert_array_equal(static_vectors(FERRY), before)


def test_words_of_scripts_with_and_without_spaces() -> None:
    assert words("The U.S. it’s 保温壶 x2 ไทย") == ("the", "u", "s", "it's", "保温", "温壶", "x2", "ไท", "ทย")
    assert commonness("the") > commonness("house") > commonness("marlinda") == 0.0
    assert commonness("我们") > commonness("围巾")


def test_answers_do_not_depend_on_the_process_and_loading_leaves_no_trace() -> None:
    """Also: nothing is downloaded, the root logger is left alone, wordllama's own package is never imported."""
    script = f"""
import logging, socket, sys
sys.path.insert(0, {str(ROOT)!r})
def refuse(*a, **k): raise AssertionError("network")
socket.socket.connect = refuse
from tests.tasks.models.embedded.test_answers import (
    BEES, CHESS, FERRY, FERRY_AGAIN, KETTLE, SCARF, Lexical, Static, ask,
)
for model in (Static(), Lexical()):
    for items, language in (([*FERRY, *BEES, *CHESS], "en"), ([*KETTLE, *SCARF], "zh")):
        print(ask(model, "topic_finder", items, language))
        print(ask(model, "topic_locator", items, language, labels=("a ferry", "水壶", "bees")))
    print(ask(model, "relationship_checker", ["\\n".join(s) for s in (FERRY, BEES, FERRY_AGAIN)]))
assert logging.getLogger().level == logging.WARNING and not logging.getLogger().handlers
assert "wordllama" not in sys.modules
"""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script], env=os.environ | {"PYTHONHASHSEED": seed}, cwd=ROOT,
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1
