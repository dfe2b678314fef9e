"""Places in forms with markup: Markdown, pages, feeds, TTML."""

import json
from collections.abc import Callable
from functools import partial
from html import escape

from benchmarks.scaling_cases.hostile import repeated
from benchmarks.scaling_cases.step import Place

_RSS = '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>t</title>'
_ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>1</id>'
_TTML = '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1s" end="2s">'
_TTML_END = "</p></div></body></tt>"
_ATOM_END = "</entry></feed>"
_TITLE = "<title>a</title>"
_FEED = '{"version": "https://jsonfeed.org/version/1.1", "items": ['


def _cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _item(inner: str) -> str:
    return f"{_RSS}<item><guid>1</guid>{inner}</item></channel></rss>"


def _entry(number: int, text: str) -> str:
    return f"<item><guid>{number}</guid><description>{escape(text)}</description></item>"


def _between(before: str, after: str = "", raw: Callable[[str], str] = str) -> Callable[[str, int], str]:
    """Write a piece n characters long between two texts, in the form in which text stands there."""
    return lambda u, n: before + raw(repeated(u, n)) + after


def _in_item(name: str, raw: Callable[[str], str] = escape, beside: str = "") -> Callable[[str, int], str]:
    """Write the piece as an element of a feed's item."""
    return lambda u, n: _item(f"<{name}>{raw(repeated(u, n))}</{name}>{beside}")


def _in_json_feed(u: str, n: int, field: str, **beside: str) -> str:
    return f"{_FEED}{json.dumps({'id': 1, **beside, field: repeated(u, n)})}]}}"


PLACES: dict[str, Place] = {
    "json feed, html": ("f.json", ("&lt;p ", "<a ", "<p>", "<script>"), partial(_in_json_feed, field="content_html")),
    "json feed, text": ("f.json", ("&lt;p a", "&"), partial(_in_json_feed, field="content_text")),
    "json feed, title": ("f.json", ("<a", "&amp;"), partial(_in_json_feed, field="title", content_text="Yes.")),
    "md": ("a.md", ("<a", "[a](", "`a", "*a ", "> ", "![", "_a", "|a|\n|-|\n", "[a]: b\n", "<!--"), repeated),
    "md, lines": ("a.md", ("- a", "    a"), lambda u, n: repeated(u + "\n", n)),
    "md, front matter": ("a.md", (" ", "\t"), _between("---\ntitle: ")),
    "md, title": ("a.md", (" ", "\t "), _between("---\ntitle: a", "b\n---\nIt rained.")),
    "md, table": ("a.md", ("a",), lambda u, n: "|a|b|\n|-|-|\n" + repeated(f"|{u}|b|\n", n)),
    "md, html": ("a.md", ("<!--", "<a "), _between("<div>\n", "\n")),
    "html": ("a.html", ("<a", "<a ", "<", "<!--", "<b><i>", "<table><tr><td>", "<p>", "<span>a "), repeated),
    "html, closed": (
        "a.html",
        ("<div>", "<script>", "<select><option>"),
        _between("<html><body><p>It rained.</p>", "</body></html>"),
    ),
    "html, paragraph": (
        "a.html",
        ("<b>a</b>", "a ", "&"),
        _between("<article><h1>Rain</h1><p>", "</p></article>"),
    ),
    "html, paragraphs": (
        "a.html",
        ("<a href=/>a</a>",),
        lambda u, n: f"<article><h1>Rain</h1>{repeated(f'<p>It rained. {u}</p>', n)}</article>",
    ),
    "html, title": ("a.html", (" | ", "| ", "a "), _between("<title>", "</title><p>It rained.</p>", escape)),
    "html, headings": (
        "a.html",
        ("a", "a | "),
        lambda u, n: f"<title>a | b</title>{repeated(f'<h1>{escape(u)}</h1>', n)}<p>It rained.",
    ),
    "html, og:title": (
        "a.html",
        (" | ",),
        _between('<meta property="og:title" content="', '"><h1>a</h1><p>It rained.</p>', escape),
    ),
    "html, an attribute": ("a.html", ("a ",), _between('<p class="', '">It rained.</p>', escape)),
    "html, attributes": (
        "a.html",
        ("a",),
        lambda u, n: f"<p {' '.join(f'a{k}={escape(u)!r}' for k in range(n // (len(u) + 8)))}>It rained.</p>",
    ),
    "html, a class": (
        "a.html",
        ("-logo", "index."),
        lambda u, n: f'<h1 class="{escape(repeated(u, n))}"><a href="{escape(repeated(u, n))}">a</a></h1>a',
    ),
    "html, cells": ("a.html", ("<b>a</b>",), lambda u, n: f"<table>{repeated(f'<tr><td>{u}<td>b', n)}</table>"),
    "ttml": ("a.ttml", ("a ", " "), _between(_TTML, _TTML_END, escape)),
    "ttml, raw": ("a.ttml", ("<span>", "<br/>"), _between(_TTML, _TTML_END)),
    "ttml, time": ("a.ttml", ("1", "1:"), _between('<tt><body><p begin="', '">a</p></body></tt>', escape)),
    "ttml, captions": (
        "a.ttml",
        ("a",),
        lambda u, n: "<tt><body>" + repeated(f'<p begin="1s">{escape(u)}</p>', n) + "</body></tt>",
    ),
    "rss, raw": (
        "a.xml",
        ("<item>", "<a ", "<!--"),
        _between(f"{_RSS}<item><guid>1</guid><title>a</title></item>"),
    ),
    "rss, before": ("a.xml", ("<a", "<!--", " "), _between("", _item(_TITLE))),
    "rss, title": ("a.xml", ("<a", "<!--", "&lt;p ", "<b>", " "), _in_item("title", _cdata)),
    "rss, link": ("a.xml", ("a/",), _in_item("link", _cdata, _TITLE)),
    "rss, description": ("a.xml", ("<!--", "&lt;p ", "<a ", "<p>", "&#", "<script>"), _in_item("description")),
    "rss, content": ("a.xml", ("<b>a</b>", "<![CDATA["), _in_item("content:encoded", _cdata)),
    "rss, an attribute": (
        "a.xml",
        ("a ",),
        lambda u, n: _item(f'<category domain="{escape(repeated(u, n))}">a</category>{_TITLE}'),
    ),
    "rss, date": ("a.xml", ("1 ", "January 1 "), _in_item("pubDate", beside=_TITLE)),
    "rss, items": (
        "a.xml",
        ("a",),
        lambda u, n: f"{_RSS}{''.join(map(_entry, range(n // 60), [u] * n))}</channel></rss>",
    ),
    "rss, broken": (
        "a.xml",
        ("<a ", "& "),
        _between(f"{_RSS}<item><description>& ", "</description></item>"),
    ),
    "atom, content": (
        "a.atom",
        ("&lt;p ", "<div>"),
        _between(f"{_ATOM}<content type='html'>", f"</content>{_ATOM_END}", escape),
    ),
    "atom, xhtml": (
        "a.atom",
        ("<b>a</b>", " "),
        _between(f"{_ATOM}<content type='xhtml'><div>", f"</div></content>{_ATOM_END}"),
    ),
}
