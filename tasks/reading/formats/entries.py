"""Entries of feeds, whatever the feed is written in: which text is theirs, and HTML that was escaped once too often."""

import html
import re

from nightdesk.tasks.reading.formats.content import SourceRecord

_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_NAMES = (
    "p|br|div|a|b|i|u|em|strong|span|ul|ol|li|img|h[1-6]|blockquote|figure|figcaption|table|tr|td|article|section|hr|"
    "pre|code|sub|sup|small|font|center|iframe"
)
_HTML = re.compile(rf"</?(?:{_NAMES})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ESCAPED_HTML = re.compile(rf"&lt;/?(?:{_NAMES})(?:\s(?:[^<>&]|&(?!gt;))*)?/?&gt;", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")


def entry(
    number: int,
    doc_id: str | None,
    title: str,
    link: str | None,
    texts: list[tuple[str, bool]],
) -> SourceRecord:
    """Return an entry as a record. texts: (text, whether it is said to be HTML); the one that says most counts.

    The link is its id where it has no other, and its headline its text where there is none.
    """
    text, is_html = max(texts, key=lambda t: len(_TAG.sub("", t[0])), default=("", False))
    is_html = is_html or _HTML.search(text) is not None or _ESCAPED_HTML.search(text) is not None
    if is_html and not _HTML.search(text) and _ESCAPED_HTML.search(text):
        text = html.unescape(text)
    return SourceRecord(
        number,
        f"entry {number}",
        doc_id=doc_id or link,
        title=plain(title) or None,
        source=link,
        body=text if is_html else unescaped(text),
        is_html=is_html,
        headline_counts=True,
        letters=len(_TAG.sub("", text)),
    )


def plain(title: str) -> str:
    """Return a title without tags, and with the characters that its entities stand for."""
    return " ".join(_HTML.sub("", unescaped(_TAG.sub("", title))).split())


def unescaped(text: str) -> str:
    """Return a text in which entities stand that were to be characters (&amp;amp; in its source) with these."""
    return html.unescape(text) if _ENTITY.search(text) else text
