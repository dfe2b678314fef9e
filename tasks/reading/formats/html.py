"""`.html`: the article of a page, by trafilatura; where it finds none (a few words), all text of the page."""

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.formats.content import Content, prose
from nightdesk.tasks.reading.formats.crowded_tags import refuse_crowded
from nightdesk.tasks.reading.formats.entries import unescaped
from nightdesk.tasks.reading.formats.headlines import headline

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_UNSEEN = ("script", "style", "noscript", "template", "head", "svg", "iframe", "object")
_INLINE = (
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "mark", "q",
    "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr",
)  # fmt: skip
_MOST_INLINE = 5_000  # elements in the running text of one paragraph
_LONGEST_CELL = 300  # characters of a cell that is data
_CELL = "\x1f"  # between cells, while a row is put together
_BULLET = re.compile(r"^(?:- |\d+\. )", re.MULTILINE)
_NO_LETTERS = bytes(c for c in range(128) if not chr(c).isalnum())
_CELLS = re.compile(r"^\|(.*)\|\s*$", re.MULTILINE)


def read(text: str) -> Content:
    """Return the article of a page and its headline.

    Raises:
        DocumentError: it is no HTML.
    """
    page = _parsed(text)
    if page is None:
        raise DocumentError("no HTML in it; leave it out, or name it as the format it has")
    title = headline(page)
    article, everything = _article(page), _everything(page)
    # Where nothing is left out, the lines are better our own.
    lines = unescaped(article if 0 < _letters(article) < _letters(everything) else everything).splitlines()
    if title and len(lines) > 1 and lines[0].strip() == title:
        lines = lines[1:]  # the headline is the document's title, not its first sentence
    return prose("\n".join(lines), title)


def read_fragment(text: str) -> Content:
    """Return the article in a feed entry's content; all of its text where trafilatura would leave half of it out."""
    page = _parsed(text)
    if page is None:
        return prose("")
    article, everything = _article(page), _everything(page)
    return prose(unescaped(article if 0.5 <= _letters(article) / max(1, _letters(everything)) < 1 else everything))


def _letters(text: str) -> int:
    return len(text.encode().translate(None, _NO_LETTERS)) if text.isascii() else sum(map(str.isalnum, text))


def _parsed(text: str) -> "HtmlElement | None":
    from lxml import etree, html

    refuse_crowded(text)
    try:
        # Bytes, because lxml refuses text that declares an encoding.
        return html.document_fromstring(text.encode("utf-8", "replace"), html.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, ValueError):
        return None


def _article(page: "HtmlElement") -> str:
    import trafilatura

    if _is_crowded(page):
        return ""
    found = trafilatura.extract(page, options=_options()) or ""
    return _CELLS.sub(_cells, _BULLET.sub("", found)).strip()


def _is_crowded(page: "HtmlElement") -> bool:
    """Tell whether a paragraph has so many tags that trafilatura takes minutes: its time grows with their square."""
    return any(
        len(element) > _MOST_INLINE and sum(child.tag in _INLINE for child in element) > _MOST_INLINE
        for element in page.iter()
    )


@cache  # because it reads the library's settings, which takes as long as a paragraph
def _options() -> Any:
    from trafilatura.settings import Extractor

    return Extractor(comments=False, tables=True)


def _cells(row: "re.Match[str]") -> str:
    cells = (c.strip() for c in row[1].split("|"))
    return ", ".join(c for c in cells if c.strip("-: "))


def _everything(page: "HtmlElement") -> str:
    """Return all text that the page shows, a block a line, and a row of a table of short cells a line."""
    from lxml import etree

    rows = _rows_of_data(page)
    lines: list[list[str]] = [[]]  # in parts, because a text that grows piece by piece is copied each time
    row: HtmlElement | None = None  # in which the walker is
    walker = etree.iterwalk(page, events=("start", "end", "comment", "pi"))
    for event, element in walker:
        seen = event in ("start", "end") and element.tag not in _UNSEEN
        if seen and row is None and element.tag not in _INLINE:
            lines.append([])
        elif seen and row is not None and element.tag not in _INLINE:
            lines[-1].append(_CELL if element.tag in ("td", "th") and event == "start" else " ")
        if event == "start" and seen:
            row = element if element in rows else row
            lines[-1].append(element.text or "")
        elif event == "start":
            walker.skip_subtree()
        else:
            if element is row:
                row = None
                lines.append([])
            lines[-1].append(element.tail or "")
    return "\n".join(line for line in (_joined("".join(parts)) for parts in lines) if line)


def _joined(line: str) -> str:
    cells = (" ".join(cell.split()) for cell in line.split(_CELL))
    return ", ".join(cell for cell in cells if cell)


def _rows_of_data(page: "HtmlElement") -> "set[HtmlElement]":
    """Return the rows of tables that hold data; a table that lays out a page has long cells, or tables in them."""
    return {
        row
        for row in page.iter("tr")
        if sum(cell.tag in ("td", "th") for cell in row) > 1
        and next(row.iter("table"), None) is None
        and all(len(_shown(cell)) <= _LONGEST_CELL and sum(1 for _ in cell.iter("p")) < 2 for cell in row)
    }


def _shown(cell: "HtmlElement") -> str:
    return " ".join("".join(cell.itertext()).split()) if isinstance(cell.tag, str) else ""
