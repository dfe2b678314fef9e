"""JSON Feed (https://jsonfeed.org): a document an item, like the entries of other feeds."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.encodings import decode
from nightdesk.tasks.reading.formats.content import SourceRecord
from nightdesk.tasks.reading.formats.entries import entry
from nightdesk.tasks.reading.formats.json_pairs import parse_json
from nightdesk.tasks.reading.formats.metadata import as_id, as_text


def read(file: BinaryIO, charset: str = "") -> Iterator[SourceRecord]:
    """Yield a row for every item of a feed.

    Raises:
        DocumentError: it is no JSON Feed, or has no item.
    """
    data = parse_json(decode(file.read(), charset))
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise DocumentError('no JSON Feed: it has no list called "items"; name a feed, or another format')
    if not items:
        raise DocumentError("a feed without an entry; leave it out")
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            yield SourceRecord(number, f"entry {number}", wrong='not an object with a "content_text"; mend it there')
            continue
        texts = [(_text(item, name), name == "content_html") for name in ("content_html", "content_text")]
        if not any(text.strip() for text, _ in texts):
            texts = [(_text(item, "summary"), False)]
        link = as_text(item.get("url")) or as_text(item.get("external_url"))
        yield entry(number, as_id(item.get("id")), as_text(item.get("title")) or "", link, texts)


def _text(item: dict[str, Any], name: str) -> str:
    return item[name] if isinstance(item.get(name), str) else ""
