"""The forms that are said to be read: each suffix has its reader, and the samples that ship are read by them."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.formats.registry import FORMATS
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.written import one, rss, write

ONE = {
    ".txt": "Shut again.",
    ".json": '[[1, "Shut again."]]',
    ".md": "# Shut again.",
    ".html": "<p>Shut again.</p>",
    ".ttml": '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1s">Shut again.</p></div></body></tt>',
    ".vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\nShut again.",
    ".jsonl": '{"text": "Shut again."}',
    ".xml": rss("<description>Shut again.</description>"),
}
ALIKE = {
    ".dfxp": ".ttml",
    ".markdown": ".md",
    ".htm": ".html",
    ".srt": ".vtt",
    ".ndjson": ".jsonl",
    ".rss": ".xml",
    ".atom": ".xml",
}


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_suffix_that_is_said_to_be_read_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix.upper()}"
    if suffix == ".parquet":
        pq.write_table(pa.table({"text": ["Shut again."]}), path)
    else:
        write(path, ONE[ALIKE.get(suffix, suffix)])
    assert one(path).texts == ("Shut again.",)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_form_is_read_packed(tmp_path: Path, suffix: str) -> None:
    plain = tmp_path / f"a{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.table({"text": ["Shut again."]}), plain)
    else:
        write(plain, ONE[ALIKE.get(suffix, suffix)])
    d = one(write(tmp_path / f"b{suffix}.gz", gzip.compress(plain.read_bytes())))
    assert d.texts == ("Shut again.",)
    assert d.doc_id in ("b", "b#1")


XMLNS = "http://iptc.org/std/nar/2006-10-01/"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xml", "<?xml version='1.0'?><!-- x --><nitf><body><p>Shut.</p></body></nitf>", "NITF"),
        ("a.xml", f"<newsItem xmlns='{XMLNS}'><contentSet/></newsItem>", "NewsML-G2"),
        ("a.xml", f"<!DOCTYPE x [<!ENTITY y 'z'>]>\n<n:newsMessage xmlns:n='{XMLNS}'/>", "NewsML-G2"),
        ("a.xml", "<NewsML><NewsItem/></NewsML>", "NewsML 1"),
        ("a.xml", "<urlset><url><loc>https://x.example/</loc></url></urlset>", "a sitemap"),
        ("a.xml.gz", gzip.compress(b"<sitemapindex/>", mtime=0), "a sitemap index"),
        ("a.xml", "<opml version='2.0'><body/></opml>".encode("utf-16"), "OPML"),
        ("a.warc", "WARC/1.0\r\nWARC-Type: response\r\n", "WARC"),
        ("a.warc.gz", gzip.compress(b"WARC/1.1\r\n", mtime=0), "WARC"),
        ("a.html", "WARC/1.0\r\nWARC-Type: response\r\n", "WARC"),
        ("a.txt", "%PDF-1.4\n% x", "a PDF"),
        ("a.txt", b"PK\x03\x04abc", "a ZIP"),
    ],
)
def test_what_is_not_read_is_named_with_the_way_out(tmp_path: Path, name: str, content: str | bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as e:
        check_sources([str(write(tmp_path / name, content))], DAY)
    assert str(e.value).startswith(f"{tmp_path / name}: ")
    assert ";" in str(e.value)  # and what to do


def test_a_page_in_an_xml_file_is_a_page(tmp_path: Path) -> None:
    page = "<?xml version='1.0'?><!DOCTYPE html><html xmlns='http://www.w3.org/1999/xhtml'><body><p>Shut.</p></body></html>"
    assert one(tmp_path / "a.xml", page).texts == ("Shut.",)


def test_our_own_samples_are_read_as_their_labels_say() -> None:
    data = folder("contracts").parent
    labels = {p.stem: json.loads(p.read_text(encoding="utf-8"))["document"] for p in (data / "labels").glob("*.json")}
    documents = {d.doc_id: d for d in check_sources([str(data / "samples")], DAY).documents()}
    assert documents.keys() == labels.keys()
    for doc_id, d in documents.items():
        assert isinstance(d, Document)
        assert list(zip(d.ids, d.texts, strict=True)) == [(str(i), s) for i, s in labels[doc_id]]
