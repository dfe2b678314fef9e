"""Places in forms with markup: Markdown, pages, feeds, TTML."""

import json
from html import escape

from benchmarks.scaling_cases.hostile import repeated
from benchmarks.scaling_cases.step import Place

_RSS = '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>t</title>'
_ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>1</id>'
_TTML = '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1s" end="2s">'
_FEED = '{"version": "https://jsonfeed.org/version/1.1", "items": ['


def _cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _item(inner: str) -> str:
    return f"{_RSS}<item><guid>1</guid>{inner}</item></channel></rss>"


def _entry(number: int, text: str) -> str:
    return f"<item><guid>{number}</guid><description>{escape(text)}</description></item>"


PLACES: dict[str, Place] = {
    "json feed, html": (
        "f.json",
        ("&lt;p ", "<a ", "<p>", "<script>"),
        lambda u, n: f"{_FEED}{json.dumps({'id': 1, 'content_html': repeated(u, n)})}]}}",
    ),
    "json feed, text": (
        "f.json",
        ("&lt;p a", "&"),
        lambda u, n: f"{_FEED}{json.dumps({'id': 1, 'content_text': repeated(u, n)})}]}}",
    ),
    "json feed, title": (
        "f.json",
        ("<a", "&amp;"),
        lambda u, n: f"{_FEED}{json.dumps({'id': 1, 'content_text': 'Yes.', 'title': repeated(u, n)})}]}}",
    ),
    "md": (
        "a.md",
        (
            "<a",
            "[a](",
            "`a",
            "*a ",
            "> ",
            "![",
            "_a",
            "|a|\n|-|\n",
            "[a]: b\n",
            "<!--",
        ),
        repeated,
    ),
    "md, lines": (
        "a.md",
        ("- a", "    a"),
        lambda u, n: repeated(u + "\n", n),
    ),
    "md, front matter": (
        "a.md",
        (" ", "\t"),
        lambda u, n: f"---\ntitle: {repeated(u, n)}",
    ),
    "md, title": (
        "a.md",
        (" ", "\t "),
        lambda u, n: f"---\ntitle: a{repeated(u, n)}b\n---\nIt rained.",
    ),
    "md, table": ("a.md", ("a",), lambda u, n: "|a|b|\n|-|-|\n" + repeated(f"|{u}|b|\n", n)),
    "md, html": (
        "a.md",
        ("<!--", "<a "),
        lambda u, n: f"<div>\n{repeated(u, n)}\n",
    ),
    "html": (
        "a.html",
        (
            "<a",
            "<a ",
            "<",
            "<!--",
            "<b><i>",
            "<table><tr><td>",
            "<p>",
            "<span>a ",
        ),
        repeated,
    ),
    "html, closed": (
        "a.html",
        ("<div>", "<script>", "<select><option>"),
        lambda u, n: f"<html><body><p>It rained.</p>{repeated(u, n)}</body></html>",
    ),
    "html, paragraph": (
        "a.html",
        ("<b>a</b>", "a ", "&"),
        lambda u, n: f"<article><h1>Rain</h1><p>{repeated(u, n)}</p></article>",
    ),
    "html, paragraphs": (
        "a.html",
        ("<a href=/>a</a>",),
        lambda u, n: f"<article><h1>Rain</h1>{repeated(f'<p>It rained. {u}</p>', n)}</article>",
    ),
    "html, title": (
        "a.html",
        (" | ", "| ", "a "),
        lambda u, n: f"<title>{escape(repeated(u, n))}</title><p>It rained.</p>",
    ),
    "html, headings": (
        "a.html",
        ("a", "a | "),
        lambda u, n: f"<title>a | b</title>{repeated(f'<h1>{escape(u)}</h1>', n)}<p>It rained.",
    ),
    "html, og:title": (
        "a.html",
        (" | ",),
        lambda u, n: f'<meta property="og:title" content="{escape(repeated(u, n))}"><h1>a</h1><p>It rained.</p>',
    ),
    "html, an attribute": ("a.html", ("a ",), lambda u, n: f'<p class="{escape(repeated(u, n))}">It rained.</p>'),
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
    "ttml": (
        "a.ttml",
        ("a ", " "),
        lambda u, n: f"{_TTML}{escape(repeated(u, n))}</p></div></body></tt>",
    ),
    "ttml, raw": (
        "a.ttml",
        ("<span>", "<br/>"),
        lambda u, n: f"{_TTML}{repeated(u, n)}</p></div></body></tt>",
    ),
    "ttml, time": (
        "a.ttml",
        ("1", "1:"),
        lambda u, n: f'<tt><body><p begin="{escape(repeated(u, n))}">a</p></body></tt>',
    ),
    "ttml, captions": (
        "a.ttml",
        ("a",),
        lambda u, n: "<tt><body>" + repeated(f'<p begin="1s">{escape(u)}</p>', n) + "</body></tt>",
    ),
    "rss, raw": (
        "a.xml",
        ("<item>", "<a ", "<!--"),
        lambda u, n: f"{_RSS}<item><guid>1</guid><title>a</title></item>{repeated(u, n)}",
    ),
    "rss, before": (
        "a.xml",
        ("<a", "<!--", " "),
        lambda u, n: repeated(u, n) + _item("<title>a</title>"),
    ),
    "rss, title": (
        "a.xml",
        ("<a", "<!--", "&lt;p ", "<b>", " "),
        lambda u, n: _item(f"<title>{_cdata(repeated(u, n))}</title>"),
    ),
    "rss, link": ("a.xml", ("a/",), lambda u, n: _item(f"<link>{_cdata(repeated(u, n))}</link><title>a</title>")),
    "rss, description": (
        "a.xml",
        ("<!--", "&lt;p ", "<a ", "<p>", "&#", "<script>"),
        lambda u, n: _item(f"<description>{escape(repeated(u, n))}</description>"),
    ),
    "rss, content": (
        "a.xml",
        ("<b>a</b>", "<![CDATA["),
        lambda u, n: _item(f"<content:encoded>{_cdata(repeated(u, n))}</content:encoded>"),
    ),
    "rss, an attribute": (
        "a.xml",
        ("a ",),
        lambda u, n: _item(f'<category domain="{escape(repeated(u, n))}">a</category><title>a</title>'),
    ),
    "rss, date": (
        "a.xml",
        ("1 ", "January 1 "),
        lambda u, n: _item(f"<pubDate>{escape(repeated(u, n))}</pubDate><title>a</title>"),
    ),
    "rss, items": (
        "a.xml",
        ("a",),
        lambda u, n: f"{_RSS}{''.join(map(_entry, range(n // 60), [u] * n))}</channel></rss>",
    ),
    "rss, broken": (
        "a.xml",
        ("<a ", "& "),
        lambda u, n: f"{_RSS}<item><description>& {repeated(u, n)}</description></item>",
    ),
    "atom, content": (
        "a.atom",
        ("&lt;p ", "<div>"),
        lambda u, n: f"{_ATOM}<content type='html'>{escape(repeated(u, n))}</content></entry></feed>",
    ),
    "atom, xhtml": (
        "a.atom",
        ("<b>a</b>", " "),
        lambda u, n: f"{_ATOM}<content type='xhtml'><div>{repeated(u, n)}</div></content></entry></feed>",
    ),
}
