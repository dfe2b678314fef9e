"""What leads from each sentence to its source: place, time, link, the sentences beside it, model and confidence."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html
from lxml.html import HtmlElement

from nightdesk.tasks.edition.articles import parts, whole
from nightdesk.tasks.edition.night import (
    Beside,
    Category,
    EditionDocument,
    EditionStory,
    Paragraph,
    Section,
    Sentence,
    Told,
)
from nightdesk.tasks.edition.pages import write_edition
from nightdesk.tasks.edition.paragraphs import Near, paragraph_html, runs, text_fragment
from nightdesk.tasks.edition.reading.categories import COLOURS, hues_of
from nightdesk.tasks.edition.reading.read_edition import read_edition
from tests.nights import publish_night, said
from tests.tasks.made import DAY

NEWS = ("facts", "opinions", "assumptions", "future_plans")


def opened(page: str) -> HtmlElement:
    return html.document_fromstring(page)


def fold_outs(tree: HtmlElement) -> Iterator[tuple[str, list[str]]]:
    """Yield the summary of each fold-out of the stories and the lines in it."""
    for details in (d for d in tree.iter("details") if d.get("class") != "order"):
        lines = [" ".join(li.text_content().split()) for li in details.iter("li")]
        yield " ".join(details.find("summary").text_content().split()), lines


def set_column(out: Path, table: str, name: str, values: list[object]) -> None:
    """Write a column of the only part of a table anew, as a document of another form would have had it."""
    (part,) = (out / "tables" / table).rglob("*.parquet")
    rows = pq.ParquetFile(part).read()
    field = rows.schema.field(name)
    rows = rows.set_column(rows.schema.get_field_index(name), field, pa.array(values, field.type))
    pq.write_table(rows, part)


def test_each_sentence_says_its_place_its_time_its_file_its_model_and_how_sure_that_was(out: Path) -> None:
    told = {"live": [*said("Pans", "facts", "first", "second"), *said("Pans", "opinions", "third")]}
    publish_night(out, DAY, told, starts={"live": [3725.9, 3730.0, 3800.0]})
    set_column(out, "passages", "confidence", [0.914, None, 0.5])
    set_column(out, "passages", "organizer_model", ["static", "tf-idf", None])
    tree = opened(write_edition(out, DAY).read_text())
    facts, opinions = fold_outs(tree)
    assert facts == (
        "live 1–2 · 1:02:05",
        ["/in/live.txt", "after: 3", "filed by static: 1 at 1:02:05 91 %; tf-idf: 2 at 1:02:10"],
    )
    assert opinions == ("live 3 · 1:03:20", ["/in/live.txt", "before: 2", "filed by no model: 3 at 1:03:20 50 %"])
    assert not [a for a in tree.iter("a") if a.get("href", "").startswith(("file", "/"))]  # a path is text


def test_a_link_to_a_sentence_beside_arrives_on_a_page_that_has_all_of_the_night(out: Path) -> None:
    told = {
        "a": [
            *said("T", "facts", "one"),
            *said("U", "facts", "two"),
            ("", "no topic", "three"),
            *said("T", "x", "four"),
        ],
        "b": said("T", "facts", "other one"),
    }
    publish_night(out, DAY, told)
    tree = opened(write_edition(out, DAY).read_text())
    texts = {e.get("id"): e.text_content() for e in tree.iter("bdi") if e.get("id")}
    led = {a.get("href"): a.text for d in tree.iter("details") for a in d.iter("a")}
    assert {href: texts[href[1:]] for href in led} == {
        "#0.1": "one", "#0.2": "two", "#0.3": "three", "#0.4": "four",
    }  # fmt: skip
    assert all(href.endswith(f".{shown}") for href, shown in led.items())


def test_what_was_not_placed_says_why_and_what_stands_beside_it(out: Path) -> None:
    lost = [("", "topic_locator: the answer left this sentence out", text) for text in ("lost one", "lost two")]
    publish_night(out, DAY, {"a": [*said("T", "facts", "x"), *lost, *said("T", "facts", "y")]})
    tree = opened(write_edition(out, DAY).read_text())
    paragraph = tree.find(".//article[@id='unplaced']//p[@data-d]")
    assert paragraph.find("cite").text == "topic_locator: the answer left this sentence out"
    (fold_out,) = fold_outs(tree.find(".//article[@id='unplaced']"))
    assert fold_out == ("a 2–3", ["/in/a.txt", "before 2: 1", "after 3: 4", "filed by no model: 2 · 3"])


@pytest.mark.parametrize("address", ["https://example.org/news?id=7&x=1", "http://example.org/a#part-2"])
def test_an_address_leads_to_the_very_sentence_and_is_told_nothing(out: Path, address: str) -> None:
    publish_night(out, DAY, {"a": said("T", "facts", "The well-known bridge, over the Ost, is shut for three weeks.")})
    set_column(out, "documents", "source", [address])
    (link,) = [a for d in opened(write_edition(out, DAY).read_text()).iter("details") for a in d.iter("a")]
    page, _, directive = link.get("href").partition(":~:text=")
    assert page == (address if "#" in address else f"{address}#")
    assert unquote(directive) == "The well-known bridge, over the Ost, is"
    assert not set(directive) & set("-,& ")  # which would mean something in the directive
    assert set(link.get("rel").split()) >= {"noopener", "noreferrer"} and link.get("target") == "_blank"


@pytest.mark.parametrize("source", ["javascript:alert(1)", "file:///etc/passwd", "//evil.example", "..\\x", "C:\\x"])
def test_no_other_source_is_linked_to(out: Path, source: str) -> None:
    publish_night(out, DAY, {"a": said("T", "facts", "x")})
    set_column(out, "documents", "source", [source])
    tree = opened(write_edition(out, DAY).read_text())
    assert [a for d in tree.iter("details") for a in d.iter("a")] == []
    assert tree.find(".//details//code").text == source


@given(st.text())
def test_a_fragment_is_of_characters_that_do_nothing_in_an_address(text: str) -> None:
    directive = text_fragment(text).removeprefix(":~:text=")
    assert re.fullmatch(r"[\w.~%]*", directive, re.ASCII)
    assert directive.isascii() and len(directive) <= 12 * 40


@given(st.sets(st.integers(1, 40), min_size=1))
def test_runs_are_the_positions_in_short(positions: set[int]) -> None:
    found = runs([Sentence(p, "", 0, None) for p in sorted(positions)])
    assert sorted(p for first, last in found for p in range(first, last + 1)) == sorted(positions)
    assert all(b[0] > a[1] + 1 for a, b in pairwise(found))


def story(sentences: int, text: str, is_in_story: bool = True) -> EditionStory:
    """Return a story of one paragraph a sentence, told by a document whose other sentences stand beside them."""
    document = EditionDocument(0, "wire", "", "./wire.txt", "en", "news", 10**6, "")
    paragraphs = tuple(
        Paragraph(
            document, (Sentence(2 * k, text, 0.5, None),), Beside(is_in_story, lambda: "BEFORE"), Beside(False, str)
        )
        for k in range(1, sentences + 1)
    )
    section = Section(Category(0, "facts", sentences), paragraphs, sentences)
    return EditionStory("s", (Told(document, "T", sentences),), (section,), None, 1)


def test_on_pages_of_a_large_night_only_what_stands_elsewhere_is_told_again() -> None:
    (part,) = parts(story(3, "x"))
    assert part.sections[0].html().count("before: <a href=#0.") == 3
    (part,) = parts(story(3, "x", is_in_story=False))
    assert part.sections[0].html().count("before: <q>BEFORE</q>") == 3
    assert "<q>" not in whole(story(3, "x", is_in_story=False)).sections[0].html()


def test_a_story_of_several_pages_links_to_no_sentence_that_may_stand_on_another() -> None:
    its = list(parts(story(40, "x" * 100), most=5_000))
    made = [str(section.html()) for part in its for section in part.sections]
    assert len(its) > 1 and sum(m.count("<q>BEFORE</q>") for m in made) == 40
    assert not any("<a " in m for m in made)


def test_a_sentence_beside_is_told_in_the_direction_of_its_language_around_our_words() -> None:
    document = EditionDocument(3, "وثيقة", "", "./x.txt", "ar", "news", 9, "")
    paragraph = Paragraph(document, (Sentence(2, "أعيد فتح الجسر.", 0.5, None),), Beside(False, lambda: "أغلق الجسر."))
    tree = html.fragment_fromstring(str(paragraph_html(paragraph, Near.NOTHING, False, "ar")), create_parent="div")
    details, quote = tree.find("details"), tree.find(".//q")
    assert (details.get("lang"), details.get("dir")) == ("en", "ltr")
    assert (quote.get("lang"), quote.get("dir"), quote.text) == ("ar", "rtl", "أغلق الجسر.")


def test_a_name_of_any_length_is_clipped_wherever_it_is_shown(out: Path) -> None:
    name, title, source = "n" * 10_000, "t" * 10_000, "./" + "s" * 10_000 + "/end.txt"
    publish_night(
        out, DAY, {name: [*said(title, "facts", "x"), ("", "r" * 10_000, "y")]}, unreadable={"u" * 10_000: "no"}
    )
    set_column(out, "documents", "source", [source] * 2)
    tree = opened(write_edition(out, DAY).read_text())
    longest: dict[str, int] = {}
    for e in tree.iter():
        if e.tag not in ("style", "script"):
            for text in (e.text or "", *map(str, e.attrib.values())):
                longest[e.tag] = max(longest.get(e.tag, 0), len(text))
    assert max(longest.values()) <= 420
    assert max(longest[tag] for tag in ("option", "th", "td", "code", "dt")) <= 160
    assert tree.find(".//details//code").text.endswith("s/end.txt")  # of a path, the end is its name


@settings(max_examples=20)
@given(st.sets(st.sampled_from(NEWS), min_size=1))
def test_a_category_has_its_colour_whatever_else_a_night_has(
    tmp_path_factory: pytest.TempPathFactory, occurring: set[str]
) -> None:
    out = tmp_path_factory.mktemp("out")
    publish_night(out, DAY, {"a": [("T", c, c) for c in sorted(occurring)]})
    assert {c.name: c.hue for c in read_edition(out, DAY).categories} == {c: NEWS.index(c) for c in occurring}
    tree = opened(write_edition(out, DAY).read_text())
    for label in tree.xpath("//*[contains(@class, 'chip') or contains(@class, 'label f')]"):
        text = label.text.strip().lower().replace(" ", "_")
        if text in NEWS:
            assert f"f{NEWS.index(text)}" in label.get("class").split()
    bars = {bar.get("class") for bar in tree.iter("rect")}
    assert bars == {f"f{NEWS.index(c)}" for c in occurring}


def test_a_night_of_news_and_commerce_has_eight_colours_and_a_profile_of_ones_own_keeps_its_own() -> None:
    commerce = ("opening", "price", "order_urging", "product_description")
    both = hues_of([commerce, NEWS], [])
    assert [both[c] for c in NEWS] == [0, 1, 2, 3] and len(set(both.values())) == COLOURS
    own = ("rumours", "facts", "denials")
    assert hues_of([own], []).items() <= hues_of([NEWS, own], []).items()
    assert len(set(hues_of([own], []).values())) == 3
    assert hues_of([], ["rumours", "denials"])["denials"] == hues_of([], ["denials"])["denials"]


def test_a_night_whose_languages_are_not_known_has_no_column_for_them(out: Path) -> None:
    publish_night(out, DAY, {"a": said("T", "facts", "x")}, {"T": "t"}, {"a": "en"})
    assert "Language" in {e.text for e in opened(write_edition(out, DAY).read_text()).iter("th")}
    set_column(out, "documents", "language", [None])
    tree = opened(write_edition(out, DAY).read_text())
    assert "Language" not in {e.text for e in tree.iter("th")}
    assert len(tree.findall(".//tbody/tr/td")) == len(tree.findall(".//thead//th")) - 1
