"""Nights that are too large for one page: every sentence stands once, every link arrives, no file is large."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html
from lxml.html import HtmlElement

from nightdesk.tasks.edition.index import write_index
from nightdesk.tasks.edition.paged import STORIES, put_pages
from nightdesk.tasks.edition.pages import edition_path, remove_edition, write_edition
from nightdesk.tasks.edition.pagination import FILE_BYTES
from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.forget.document import forget_document
from tests.hostile import hostile, night_of
from tests.nights import Said, publish_night, said
from tests.tasks.made import DAY

NEXT_DAY = date(2026, 3, 2)
LONG = "x" * 180


def large(documents: int = 260, each: int = 24) -> dict[str, list[Said]]:
    """Return documents of two stories each, 2 MB and more in all, of which some sentences are unplaced."""
    told: dict[str, list[Said]] = {}
    for k in range(documents):
        texts = [f"{k}.{j} {LONG}" for j in range(2 * each)]
        told[f"wire/{k:04}"] = [
            *said(f"First of {k}", "facts", *texts[:each]),
            *said(f"Second of {k}", "opinions", *texts[each:-1]),
            ("", "no topic", texts[-1]),
        ]
    return told


def pages_of(folder: Path) -> dict[str, HtmlElement]:
    """Read the pages of an edition by their names."""
    return {p.name: html.document_fromstring(p.read_text(encoding="utf-8")) for p in sorted(folder.glob("*.html"))}


def sentences_on(pages: Mapping[str, HtmlElement]) -> Counter[str]:
    """Count the sentences in the stories, and among what is unplaced, of all pages."""
    return Counter(b.text for page in pages.values() for b in page.xpath("//main//bdi[@data-n]"))


def broken_links(editions: Path) -> list[tuple[str, str]]:
    """Return the links in editions that lead to no page, or to none that has their anchor."""
    pages = {p: html.document_fromstring(p.read_text(encoding="utf-8")) for p in editions.rglob("*.html")}
    anchors = {p.resolve(): set(page.xpath("//@id")) for p, page in pages.items()}
    broken = []
    for path, page in pages.items():
        for href in page.xpath("//a/@href"):
            file, _, anchor = href.partition("#")
            ids = anchors.get((path.parent / file).resolve() if file else path.resolve())
            if ids is None or (anchor and anchor not in ids):
                broken.append((path.name, href))
    return broken


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A large night, and one after it that goes on with its stories."""
    out = tmp_path_factory.mktemp("large")
    for day in (DAY, NEXT_DAY):
        publish_night(out, day, large(), unreadable={"bad": "bad.txt: NUL"}, run_id=f"run-{day.day}")
        write_edition(out, day)
    return out


def test_every_sentence_stands_on_one_page(written: Path) -> None:
    pages = pages_of(edition_path(written, DAY).parent)
    assert sentences_on(pages) == Counter(text for its in large().values() for _, _, text in its)
    told = {name: len(page.xpath("//main/article[not(@id='unplaced')]")) for name, page in pages.items()}
    assert max(told.values()) == STORIES and sum(told.values()) == 520


def test_every_link_arrives_from_the_nights_after_it_and_the_index_too(written: Path) -> None:
    assert broken_links(written / "editions") == []
    pages = pages_of(edition_path(written, NEXT_DAY).parent)
    since = [href for page in pages.values() for href in page.xpath("//li[@class='since']/a/@href")]
    assert len(since) == 520 and len({href.partition("#")[0] for href in since}) > 3
    listed = [
        href for name, page in pages.items() if name.startswith("headlines") for href in page.xpath("//main//a/@href")
    ]
    assert len(set(listed)) == 520
    named = pages["index.html"].xpath("//nav[@class='pages']//a/@href")
    assert {n for n in pages if n.startswith("stories")} <= set(named)


def test_the_filters_of_a_page_are_those_of_what_stands_on_it(written: Path) -> None:
    page = pages_of(edition_path(written, DAY).parent)["stories-0002.html"]
    options = {o.get("value"): o.text for o in page.xpath("//select/option")}
    assert set(options) - {""} == set(page.xpath("//main//p/@data-d"))
    chips = {c.get("data-c"): int(c.find("span").text.replace(",", "")) for c in page.xpath("//button[@data-c]")}
    for category, sentences in chips.items():
        assert len(page.xpath(f"//main//section[@data-c='{category}']//bdi[@data-n]")) == sentences


def test_no_file_is_large_and_the_same_tables_make_the_same_files(written: Path) -> None:
    folder = edition_path(written, NEXT_DAY).parent
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert max(map(len, before.values())) <= FILE_BYTES
    write_edition(written, NEXT_DAY)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_story_that_no_page_can_hold_goes_on_from_page_to_page(out: Path) -> None:
    texts = [f"{k} {LONG}" for k in range(12_000)]
    told = {"wire": said("Long", "facts", *texts, "y" * 2_500_000), "radio": said("Short", "facts", "z")}
    publish_night(out, DAY, told)
    write_edition(out, DAY)
    folder = edition_path(out, DAY).parent
    pages = pages_of(folder)
    assert max(p.stat().st_size for p in folder.iterdir()) <= FILE_BYTES
    assert broken_links(out / "editions") == []
    parts = {name: page.xpath("//article[starts-with(@id, 's-Long')]") for name, page in pages.items()}
    assert [len(its) for its in parts.values() if its] == [1] * sum(map(bool, parts.values()))
    story = [b.text for its in parts.values() for part in its for b in part.xpath(".//bdi[@data-n]")]
    assert story[:12_000] == texts and "".join(story[12_000:]) == "y" * 2_500_000
    assert pages["index.html"].xpath("//h2/a/@href") == ["stories-0001.html#s-Long"]


def test_a_night_that_got_smaller_leaves_no_page_behind(out: Path) -> None:
    publish_night(out, DAY, large(), unreadable={"bad": "bad.txt: NUL"})
    folder = write_edition(out, DAY).parent
    assert len(list(folder.iterdir())) > 8
    assert "wire/0000" in (folder / "documents-0001.html").read_text()
    for part in (out / "tables").rglob("*.parquet"):
        part.unlink()
    publish_night(out, DAY, {"wire": said("Bridge", "facts", "x")})
    write_edition(out, DAY)
    assert {p.name for p in folder.iterdir()} == {"index.html", "night.json"}


def test_a_document_that_is_forgotten_leaves_every_page(out: Path) -> None:
    publish_night(out, DAY, large(), unreadable={"bad": "bad.txt: NUL"})
    folder = write_edition(out, DAY).parent
    assert forget_document(out, "wire/0007")["left"] == []
    assert not [
        p.name for p in folder.glob("*.html") if "wire/0007" in p.read_text() or f">7.0 {LONG}" in p.read_text()
    ]
    remove_edition(out, DAY)
    assert not folder.exists()


def test_a_front_page_that_could_not_be_written_leaves_one_whose_pages_are_there(out: Path) -> None:
    publish_night(out, DAY, large())
    folder = write_edition(out, DAY).parent
    before = (folder / "index.html").read_bytes()
    publish_night(out, DAY, large(270), run_id="run-2")
    (folder / "_index.html").mkdir()
    with pytest.raises(PublishError):
        write_edition(out, DAY)
    assert (folder / "index.html").read_bytes() == before
    there = {p.name for p in folder.iterdir()}
    page = html.document_fromstring(before.decode())
    assert {h.partition("#")[0] for h in page.xpath("//a/@href") if not h.startswith(("#", ".."))} <= there


@settings(max_examples=10, deadline=None)
@given(st.lists(st.sampled_from([t[:150] for t in hostile("https://evil.example/")]), min_size=7, max_size=7))
def test_hostile_text_adds_no_element_to_any_page(texts: Sequence[str]) -> None:
    def outline(told: Sequence[str]) -> dict[str, list[tuple[str, list[str]]]]:
        numbers = count()
        pages: dict[str, str] = {}
        put_pages(night_of(lambda: told[next(numbers) % 7], 20, 1), lambda story: "index.html", pages.__setitem__)
        return {n: [(e.tag, sorted(e.attrib)) for e in html.document_fromstring(p).iter()] for n, p in pages.items()}

    assert outline(texts) == outline([f"text {k}" for k in map(texts.index, texts)])


def test_the_index_has_the_newest_nights_and_each_month_a_page_that_only_its_own_nights_change(out: Path) -> None:
    (out / "_staging").mkdir(parents=True)
    days = [date(2026, month, day) for month in (1, 2, 3) for day in range(1, 16)]
    for day in days:
        edition_path(out, day).parent.mkdir(parents=True)
        edition_path(out, day).write_text("<!doctype html><p>A night")
    write_index(out)
    editions = out / "editions"
    index = pages_of(editions)["index.html"]
    assert index.xpath("//h2/a/@href") == [f"{d}/index.html" for d in sorted(days, reverse=True)[:30]]
    assert index.xpath("//nav/a/@href") == ["2026-03.html", "2026-02.html", "2026-01.html"]
    assert len(pages_of(editions)["2026-01.html"].xpath("//h2/a")) == 15
    assert broken_links(editions) == []
    (editions / "2026-01.html").write_text("as it was")
    (editions / "2026-02.html").unlink()  # as in an OUT of an earlier version
    remove_edition(out, days[-1])
    assert (editions / "2026-01.html").read_text() == "as it was"
    pages = pages_of(editions)
    assert [len(pages[f"2026-0{m}.html"].xpath("//h2/a")) for m in (2, 3)] == [15, 14]
    for day in days[30:-1]:
        remove_edition(out, day)
    assert not (editions / "2026-03.html").exists()
