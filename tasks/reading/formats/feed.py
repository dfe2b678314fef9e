"""RSS and Atom feeds: a document an entry. feedparser reads the feed, trafilatura the article in the entry's content.

An entry is called by its own id, else by its link; a feed repeats neither.
"""

import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.encodings import decode_xml
from nightdesk.tasks.reading.formats.content import SourceRecord, prose
from nightdesk.tasks.reading.formats.html import read_fragment

_TAG = re.compile(r"</?[A-Za-z][^<>]*>")


def read(file: BinaryIO, charset: str = "") -> Iterator[SourceRecord]:
    """Yield a row for every entry of a feed. charset: as its server says.

    Raises:
        DocumentError: it is no feed, or has no entry.
    """
    import feedparser

    # A file object, since bytes and text are to feedparser first of all a path or an address, which it opens. Already
    # decoded, since it tries whatever codec a feed declares; the blank keeps it from finding a declaration once more.
    feed = feedparser.parse(io.BytesIO(b" " + decode_xml(file.read(), charset).encode("utf-8", "replace")))
    if not feed.get("version") and not feed.entries:
        raise DocumentError(f"no RSS or Atom feed{_why(feed)}; name a feed, or another format")
    if not feed.entries:
        raise DocumentError(f"a feed without an entry{_why(feed)}; leave it out")
    for number, entry in enumerate(feed.entries, 1):
        body, is_html = _body(entry)
        link = entry.get("link") or None
        yield SourceRecord(
            number,
            f"entry {number}",
            doc_id=entry.get("id") or link,
            title=_plain(entry.get("title", "")) or None,
            source=link,
            body=body,
            reader=read_fragment if is_html else prose,
        )


def _body(entry: Any) -> tuple[str, bool]:
    """Return an entry's text, and whether it is HTML: the longest of its contents, else its summary."""
    parts = [*entry.get("content", ()), entry.get("summary_detail")]
    texts = [(p.get("value") or "", p.get("type") != "text/plain") for p in parts if p]
    return max(texts, key=lambda t: len(t[0]), default=("", False))


def _plain(title: str) -> str:
    return " ".join(_TAG.sub("", title).split())


def _why(feed: Any) -> str:
    """Return what the parser stumbled on, if it did."""
    wrong = feed.get("bozo_exception")
    line = wrong.getLineNumber() if hasattr(wrong, "getLineNumber") else None
    # One line less: feedparser puts a declaration of its own before the text.
    return f" (line {max(1, line - 1)}: {wrong.getMessage()})" if line and hasattr(wrong, "getMessage") else ""
