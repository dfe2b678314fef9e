"""Pages: the article where there is one, else all that is shown; and no page brings the reader down."""

from pathlib import Path

import pytest

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.formats import html
from tests.tasks.reading.written import PAGE, one, read


def test_a_page_is_its_article_under_its_headline(tmp_path: Path) -> None:
    d = one(tmp_path / "pool.html", PAGE)
    assert (d.doc_id, d.title) == ("pool", "Council shuts the pool")
    assert d.texts == (
        "The council voted on Monday to close the pool.",
        '"It is a loss," said Ann Day.',
        "What next",
        "The pool shuts on 3 May.",
        "Members get their money back & a free swim in June.",
        "The lido opens in June.",
    )


def test_a_page_without_an_article_is_all_that_it_shows(tmp_path: Path) -> None:
    page = "<p>Shut.<br>Again<!-- not this -->!</p><script>no</script><div>Ferries <i>run</i></div>tail"
    assert one(tmp_path / "a.htm", page).texts == ("Shut.", "Again!", "Ferries run", "tail")


@pytest.mark.parametrize("page", ["<script>x</script>", "<html></html>", "", "   ", "<!-- -->"])
def test_a_page_that_shows_nothing_is_refused(tmp_path: Path, page: str) -> None:
    with pytest.raises(InputError, match=r"a\.html: "):
        read(tmp_path / "a.html", page)


@pytest.mark.parametrize("text", ["<" * 5_000, "<div>" * 5_000 + "x", "&#0;&#xd800;x", "]]>"])
def test_no_page_brings_the_reader_down(text: str) -> None:
    shown = [*html.read_fragment(text).sentences(), *html.read(text + "<p>x").sentences()]
    assert {c for s in shown for c in s[1]} <= {*text, "x", "\ufffd"}  # it invents nothing


STORY = "".join(
    f"<p>The {word} street was shut for most of the morning, and nobody could say why.</p>"
    for word in ("first", "second", "third")
)


TABLE = (
    "<table><thead><tr><th>Party<th>Seats</tr></thead><tbody><tr><td>Blue</td><td><p>12</p></td></tr>"
    "<tr><td><a href='x'>Red</a></td><td></td><td>9 <b>(+2)</b></td></tr></tbody></table>"
)


@pytest.mark.parametrize(
    "page", ["TABLE", "STORYTABLE", "<article>STORYTABLE</article><footer><p>All rights reserved by us.</p>"]
)
def test_a_row_of_a_table_is_a_line(tmp_path: Path, page: str) -> None:
    page = page.replace("STORY", STORY).replace("TABLE", TABLE)
    texts = one(tmp_path / "a.html", f"<html><body>{page}</body></html>").texts
    assert [t for t in texts if t.startswith(("Party", "Blue", "Red"))] == ["Party, Seats", "Blue, 12", "Red, 9 (+2)"]


def test_a_table_that_lays_out_a_page_is_no_row(tmp_path: Path) -> None:
    page = f"<table><tr><td>Menu</td><td>{STORY}</td></tr></table>"
    assert len(one(tmp_path / "a.html", page).texts) in (3, 4)


def test_entities_that_show_are_characters(tmp_path: Path) -> None:
    assert one(tmp_path / "a.html", "<p>Salt &amp;amp; pepper&amp;#8217;s &amp;quot;mill&amp;quot;.</p>").texts == (
        'Salt & pepper’s "mill".',
    )


def test_a_paragraph_with_a_tag_for_every_word_is_read_whole(tmp_path: Path) -> None:
    words = " ".join(f"<b>word{k}.</b>" for k in range(20_000))
    (found,) = read(tmp_path / "a.html", f"<nav>Menu</nav><article><p>{words}</p></article>")
    assert isinstance(found, Document)
    said = " ".join(found.texts)
    assert all(f"word{k}." in said for k in (0, 9_999, 19_999))
