"""The edition: what a night's page says, and that it is put in place whole and last."""

import re
from datetime import date
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.edition.environment import anchor
from nightdesk.tasks.edition.index import write_index
from nightdesk.tasks.edition.pages import edition_path, write_edition
from nightdesk.tasks.edition.reading.read_edition import read_edition
from nightdesk.tasks.edition.shown import shown
from nightdesk.tasks.edition.whole_page import night_page
from nightdesk.tasks.errors import InputError, PublishError
from tests.nights import publish_night, said
from tests.tasks.made import DAY, files

NEXT_DAY = date(2026, 3, 2)


class Read(HTMLParser):
    """What a browser would make of a page: its elements, and the text outside style and script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self._silent = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._silent = tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text += data


def test_a_story_that_goes_on_leads_back_to_the_last_night_that_had_it(out: Path) -> None:
    for day in (DAY, NEXT_DAY):
        publish_night(out, day, {"wire": said("Bridge", "facts", "x")}, run_id=f"run-{day.day}")
    write_edition(out, DAY)
    page = write_edition(out, NEXT_DAY).read_text()
    assert 'href="../2026-03-01/index.html#s-Bridge"' in page
    assert "goes on from" not in edition_path(out, DAY).read_text()


def test_what_was_spoken_says_when(out: Path) -> None:
    told = {"live": said("Pans", "facts", "first", "second"), "wire": said("Bridge", "facts", "x")}
    publish_night(out, DAY, told, starts={"live": [3725.9, 3730.0]})
    text = Read(write_edition(out, DAY).read_text()).text
    text = " ".join(text.split())
    assert "first second live 1–2 · 1:02:05" in text
    assert "filed by static: 1 at 1:02:05 50 % · 2 at 1:02:10 50 %" in text
    assert text.count("1:02:05") == 3  # of the front page's extract, of the fold-out and in it
    assert text.count("1:02:10") == 1


def test_nothing_is_lost_unplaced_and_unreadable_stand_with_their_reasons(out: Path) -> None:
    told = {
        "a": [*said("T", "facts", "x"), ("", "topic_locator: left out", "lost one")],
        "b": [("", "no topic", "two")],
    }
    publish_night(out, DAY, told, unreadable={"c": "c.txt: a NUL byte"})
    read = Read(write_edition(out, DAY).read_text())
    for text in ("lost one", "topic_locator: left out", "two", "no topic", "c.txt: a NUL byte", "1 of 3 placed"):
        assert text in read.text


def test_a_night_of_nothing_but_unreadable_documents_has_an_edition(out: Path) -> None:
    publish_night(out, DAY, {}, unreadable={"c": "c.txt: a NUL byte"})
    read = Read(write_edition(out, DAY).read_text())
    assert "No story was told" in read.text and "c.txt: a NUL byte" in read.text


@settings(max_examples=15)
@given(st.lists(st.tuples(st.sampled_from(["", "A", "B"]), st.sampled_from("xyz"), st.text()), min_size=1, max_size=30))
def test_every_sentence_stands_on_the_page(
    tmp_path_factory: pytest.TempPathFactory, texts: list[tuple[str, str, str]]
) -> None:
    out = tmp_path_factory.mktemp("out")
    clean = [(t, c, text.encode("utf-8", "replace").decode()) for t, c, text in texts]
    publish_night(out, DAY, {"a": clean})
    page = night_page(read_edition(out, DAY))
    assert all(f">{escape(shown(text))}</bdi>" in page for _, _, text in clean)


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</style></script><svg onload=alert(1)>",
    '" autofocus onfocus="alert(1)',
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &amp;",
)


def test_hostile_text_titles_and_names_stand_as_text(out: Path) -> None:
    told = {h: said(h, h, h) for h in HOSTILE}
    publish_night(out, DAY, told, unreadable={"<u>bad</u>": "<b>reason</b>"}, profile="<i>mine</i>")
    harmless = {"a": said("T", "c", "x")}
    publish_night(out, NEXT_DAY, harmless, unreadable={"bad": "reason"}, profile="mine", run_id="run-2")
    read, plain = Read(night_page(read_edition(out, DAY))), Read(night_page(read_edition(out, NEXT_DAY)))
    assert read.tags - {"nav", "div"} <= plain.tags | {"optgroup"}
    for h in HOSTILE:
        assert read.text.count(h) >= 3
    write_edition(out, DAY)
    assert not Read((out / "editions" / "index.html").read_text()).tags & {"img", "svg onload", "u", "b"}


def test_what_is_written_from_the_right_stands_so(out: Path) -> None:
    told = {"he": said("הגשר נסגר", "facts", "הגשר נסגר."), "wire": said("Bridge", "facts", "x")}
    publish_night(out, DAY, told, languages={"he": "he"})
    page = write_edition(out, DAY).read_text(encoding="utf-8")
    assert f'<article id="{anchor("הגשר נסגר")}" lang="he" dir="rtl">' in page
    assert '<article id="s-Bridge" lang="en" dir="ltr">' in page


def test_the_page_allows_itself_nothing_from_outside(out: Path) -> None:
    publish_night(out, DAY, {"a": said("T", "facts", "x")})
    page = write_edition(out, DAY).read_text()
    assert "default-src 'none'" in page and "'unsafe-inline'" not in page
    assert re.findall(r'(?:src|href)="((?!#|data:|\.\./)[^"]*)"', page) == []
    assert not re.search(r"\son\w+=|\sstyle=", page)


def test_the_index_tells_of_every_night_newest_first(out: Path) -> None:
    for day in (DAY, NEXT_DAY):
        publish_night(out, day, {"wire": said(f"Bridge, day {day.day}", "facts", "x")}, run_id=f"run-{day.day}")
        write_edition(out, day)
    (edition_path(out, DAY).with_name("night.json")).write_text("{broken")
    text = Read((out / "editions" / "index.html").read_text()).text
    assert text.index("Monday, 2 March 2026") < text.index("Bridge, day 2") < text.index("Sunday, 1 March 2026")
    write_edition(out, NEXT_DAY)  # a night whose summary is broken is listed all the same
    text = Read((out / "editions" / "index.html").read_text()).text
    assert "Sunday, 1 March 2026" in text and "Bridge, day 1" not in text


@pytest.mark.parametrize(
    "short", ['{"stories": "<b>"}', '["x"]', "{}", '"\\ud800"', "[" * 100_000, '{"headlines": [{"title": "\\ud800"}]}']
)
def test_a_summary_that_somebody_else_wrote_takes_no_index_away(out: Path, short: str) -> None:
    publish_night(out, DAY, {"wire": said("Bridge", "facts", "x")})
    write_edition(out, DAY).with_name("night.json").write_text(short)
    write_index(out)
    assert "Sunday, 1 March 2026" in Read((out / "editions" / "index.html").read_text()).text


def test_control_characters_reach_no_file_raw(out: Path) -> None:
    publish_night(out, DAY, {"a\x07b": said("T\x08", "facts", "x\0y\x1b[31m\u202ez")}, unreadable={"c\x1b": "no\x9bpe"})
    write_edition(out, DAY)
    for name in ("index.html", f"{DAY}/index.html", f"{DAY}/night.json"):
        written = (out / "editions" / name).read_text(encoding="utf-8")
        assert not re.search(r"[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", written), name
    page = Read(edition_path(out, DAY).read_text(encoding="utf-8")).text
    assert "x\u2400y\u241b[31m\ufffdz" in page and "T\u2408" in page


def test_an_edition_is_there_whole_or_as_it_was(out: Path) -> None:
    publish_night(out, DAY, {"wire": said("Bridge", "facts", "x")})
    before = write_edition(out, DAY).read_bytes()
    assert write_edition(out, DAY).read_bytes() == before
    next((out / "tables" / "passages").rglob("*.parquet")).write_bytes(b"PAR1 broken")
    with pytest.raises(InputError, match=r"passages cannot be read: .*run-1-1.parquet"):
        write_edition(out, DAY)
    assert edition_path(out, DAY).read_bytes() == before
    assert {f for f in files(out) if f.startswith("editions/")} == {
        "editions/index.html",
        "editions/2026-03.html",
        "editions/2026-03-01/index.html",
        "editions/2026-03-01/night.json",
    }


def test_a_date_for_which_nothing_was_published_is_named(out: Path) -> None:
    with pytest.raises(InputError, match="2026-03-01: nothing was published"):
        write_edition(out, DAY)
    assert files(out) == set()


def test_where_it_cannot_be_written_is_named(out: Path) -> None:
    publish_night(out, DAY, {"wire": said("Bridge", "facts", "x")})
    (out / "editions").write_text("in the way")
    with pytest.raises(PublishError, match=r"editions/2026-03-01: cannot be written"):
        write_edition(out, DAY)
