"""What holds no text that could be read as it stands: each is named, with the way out."""

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.formats.content import Content
from nightdesk.tasks.reading.formats.registry import SEEN, kind_of_xml, no_text

_AGENCY = "(a news agency's XML), which is not read; take the agency's RSS or Atom, or convert it to .html"
_WAYS_OUT = {
    "nitf": f"NITF {_AGENCY}",
    "newsml": f"NewsML 1 {_AGENCY}",
    "newsml-g2": f"NewsML-G2 {_AGENCY}",
    "urlset": "a sitemap (addresses of pages, no text); name the pages, or the site's feed",
    "sitemapindex": "a sitemap index (addresses of sitemaps, no text); name the pages, or the site's feed",
    "opml": "an OPML list of feeds (addresses, no text); name the feeds",
    "warc": "a WARC web archive, which is not read; unpack its pages as .html files (warcio extract does)",
    "pdf": "a PDF, which is not read; save its text as .txt (pdftotext does)",
    "zip": "a ZIP archive (as .docx and .epub are), which is not read; unpack it, or save its text as .txt",
    "office": "an Office document, which is not read; save its text as .txt",
    "rtf": "an RTF document, which is not read; save its text as .txt",
}


def read_bytes(raw: bytes) -> Content:
    """Refuse a document by what it is.

    Raises:
        DocumentError: always.
    """
    kind = no_text(raw[:SEEN]) or kind_of_xml(raw[:SEEN])
    raise DocumentError(_WAYS_OUT.get(kind, "no form that is read; save its text as .txt"))
