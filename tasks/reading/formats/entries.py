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
_ESCAPED_HTML = re.compile(rf"&lt;/?(?:{_NAMES})(?:\s(?:[^<>&]|&(?![gl]t;))*)?/?&gt;", re.IGNORECASE)
# Tags that stay in the text of an entry, since they say where lines end; others are left out, what is in them is not.
_KEPT = frozenset(
    "a abbr acronym address area article aside audio b big blockquote br button canvas caption center cite code col "
    "colgroup dd del details dfn dialog dir div dl dt em fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 "
    "header hr i img input ins kbd label legend li m map math menu meter nav noscript ol optgroup option output p pre "
    "progress q s samp section select small sound source spacer span strike strong sub sup svg table tbody td textarea "
    "tfoot th thead time title tr tt u ul var video".split()
)
_ANY_TAG = re.compile(r"</?([A-Za-z][^\s<>/]*)[^<>]*>")
_CODE = re.compile(r"<(script|style|applet)\b", re.IGNORECASE)
_CODE_ENDS = {name: re.compile(rf"</{name}\b[^<>]*>", re.IGNORECASE) for name in ("script", "style", "applet")}
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


def cleared(text: str) -> str:
    """Return HTML without its scripts and styles, and without tags that no page has.

    A script that does not end is left out to the end of the text.
    """
    parts: list[str] = []
    at = 0
    while begin := _CODE.search(text, at):
        parts.append(text[at : begin.start()])
        end = _CODE_ENDS[begin[1].lower()].search(text, begin.end())
        at = end.end() if end else len(text)
    parts.append(text[at:])
    return _ANY_TAG.sub(lambda tag: tag[0] if tag[1].lower() in _KEPT else "", "".join(parts))


def unescaped(text: str) -> str:
    """Return a text in which entities stand that were to be characters (&amp;amp; in its source) with these."""
    return html.unescape(text) if _ENTITY.search(text) else text
