"""Documents written to disk for tests, and what came of reading them."""

import json
from pathlib import Path
from typing import Any

from nightdesk.tasks.reading.documents import Document, Unreadable
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY


def write(path: Path, content: Any) -> Path:
    """Write a document: bytes and text as they are, other things as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def read(path: Path, content: Any = None) -> list[Document | Unreadable]:
    """Read the documents of a file, which is written first if its content is given."""
    if content is not None:
        write(path, content)
    return list(check_sources([str(path)], DAY).documents())


def one(path: Path, content: Any = None) -> Document:
    """Read the one document of a file, which is written first if its content is given."""
    (document,) = read(path, content)
    assert isinstance(document, Document)
    return document


def summary(found: list[Document | Unreadable]) -> list[tuple[str, str]]:
    """Return of each document its id, and its first sentence or why it cannot be read."""
    return [(d.doc_id, d.texts[0] if isinstance(d, Document) else d.reason) for d in found]


PAGE = """<!DOCTYPE html><html><head><title>The pool | Gazette</title><style>p { color: red }</style>
<script>document.write("evil <p>script</p>")</script></head><body>
<nav><a href="/">Home</a> <a href="/sport">Sport</a></nav><article><h1>Council shuts the pool</h1>
<p>The council voted on Monday to close the pool.
"It is a loss," said <b>Ann Day</b>.</p><h2>What next</h2>
<p>The pool shuts on 3 May. Members get their <a href="x">money</a> back &amp; a free swim in June.</p>
<ul><li>The lido opens in June.</li></ul></article>
<footer><p>Copyright 2026 Gazette. All rights reserved.</p></footer></body></html>"""


def rss(*items: str) -> str:
    """Return an RSS feed of these items."""
    head = '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
    return f"{head}<title>Wire</title>{''.join(f'<item>{i}</item>' for i in items)}</channel></rss>"
