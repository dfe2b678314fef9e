"""What an editor would send back: each rule on text of many kinds, made up here."""

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from nightdesk.tasks.messages import RoleRequest
from nightdesk.tasks.models.embedded import chinese
from nightdesk.tasks.models.embedded.answers import Static
from nightdesk.tasks.models.embedded.openings import is_talk
from nightdesk.tasks.models.embedded.titles import LONGEST, LONGEST_HAN, title
from nightdesk.tasks.models.embedded.wording.other_languages import headlines_in
from nightdesk.tasks.roles import topic_finder
from tests.tasks.models.embedded.made import BEES, CHESS, FERRY, HOST, KETTLE, REPORT, SCARF

WHO = [
    "Marta Olin",
    "Harbour chief Oskar Lind",
    "The Ardel Valley Council",
    "Nordpost",
    "Judge Irma Dahl",
    "Brewery Tann",
]
DID = [
    "approved a plan to rebuild the lighthouse",
    "rejected the offer of a rival from Graz",
    "closed three bridges",
    "has bought the old mill for $1.5 million",
    "won the regatta",
    "will open a school for glass blowers",
]
BESIDE = [
    " after a debate that lasted nine hours and ended with a vote of 12.5 percent against 87.5 percent",
    ", which the mayor of Port Ellen had called impossible, expensive and rather foolish in a letter to the paper",
    " despite warnings from the coastguard about storms, currents and a shoal that no chart has ever shown",
    " because the ferry Marlinda had damaged the pier, the signal and both of the cranes in the spring",
    " while hundreds of beekeepers, farmers and fishermen waited in the rain outside of the town hall",
    "",
]
SAID = ["", ", police said", ", according to a report", ", she told the Tolver Herald", " on Tuesday"]
BEFORE = [
    "",
    "TOLVER (AP) - ",
    "PORT ELLEN, June 3 (Reuters) -- ",
    "On May 3, 2031, ",
    "However, ",
    "Update: ",
]
STATEMENTS = st.builds("{}{} {}{}{}.".format, *map(st.sampled_from, (BEFORE, WHO, DID, BESIDE, SAID)))
FIRST_PERSON = st.sampled_from(
    [
        "I have never seen a regatta like that in my life.",
        "We will rebuild the mill, and you can quote me.",
        "“Let's wait,” our neighbour told us.",
        "Today we're opening our second school.",
        "If you ask me, I'd close the bridge.",
    ]
)
POINTING = st.sampled_from(
    [
        "He had been warned twice.",
        "Two women were charged with theft at the mill.",
        "They left the hall without a word.",
        "The company declined the offer.",
        "Her brother found him asleep in the boat.",
        "These plans were made in secret.",
    ]
)
SCRAPS = st.sampled_from(
    [
        "Photo: N. N.",
        "Read more: ten wrecks of the strait",
        "&nbsp;<b>Share this</b>",
        "2031.",
        "THE MILL AT PORT ELLEN, SEEN FROM THE HARBOUR",
        "“The 'old' mill,” she said, “is not “old”",
        "'Nobody listened",
        "(continued",
        "Getty Images",
        "Der alte Leuchtturm wird im Herbst abgerissen.",
        "x" * 300,
        "灯塔将在秋天重建。",
        "See also http://tolver.example/mill?x=1",
        "- Milk 1.20, bread 2.45, eggs 3.10",
        "Mr. Lind, who is 61, disagrees.",
    ]
)
ARTICLES = st.lists(STATEMENTS | FIRST_PERSON | POINTING | SCRAPS | st.text(max_size=80), min_size=1, max_size=10)
REPORTS = st.builds(
    lambda told, before, after: [*before, *told, *after],
    st.lists(STATEMENTS, min_size=1, max_size=3),
    st.lists(FIRST_PERSON | POINTING | SCRAPS, max_size=2),
    st.lists(FIRST_PERSON | POINTING | SCRAPS, max_size=4),
)
NO_END = set(
    "a an the of in on at to for with by from as and or but that which who whose because is are was were be has have"
    " had will would can could his her its their after before during despite while said says told not than into".split()
)


@given(ARTICLES)
@example(["The 'old mill, he said, is “gone"])
@example(['Lind called it "a (very "old") mill'])
def test_no_mark_of_a_quotation_or_bracket_is_without_its_other_half(sentences: list[str]) -> None:
    found = title(sentences)
    assert not re.search(r"[\"“”„«»「」『』]|(?<!\w)[‘'](?=[^\W\d])", found)
    assert all(found.count(a) == found.count(b) for a, b in ("()", "[]", "{}"))


@pytest.mark.parametrize("label", ["ANCHOR: ", "JANE ROE, HOST: ", "ROE (voice-over): ", ">> ROE: ", "Q: ", ">> "])
@pytest.mark.parametrize("who", WHO[:3])
def test_who_speaks_is_no_head_of_a_title(label: str, who: str) -> None:
    said = f"{who} closed three bridges after the storm."
    assert title([f"{label}{said}", "The pier was damaged."]) == title([said, "The pier was damaged."])


@given(STATEMENTS)
def test_a_long_sentence_gives_no_unfinished_clause(sentence: str) -> None:
    found = title([sentence])
    assert len(found) <= LONGEST
    last = found.split()[-1].lower().strip(",")
    assert last not in NO_END and not last.endswith("ing")
    assert any(did.split()[0] in found.lower() for did in DID)  # who did what, not only who


@given(REPORTS)
def test_a_title_is_not_said_by_somebody_nor_points_to_whom_it_does_not_name(sentences: list[str]) -> None:
    assume(not is_talk(sentences))  # that is named by its things
    found = title(sentences)
    assert not re.search(r"\b(?:I|I'd|[Ww]e|[Mm]e|[Mm]y|[Oo]ur|[Yy]ou|[Ll]et's|[Ww]e're)\b", found)
    assert not re.match(r"(?:He|She|They|His|Her|These|It|Two Women|Company)\b", found)
    assert any(word in found for who in WHO for word in who.split() if len(word) > 3)


@given(
    st.lists(st.sampled_from(["Mill", "Mill (2)", "Mill (2) (2)", "Small Talk", "", "(3)", "x" * 120]), min_size=1),
    st.sets(st.sampled_from(["Mill", "Mill (2)", "Mill (3)", "Small Talk"])),
)
def test_no_title_has_two_numbers(titles: list[str], taken: set[str]) -> None:
    made = topic_finder.free_title([titles[0]], {*taken, *titles})
    assert made not in taken and not re.search(r"\(\d+\) \(\d+\)", made)
    assert 0 < len(made) <= topic_finder.LONGEST_TITLE


@given(REPORTS, st.integers(1, 6))
def test_titles_of_one_chunk_have_one_number_at_most(sentences: list[str], n: int) -> None:
    taken: list[str] = []
    for _ in range(n):
        taken.append(title(sentences, "en", taken))
    assert len(set(taken)) == n
    assert not any(re.search(r"\(\d+\).*\(\d+\)", found) for found in taken)


DAYS = st.builds("{}月{}日".format, st.integers(1, 12), st.integers(1, 31))
HOURS = st.sampled_from(["", "上午", "下午3时", "晚上8点30分许", "凌晨"])


@given(
    day=DAYS,
    hour=HOURS,
    before=st.sampled_from(["从", "自", "至", "截至", "", "当地时间"]),
    after=st.sampled_from(["起", "前", "至9月5日", "的", ""]),
)
@example(day="8月20日", hour="上午", before="", after="")
@example(day="8月20日", hour="上午", before="从", after="起")
def test_a_chinese_day_goes_as_a_whole_or_stays(day: str, hour: str, before: str, after: str) -> None:
    for sentence in (
        f"{before}{day}{hour}{after}云岭大桥封闭检修，绕行路线已经公布。",
        f"云岭市政府{day}{hour}宣布大桥封闭检修。",
        f"云岭大桥{before or '于'}{day}{hour}{after}封闭检修。",
    ):
        for found, _ in chinese.headlines(sentence):
            assert not re.search(
                r"月(?!\d)|(?<!\d)[日号]|(?:从|自|至|截至)(?:起|上午|下午|晚上|凌晨|$)|于(?:起|前|封|宣)", found
            )
            assert "起" not in found or day in found
            assert day not in found or not hour or hour in found  # and its hour with it


CHINESE = [
    "云岭市博物馆重新开放，首日接待观众三千人。",
    "我觉得这座大桥很美，你们应该来看看。",
    "由于暴雨，云岭大桥临时封闭。",
    "然而他并没有同意。",
    "“我们会尽快修好它，”市长说。",
    "陈一在《云岭日报》上发表《大桥",
    "虽然工期很短，施工队仍按时完成了大桥主体工程。",
    "一、大桥工程概况与施工进度的安排",
    "当大桥建成之后，",
    "其中包括三座桥墩。",
]


@given(
    st.lists(
        st.sampled_from(CHINESE) | st.text("大桥我他的，。《》“”8月20日云岭市博物馆开放起从", max_size=40), max_size=8
    )
)
def test_a_chinese_title_is_whole_and_not_said_by_somebody(others: list[str]) -> None:
    found = title([CHINESE[0], *others], "zh")
    assert len(found) <= LONGEST_HAN
    assert not re.search("我|你|[“”]", found)
    assert not re.match("然而|他|其|由于[^，]*$|虽然[^，]*$", found)
    assert found.count("《") == found.count("》")


PATTER = [
    "hi girls",
    "okay okay",
    "hello hello",
    "can you hear me",
    "thank you guys",
    "yeah you know",
    "oh my god you guys",
]
TALK = st.lists(st.sampled_from([*PATTER, *HOST, *SCARF[:3], *KETTLE[:3], "", "。", "ok"]), min_size=1, max_size=300)


@given(TALK)
def test_small_talk_is_one_topic_and_the_last_and_nothing_is_untitled(said: list[str]) -> None:
    groups = Static().compute(RoleRequest("topic_finder", "en", tuple(said))).groups
    labels = [g.label for g in groups]
    small = [k for k, label in enumerate(labels) if topic_finder.is_small_talk(label)]
    assert len(small) <= 2 and small == list(range(len(labels) - len(small), len(labels)))  # one a language
    assert all(labels) and not any("ntitled" in label or "无题" in label for label in labels)
    numbers = [n for g in groups for n in g.numbers]
    assert len(numbers) == len(set(numbers))


def test_one_title_does_not_cover_a_stream_of_several_things() -> None:
    shown = ["okay guys this is the copper kettle", "you can put the copper kettle on the stove", "the kettle is gone"]
    stream = [f"{line} {k}" for k in range(12) for line in [*shown, "you know what i mean", "hi girls"]]
    groups = Static().compute(RoleRequest("topic_finder", "en", tuple(stream))).groups
    items = tuple("\n".join([g.label, *stream[:20]]) for g in groups)
    stories = Static().compute(RoleRequest("relationship_checker", "en", items)).groups
    assert len(groups) == 1 or all(len(g.numbers) < len(groups) for g in stories)


OTHERS = {
    "de": "Der Gemeinderat von Tolver hat am Dienstag beschlossen, den alten Leuchtturm wieder aufzubauen.",
    "es": "El consejo de Tolver aprobó el martes la reconstrucción del viejo faro del puerto.",
    "fr": "Le conseil de Tolver a décidé mardi de reconstruire le vieux phare du port.",
    "ja": "トルバー市議会は火曜日、古い灯台を再建する計画を承認した。",
    "ar": "قرر مجلس مدينة تولفر يوم الثلاثاء إعادة بناء المنارة القديمة في الميناء.",
}


@pytest.mark.parametrize(("language", "sentence"), OTHERS.items())
def test_other_languages_keep_their_own_capitals(language: str, sentence: str) -> None:
    assert title([sentence], language) == sentence.rstrip(".。")


@given(
    st.sampled_from([*OTHERS, "xx"]),
    st.lists(st.sampled_from(list(OTHERS.values())) | st.text(max_size=300), max_size=4),
)
def test_titles_of_other_languages_fit_or_say_that_they_are_cut(language: str, sentences: list[str]) -> None:
    assert 0 < len(title(sentences, language)) <= LONGEST
    for sentence in sentences:
        for found, worth in headlines_in(language)(sentence):
            assert len(found) <= LONGEST and 0 <= worth <= 1


@pytest.mark.parametrize("story", [FERRY, BEES, CHESS, REPORT], ids=["ferry", "bees", "chess", "report"])
def test_capitals_of_captions_are_no_title(story: list[str]) -> None:
    found = title([sentence.upper() for sentence in story])
    assert not found.isupper()


HEADINGS = st.sampled_from(["Pricing", "Overview", "Pictures", "Summary", "Costs"])
NAMED = st.sampled_from([who for who in WHO if not who.startswith(("The", "Harbour"))])


@given(HEADINGS, NAMED, st.sampled_from(DID))
def test_a_heading_that_was_run_together_with_its_sentence_is_no_part_of_a_title(
    heading: str, who: str, did: str
) -> None:
    assert title([f"{heading} {who} {did}.", "The rest followed."]) == title([f"{who} {did}.", "The rest followed."])


@given(
    st.lists(st.sampled_from(["Ada Tarn", "Ole Brandt", "Eva Lund", "Jon Vik"]), min_size=3, unique=True), STATEMENTS
)
def test_a_row_of_names_does_not_stand_where_somebody_does_something(names: list[str], told: str) -> None:
    assert title([", ".join(names), told]) == title([told])


@given(
    st.sampled_from(["March 2031, as the mill was burning", "P Online News", "The lighthouse was not only old"]),
    STATEMENTS,
)
def test_what_lost_its_head_or_its_end_does_not_stand_where_something_is_told(broken: str, told: str) -> None:
    assert title([f"{broken}.", told]) == title([told])


@given(
    st.sampled_from(["procedure", "old procedure", "first legal procedure"]),
    st.sampled_from(["by which", "that", "through which", "which"]),
)
def test_it_is_said_which_one_something_is(thing: str, by: str) -> None:
    told = f"Salvage of the ferry is the {thing} {by} the owners of the Marlinda and their insurers in Port Ellen agree"
    found = title([f"{told} on what the hull, its engines and the cargo are still worth after a storm."])
    assert not found.lower().endswith("procedure")


ABBREVIATED = st.sampled_from(
    ["Mt. Olin", "Ft. Tolver", "Pt. Ellen", "Lt. Dahl", "Tann Bros. Films", "Tann Co. Brewers"]
)


@given(ABBREVIATED, st.sampled_from(DID))
def test_a_title_goes_on_after_an_abbreviation(who: str, did: str) -> None:
    assert title([f"The keepers of {who} {did}."]).startswith(f"Keepers of {who}")


@pytest.mark.parametrize("doing", ["competing", "including", "crashing", "answering"])
def test_what_a_host_does_is_no_thing(doing: str) -> None:
    said = [f"this is the copper kettle for {doing} okay guys", f"you love the copper kettle and the {doing} you know"]
    assert title(said * 6) == "Copper Kettle"


@pytest.mark.parametrize("particle", "哈啊呀呢吧嘛")
def test_a_particle_is_no_part_of_what_a_host_shows(particle: str) -> None:
    said = [f"宝宝们来看这款电热水壶{particle}", f"大家看一下电热水壶{particle}，真的好看{particle}"]
    assert title(said * 6, "zh") == "电热水壶"


@given(st.integers(1, 9), st.sampled_from(["云岭大桥重新开放", "旧灯塔在秋天重建"]))
def test_the_number_of_a_list_is_no_part_of_a_chinese_title(number: int, told: str) -> None:
    assert title([f"{number} {told}。"], "zh") == told


@given(
    st.integers(1950, 2030),
    st.sampled_from(["获云岭大学工学学士学位", "接拍水木剧《云岭》", "从云岭大学毕业"]),
    st.booleans(),
)
def test_who_did_it_stands_in_a_chinese_title_if_anybody_is_named(year: int, did: str, first: bool) -> None:
    named, alone = "林小舟担任云岭剧团团长，剧团设在旧灯塔旁边。", f"{year}年{did}，此后在云岭市工作了二十年。"
    assert title([alone, named] if first else [named, alone], "zh").startswith("林小舟")


@given(st.sampled_from(["市长说", "老人复告众人", "史官问曰"]), st.sampled_from("“「"))
def test_who_speaks_but_not_what_is_no_chinese_title(who: str, mark: str) -> None:
    found = title([f"{who}：{mark}灯塔明年重建。", "云岭大桥重新开放，首日三千人通行。"], "zh")
    assert not found.startswith(who)
