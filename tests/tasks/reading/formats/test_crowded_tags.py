"""A tag with more attributes than any page has is refused before a parser compares them with each other."""

from pathlib import Path

import pytest

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.formats.crowded_tags import MOST, refuse_crowded
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.written import PAGE, read, rss, summary, write


def attributes(n: int, written: str = "a{}=b") -> str:
    return " ".join(written.format(k) for k in range(n))


@pytest.mark.parametrize("written", ["a{}", "a{}=b", "a{} = 'b>c'", 'a{}="<p>"', 'a{}=b"c'])
def test_a_crowded_tag_is_refused_with_its_line(written: str) -> None:
    with pytest.raises(DocumentError, match="line 2: a tag of more than 1,000 attributes"):
        refuse_crowded(f"<p>\n<p {attributes(MOST + 2, written)}>x</p>")


def test_attributes_that_touch_each_other_are_counted() -> None:
    with pytest.raises(DocumentError, match="more than 1,000"):
        refuse_crowded("<p " + "a='b'" * 2 * MOST + ">")


@pytest.mark.parametrize(
    "text",
    [
        PAGE * 50,
        f"<p {attributes(MOST - 1)}>x</p>",
        "<script>if (a<b) {" + "x y " * MOST + "</script><p>x</p>",
        "<!-- <p " + "x y " * MOST + "--><p>x</p>",
        "<!--" * 5_000,
        "<script" * 5_000,
        "<p title='" + "a b " * MOST + "'>x</p>",
        "a < b " * MOST,
    ],
)
def test_other_pages_are_not(text: str) -> None:
    refuse_crowded(text)


def test_a_crowded_page_and_a_crowded_entry_are_refused_and_others_are_read(tmp_path: Path) -> None:
    write(tmp_path / "in" / "good.html", PAGE)
    write(tmp_path / "in" / "page.html", f"<p {attributes(MOST + 2)}>x</p>")
    found = list(check_sources([str(tmp_path / "in")], DAY).documents())
    assert [d.title for d in found if isinstance(d, Document)] == ["Council shuts the pool"]
    assert "more than 1,000 attributes" in dict(summary(found))["page"]
    crowded = f"<guid>a</guid><description><![CDATA[<p {attributes(MOST + 2)}>x</p>]]></description>"
    found = read(tmp_path / "wire.xml", rss(crowded, "<guid>b</guid><description>It rained.</description>"))
    assert summary(found)[1] == ("b", "It rained.")
    assert "more than 1,000 attributes" in summary(found)[0][1]
