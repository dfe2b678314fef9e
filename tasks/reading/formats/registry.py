"""Which format a file has: by its suffix and how it begins, or, from the network, by what the server calls it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from nightdesk.tasks.reading.formats.content import Many, Single


@dataclass(frozen=True, slots=True)
class Format:
    """module: the one that reads it, by its `read`. many: a file holds many documents."""

    module: str
    many: bool = False

    @property
    def read(self) -> Callable[..., Any]:
        """Return the reader; importing it may take a moment."""
        read: Single | Many = import_module(f"nightdesk.tasks.reading.formats.{self.module}").read
        return read


PROSE, LISTED, MARKDOWN, HTML, CAPTIONS, TTML, REFUSED = (
    Format(m) for m in ("prose", "json_pairs", "markdown", "html", "captions", "ttml", "refused")
)
JSONL, PARQUET, FEED, JSON_FEED = (Format(m, many=True) for m in ("jsonl", "parquet", "feed", "json_feed"))
FORMATS = {
    ".txt": PROSE, ".json": LISTED, ".md": MARKDOWN, ".markdown": MARKDOWN, ".html": HTML, ".htm": HTML,
    ".srt": CAPTIONS, ".vtt": CAPTIONS, ".ttml": TTML, ".dfxp": TTML, ".jsonl": JSONL, ".ndjson": JSONL,
    ".parquet": PARQUET, ".xml": FEED, ".rss": FEED, ".atom": FEED,
}  # fmt: skip
PACKED = ".gz"  # after any of these
REFUSED_SUFFIXES = (".warc",)  # named, so that a reason is given
_MEDIA = {
    "text/html": HTML, "application/xhtml+xml": HTML, "text/plain": PROSE, "application/json": LISTED,
    "application/rss+xml": FEED, "application/atom+xml": FEED, "application/xml": FEED, "text/xml": FEED,
    "application/x-ndjson": JSONL, "application/jsonl": JSONL, "application/feed+json": JSON_FEED,
    "application/ttml+xml": TTML, "text/vtt": CAPTIONS, "application/x-subrip": CAPTIONS, "text/markdown": MARKDOWN,
}  # fmt: skip
SEEN = 65_536  # bytes of a file's beginning that are looked at, and of its end
_JSON_FEED = re.compile(rb"\"version\"\s*:\s*\"https?:(?:\\?/){2}jsonfeed\.org(?:\\?/)version")
_BLANKS = b"\xef\xbb\xbf \t\r\n"
_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)")
_NO_TEXT = {b"%PDF-": "pdf", b"WARC/": "warc", b"PK\x03\x04": "zip", b"\xd0\xcf\x11\xe0": "office", b"{\\rtf": "rtf"}
_NEWS_ML_G2 = ("newsItem", "packageItem", "conceptItem", "knowledgeItem", "planningItem", "newsMessage", "newsml-g2")


def suffix_of(name: str) -> str:
    """Return the suffix that says a file's format, in small letters: of wire.xml.gz it is .xml."""
    name = name.lower().removesuffix(PACKED)
    return f".{name.rpartition('.')[2]}" if "." in name else ""


def is_read(name: str) -> bool:
    """Tell whether a file of this name is looked into."""
    return suffix_of(name) in FORMATS or suffix_of(name) in REFUSED_SUFFIXES


def of_file(name: str, head: bytes, tail: bytes) -> Format:
    """Return the format of a file: as its suffix says, unless its beginning shows that it is another."""
    format_ = FORMATS.get(suffix_of(name), REFUSED)
    if no_text(head) and format_ is not PARQUET:
        return REFUSED
    if format_ is LISTED and (_JSON_FEED.search(head) or _JSON_FEED.search(tail)):
        return JSON_FEED
    return _of_xml(head, format_) if format_ in (FEED, TTML) else format_


def of_answer(path: str, head: bytes, tail: bytes, media: str) -> Format:
    """Return the format of what an address gave: as its suffix says, as it begins, or as the server says."""
    named = FORMATS.get(suffix_of(path), FEED)
    if named not in (HTML, FEED):
        return of_file(path, head, tail)
    if no_text(head):
        return REFUSED
    begins = head[:1_000].lstrip(_BLANKS).lower()
    if begins.startswith(b"<"):
        is_xml = begins.startswith((b"<?xml", b"<rss", b"<feed", b"<rdf")) or kind_of_xml(head) not in ("", "html")
        return _of_xml(head, FEED) if is_xml and b"<html" not in begins else HTML
    if begins.startswith(b"{") and (_JSON_FEED.search(head) or _JSON_FEED.search(tail)):
        return JSON_FEED
    return _MEDIA.get(media, PROSE)


def no_text(head: bytes) -> str:
    """Return what a file is that holds no text of its own; "" if it may be one."""
    return next((name for mark, name in _NO_TEXT.items() if head.lstrip(_BLANKS).startswith(mark)), "")


def _of_xml(head: bytes, otherwise: Format) -> Format:
    kind = kind_of_xml(head)
    return {"": otherwise, "ttml": TTML, "html": HTML}.get(kind, REFUSED)


def kind_of_xml(head: bytes) -> str:
    """Return what the first element of a document says that it is; "" if it is none of those that are known here."""
    name = _root(head)
    if name == "tt":
        return "ttml"
    if name in _NEWS_ML_G2:
        return "newsml-g2"
    return name.lower() if name.lower() in ("html", "nitf", "newsml", "urlset", "sitemapindex", "opml") else ""


def _root(head: bytes) -> str:
    """Return the name of the first element, without its prefix; "" if there is none in the beginning."""
    nul = head.count(b"\0")
    text = head.decode("utf-16" if nul > len(head) / 3 else "latin-1", "ignore").lstrip("\ufeff\xef\xbb\xbf")
    at = 0
    while (at := text.find("<", at)) >= 0:
        if text.startswith("<!--", at):
            at = text.find("-->", at)
        elif text.startswith("<?", at):
            at = text.find("?>", at)
        elif text.startswith("<!", at):
            inner, closing = text.find("[", at), text.find(">", at)
            at = text.find("]>", at) if 0 <= inner < closing else closing
        else:
            found = _ROOT.match(text, at)
            return found[1] if found else ""
        if at < 0:
            return ""
        at += 1
    return ""
