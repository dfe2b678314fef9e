"""The order of stories: sources, then what is new, then length; sales talk after the news, small talk last."""

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.edition import environment
from nightdesk.tasks.edition.front import standing
from nightdesk.tasks.edition.night import LANGUAGES, Edition
from nightdesk.tasks.edition.reading.languages import languages_of
from nightdesk.tasks.edition.reading.read_edition import read_edition
from nightdesk.tasks.roles.topic_finder import is_small_talk
from tests.nights import Said, publish_night, said
from tests.tasks.made import DAY

NEXT_DAY = DAY + timedelta(days=1)
HOUSES = ("wire", "radio", "post")
STORY = st.tuples(
    st.sets(st.sampled_from(HOUSES), min_size=1),  # who tells it
    st.integers(1, 6),  # sentences of each
    st.sampled_from(["new", "goes on", "nothing new"]),
)


def read(out: Path, day: date = DAY) -> Edition:
    return read_edition(out, day)


def order_of(out: Path, day: date = DAY) -> list[str]:
    return [story.title for story in read(out, day).stories]


@settings(max_examples=25, deadline=None)
@given(st.lists(STORY, min_size=1, max_size=8))
def test_no_story_stands_before_one_of_more_sources_of_more_news_or_of_more_sentences(
    tmp_path_factory: pytest.TempPathFactory, stories: list[tuple[set[str], int, str]]
) -> None:
    before: dict[str, list[Said]] = {house: [] for house in HOUSES}
    tonight: dict[str, list[Said]] = {house: [] for house in HOUSES}
    for k, (houses, sentences, novelty) in enumerate(stories):
        for house in sorted(houses):
            its = said(f"T{k} {house}", "facts", *(f"{k}.{j} of {house}" for j in range(sentences)))
            tonight[house] += its
            if novelty != "new":
                before[house] += its if novelty == "nothing new" else its + said(its[0][0], "facts", "more then")
    out = tmp_path_factory.mktemp("out")
    story_of = {f"T{k} {house}": f"story {k}" for k in range(len(stories)) for house in HOUSES}
    publish_night(out, DAY, {h: its for h, its in before.items() if its} or {"x": said("X", "facts", "x")}, story_of)
    publish_night(out, NEXT_DAY, {h: its for h, its in tonight.items() if its}, story_of, run_id="run-2")
    ranks = []
    for story in read(out, NEXT_DAY).stories:
        houses, sentences, novelty = stories[int(story.story_id.removeprefix("story "))]
        assert (story.sources, story.sentences) == (len(houses), sentences * len(houses))
        assert (story.is_new, story.is_old) == (novelty == "new", novelty == "nothing new")
        ranks.append((story.sources, novelty != "nothing new", story.sentences))
    assert ranks == sorted(ranks, reverse=True)


def test_what_two_houses_tell_shortly_goes_before_what_one_tells_at_length_and_the_page_says_why(out: Path) -> None:
    told = {"wire": said("Bridge", "facts", "a") + said("Hearing", "facts", *"cdefgh"), "post": said("B", "facts", "b")}
    publish_night(out, DAY, told, {"Bridge": "bridge", "B": "bridge"})
    bridge, hearing = read(out).stories
    assert (standing(bridge), standing(hearing)) == ("2 sources · 2 sentences", "1 source · 6 sentences")
    assert (standing(bridge, short=True), standing(hearing, short=True)) == ("2 sources · 2", "6")


@pytest.mark.parametrize(
    ("told_by", "sources"),
    [
        (["agency/one", "agency/two", "radio"], 2),  # a folder is a house
        (["one", "two", "three"], 3),
        (["all/one", "all/two"], 2),  # a folder that holds everything says nothing
    ],
)
def test_files_of_one_folder_are_one_source(out: Path, told_by: list[str], sources: int) -> None:
    told = {doc_id: said(f"T {doc_id}", "facts", f"{doc_id} says so") for doc_id in told_by}
    told["other" if "all/one" not in told_by else "all/other"] = said("Other", "facts", "x")
    publish_night(out, DAY, told, {f"T {doc_id}": "one" for doc_id in told_by})
    story = next(s for s in read(out).stories if s.story_id == "one")
    assert (story.sources, story.documents) == (sources, len(told_by))


def test_one_site_one_file_and_one_agency_are_one_source_each(out: Path) -> None:
    sources = {
        "https://north.example/a": "https://north.example/a",
        "https://north.example/b": "https://www.north.example/b?x=1",
        "rows#1": "in/rows.jsonl",
        "rows#2": "in/rows.jsonl",
        "morning": "in/morning.txt",
        "evening": "in/evening.txt",
    }
    told = {d: said(f"T {d}", "facts", f"{d} has it.") for d in sources}
    told["morning"] = said("T morning", "facts", "KESTREL (Reuters) - The bridge is shut.")
    told["evening"] = said("T evening", "facts", "Reuters — The bridge is still shut.")
    publish_night(out, DAY, told, {f"T {d}": "one" for d in told}, sources=sources)
    (story,) = read(out).stories
    assert (story.documents, story.sources) == (6, 3)


def test_a_text_that_two_documents_carry_counts_once(out: Path) -> None:
    copied = said("Bridge", "facts", "The bridge is shut.", "It opens in May.")
    own = said("Bridge", "facts", "The bridge was shut.", "We were there.")
    publish_night(out, DAY, {"wire": copied, "post": copied, "radio": own})
    (story,) = read(out).stories
    assert (story.documents, story.sources) == (3, 2)


def test_a_story_of_an_earlier_night_with_something_new_stands_by_its_length(out: Path) -> None:
    publish_night(out, DAY, {"wire": said("Running", "facts", "a", "b") + said("Again", "facts", *"cdef")})
    tonight = said("Running", "facts", "g", "h", "i") + said("Again", "facts", *"cdef") + said("Fresh", "facts", "j")
    publish_night(out, NEXT_DAY, {"wire": tonight}, run_id="run-2")
    stories = read(out, NEXT_DAY).stories
    assert [(s.title, standing(s)) for s in stories] == [
        ("Running", "1 source · 3 sentences · goes on"),
        ("Fresh", "1 source · 1 sentence · new"),
        ("Again", "1 source · 4 sentences · nothing new"),
    ]


def test_nights_that_are_longer_ago_than_a_story_is_followed_are_not_asked(out: Path) -> None:
    publish_night(out, DAY, {"wire": said("Bridge", "facts", "a")})
    later = DAY + timedelta(days=8)
    publish_night(out, later, {"wire": said("Bridge", "facts", "a")}, run_id="run-2")
    (story,) = read(out, later).stories
    assert (story.since, story.is_old, story.is_new) == (None, False, False)


SELLS = (
    "Okay guys, you can order the kettle by tapping the link.",
    "Yeah, your price today is ten pounds, girls.",
    "You get free shipping if you click the basket, okay?",
    "I'm telling you guys, there are five left in stock.",
)
SELLS_ZH = ("宝宝们你看啊，这个锅下单就送券哦。", "呃，库存还剩三单啊，您快拍。", "好的呀，链接在直播间里呢，包邮哈。")


@pytest.mark.parametrize(
    ("talk", "language", "pool"), [(SELLS, "en", "small-talk-en"), (SELLS_ZH, "zh", "small-talk-zh")]
)
def test_shop_patter_among_the_news_is_one_story_and_the_last(
    out: Path, talk: tuple[str, ...], language: str, pool: str
) -> None:
    live = said("Kettle", "facts", *talk * 4) + said("Pans", "opinions", *talk * 3)
    publish_night(
        out, DAY, {"live": live, "wire": said("Bridge", "facts", "The bridge is shut.")}, languages={"live": language}
    )
    bridge, last = read(out).stories
    assert (bridge.title, last.story_id, last.is_pooled) == ("Bridge", pool, True)
    assert [t.title for t in last.told] == ["Kettle", "Pans"]  # nothing is lost
    assert last.sentences == 7 * len(talk)


def test_products_of_a_profile_that_sells_keep_their_names_and_stand_after_the_news(out: Path) -> None:
    publish_night(out, DAY, {"wire": said("Bridge", "facts", "The bridge is shut.")})
    live = said("Kettle", "price", *SELLS * 3) + said("Hello there", "opening", *SELLS)
    publish_night(out, DAY, {"live": live}, profile="commerce", run_id="run-2")
    assert order_of(out) == ["Bridge", "Kettle", "Small Talk"]
    publish_night(out, NEXT_DAY, {"live": live}, profile="commerce", run_id="run-3")
    assert order_of(out, NEXT_DAY) == ["Kettle", "Small Talk"]


TALK_SHOW = (
    "You were there when the bridge was shut, weren't you?",
    "I'm an engineer, and you learn to look twice.",
    "Okay, so what did your team see?",
    "We're sure that the crack is old.",
)
MARKET = (
    "Prices of copper rose by four per cent, and orders fell.",
    "The bank left its discount rate alone.",
    "Shipping costs two thousand dollars a box.",
    "The company sells its stock at ten pounds.",
)


@pytest.mark.parametrize("texts", [TALK_SHOW, MARKET, SELLS[:1]])
def test_an_interview_a_market_report_and_one_line_of_selling_are_news(out: Path, texts: tuple[str, ...]) -> None:
    publish_night(out, DAY, {"radio": said("Talk", "facts", *texts * (1 if len(texts) == 1 else 6))})
    assert [s.is_pooled for s in read(out).stories] == [False]


@given(st.lists(st.sampled_from([f"x{k}" for k in range(12)]), min_size=1, max_size=40))
def test_every_document_has_a_language_of_the_filter_and_no_more_than_the_style_sheet_knows(codes: list[str]) -> None:
    documents = pa.table({"language": codes, "sentences": [1] * len(codes)})
    languages, number_of = languages_of(documents)
    assert [language.index for language in languages] == list(range(len(languages)))
    assert len(languages) == min(len(set(codes)), LANGUAGES)
    named = [languages[k].code for k in number_of.tolist()]
    assert all(name in (code, "") for name, code in zip(named, codes, strict=True))
    assert named.count("") == 0 or len(set(codes)) > LANGUAGES
    style = (Path(environment.__file__).parent / "style.css").read_text()
    assert f'[value="l{LANGUAGES - 1}"]' in style and f'[value="l{LANGUAGES}"]' not in style


@pytest.mark.parametrize(
    ("title", "is_pooled"),
    [
        ("Small Talk", True),
        ("Small Talk (2)", True),
        ("闲聊 (12)", True),
        ("Small Talk of Bridges", False),
        ("Talk", False),
    ],
)
def test_small_talk_is_what_the_topic_finder_calls_so(out: Path, title: str, is_pooled: bool) -> None:
    assert is_small_talk(title) == is_pooled
    publish_night(out, DAY, {"live": said("Bridge", "facts", "x") + said(title, "facts", "a", "b", "c")})
    *_, last = read_edition(out, DAY).stories
    assert last.is_pooled == is_pooled
    assert not is_pooled or is_small_talk(last.title)
