"""RSS and Atom feeds: a document an entry. feedparser reads the feed, trafilatura the article in the entry's content.

An entry is called by its own id, else by its link.
"""

import io
import logging
from collections.abc import Iterator
from functools import cache
from typing import Any, BinaryIO

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.encodings import decode_xml
from nightdesk.tasks.reading.formats.content import SourceRecord
from nightdesk.tasks.reading.formats.entries import cleared, entry
from nightdesk.tasks.reading.formats.references import mended

# Its clearing of HTML takes half of the time, and time that grows with the square of some texts; `cleared` is enough
# for text of which no tag is shown.
_AS_IT_STANDS = {"sanitize_html": False, "resolve_relative_uris": False}
log = logging.getLogger("nightdesk.readers")


def read(file: BinaryIO, charset: str = "") -> Iterator[SourceRecord]:
    """Yield a row for every entry of a feed. charset: as its server says.

    Raises:
        DocumentError: it is no feed, or has no entry.
    """
    feed = _parsed(mended(decode_xml(file.read(), charset)).encode("utf-8", "replace"))
    if not feed.get("version") and not feed.entries:
        raise DocumentError(f"no RSS or Atom feed{_why(feed)}; name a feed, or another format")
    if not feed.entries:
        raise DocumentError(f"a feed without an entry{_why(feed)}; leave it out")
    for number, item in enumerate(feed.entries, 1):
        parts = [*item.get("content", ()), item.get("summary_detail")]
        texts = [_text(p) for p in parts if p]
        title, _ = _text({**(item.get("title_detail") or {}), "value": item.get("title")})
        yield entry(number, item.get("id"), title, item.get("link") or None, texts)


def _text(part: Any) -> tuple[str, bool]:
    """Return a text of an entry, and whether it is said to be HTML."""
    text, is_html = part.get("value") or "", part.get("type") != "text/plain"
    return cleared(text) if is_html else text, is_html


@cache
def _feedparser() -> Any:
    import feedparser

    feedparser.api.PREFERRED_XML_PARSERS.insert(0, "nightdesk.tasks.reading.formats.whole_xml")
    return feedparser


def _parsed(xml: bytes) -> Any:
    feedparser = _feedparser()
    # A file object, since bytes and text are to feedparser first of all a path or an address, which it opens. Already
    # decoded, since it tries whatever codec a feed declares; the blank keeps it from finding a declaration once more.
    try:
        return feedparser.parse(io.BytesIO(b" " + xml), **_AS_IT_STANDS)
    except Exception:  # ValueError and others were seen of its strict parser; the lenient one may read it
        log.debug("feedparser fails on a feed, and is to read it by its lenient parser", exc_info=True)
        return feedparser.parse(io.BytesIO(b" & " + xml), **_AS_IT_STANDS)  # which it takes for what is no XML


def _why(feed: Any) -> str:
    """Return what the parser stumbled on, if it did."""
    wrong = feed.get("bozo_exception")
    line = wrong.getLineNumber() if hasattr(wrong, "getLineNumber") else None
    # One line less: feedparser puts a declaration of its own before the text.
    return f" (line {max(1, line - 1)}: {wrong.getMessage()})" if line and hasattr(wrong, "getMessage") else ""
