"""What an address gives: bounded, and told by what it is."""

import gzip
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightdesk.tasks.config.fetch_settings import FetchSettings
from nightdesk.tasks.errors import DocumentError, InputError
from nightdesk.tasks.reading.documents import Document, Unreadable
from nightdesk.tasks.reading.fetching import fetch
from nightdesk.tasks.reading.fetching.feed_entries import first_entries
from nightdesk.tasks.reading.fetching.terms import Fetching
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.fetching.hostile import dripping, hostile, page
from tests.tasks.reading.fetching.terms import OPEN
from tests.tasks.reading.written import rss

PNG, JPEG, MP4 = b"\x89PNG\r\n\x1a\n\0\0", b"\xff\xd8\xff\xe0\0\x10JFIF\0", b"\0\0\0\x18ftypmp42\0\0"


@pytest.fixture(autouse=True)
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was asked before, and what fails is asked again at once."""
    fetch.ask_anew()
    monkeypatch.setattr(fetch, "FIRST_WAIT_S", 0.01)


@pytest.mark.parametrize(
    ("body", "media", "said"),
    [
        (PNG, "image/png", "an image, which is not read; name the page"),
        (PNG, "application/octet-stream", "an image"),
        (JPEG, "text/html", "an image"),
        (MP4, "", "a video, which is not read; name its captions"),
        (b"\x12\x34", "video/webm", "a video"),
        (b"ID3\x04\0\0", "audio/mpeg", "a sound recording"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "application/octet-stream", "an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><text>Shut.</text></svg>", "image/svg+xml", "an image"),
        (b"%PDF-1.7\n", "text/html", "a PDF, which is not read; save its text as .txt"),
        (b"PK\x03\x04\x14\0", "application/zip", "a ZIP archive"),
        (b"PK\x03\x04\x14\0", "application/octet-stream", "a ZIP archive"),
        (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", "a 7z archive"),
        (b"body { color: red }", "text/css", "a style sheet"),
        (b"let a = 1;", "text/javascript", "a script"),
    ],
)
def test_what_is_no_text_is_refused_by_name_with_the_way_out(body: bytes, media: str, said: str) -> None:
    with hostile() as server:
        server.pages["/x"] = page(body, Content_Type=media)
        with pytest.raises(InputError) as e:
            check_sources([f"{server.url}/x"], DAY, fetching=OPEN)
        assert said in str(e.value)


@pytest.mark.parametrize(
    "media", ["", "application/octet-stream", "image/png", "video/mp4", "binary/octet-stream", "*/*"]
)
@pytest.mark.parametrize(
    "body",
    [
        rss("<description>Shut again.</description>").encode(),
        b"\xef\xbb\xbf\n<!doctype html><p>Shut again.</p>",
        b"WEBVTT\n\n00:01.000 --> 00:02.000\nShut again.",
    ],
    ids=["feed", "page", "captions"],
)
def test_a_missing_or_wrong_type_does_not_keep_text_from_being_read(media: str, body: bytes) -> None:
    with hostile() as server:
        server.pages["/x.vtt" if body.startswith(b"WEBVTT") else "/x"] = page(body, Content_Type=media)
        (d,) = check_sources([server.url + next(iter(server.pages))], DAY, fetching=OPEN).documents()
        assert isinstance(d, Document)
        assert d.texts == ("Shut again.",)


def test_prose_that_begins_as_a_picture_does_is_read() -> None:
    with hostile() as server:
        server.pages["/x"] = page(b"GIF89a is a format. ID3 is a tag.")
        (d,) = check_sources([f"{server.url}/x"], DAY, fetching=OPEN).documents()
        assert isinstance(d, Document)


def test_a_large_picture_is_refused_before_it_is_received() -> None:
    with hostile() as server:
        server.pages["/x"] = dripping(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + PNG, b"x" * 999, 0.0)
        with pytest.raises(DocumentError, match="an image"):
            fetch.fetch(f"{server.url}/x", OPEN)


@pytest.mark.parametrize(
    ("packing", "body", "said"),
    [
        ("gzip, gzip", gzip.compress(gzip.compress(b"x")), "packs it as 'gzip, gzip'"),
        ("deflate, gzip", gzip.compress(zlib.compress(b"x")), "packs it as"),
        ("br", b"x", "packs it as 'br'"),
        ("gzip", gzip.compress(b"x" * 30_000_000), "more than 20,000,000 bytes"),
        ("gzip", b"no gzip", "broken gzip"),
    ],
    ids=["twice", "two ways", "brotli", "a bomb", "broken"],  # else the time in gzip's head would be a part of them
)
def test_what_is_packed_otherwise_or_into_too_much_is_refused(packing: str, body: bytes, said: str) -> None:
    with hostile() as server:
        server.pages["/x"] = page(body, Content_Encoding=packing)
        with pytest.raises(DocumentError, match=said):
            fetch.fetch(f"{server.url}/x", OPEN)


@pytest.mark.parametrize("packed", [False, True])
def test_of_a_feed_of_very_many_entries_the_first_are_read_and_the_rest_is_named(packed: bool) -> None:
    many = rss(*(f"<guid>{k}</guid><description>Shut again.</description>" for k in range(500))).encode()
    terms = Fetching(FetchSettings(allow_private=True, entries=20))
    with hostile() as server:
        server.pages["/feed"] = page(gzip.compress(many) if packed else many, Content_Type="application/rss+xml")
        *entries, rest = check_sources([f"{server.url}/feed"], DAY, fetching=terms).documents()
    assert [d.doc_id for d in entries] == [str(k) for k in range(20)]
    assert isinstance(rest, Unreadable)
    assert "more than 20 entries" in rest.reason and "[fetch] entries" in rest.reason


def test_a_feed_of_a_million_entries_is_cut_before_it_is_parsed() -> None:
    for end in (b"</item>", b"</entry>"):
        cut = first_entries(b"<a>" + (b"<b>x" + end) * 1_000_000 + b"</a>", 10)
        assert cut == b"<a>" + (b"<b>x" + end) * 10 + b"</a>"
    few = b"<rss><item></item></rss>"
    assert first_entries(few, 1) == few


def test_entries_that_quote_their_own_end_are_not_lost_in_silence() -> None:
    item = "<description><![CDATA[" + "x </item> " * 9 + "]]></description>"
    terms = Fetching(FetchSettings(allow_private=True, entries=12))
    with hostile() as server:
        server.pages["/feed"] = page(rss(*[item] * 5).encode(), Content_Type="application/rss+xml")
        found = list(check_sources([f"{server.url}/feed"], DAY, fetching=terms).documents())
    assert "left out" in found[-1].reason if isinstance(found[-1], Unreadable) else len(found) == 5


@pytest.mark.parametrize("kept_s", ["1", "999", "soon"])
def test_a_server_that_asks_to_wait_is_asked_again_later(kept_s: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waits.append)
    with hostile() as server:
        server.pages["/x"] = page(b"", "503 Service Unavailable", Retry_After=kept_s)
        with pytest.raises(DocumentError, match=r"503 Service Unavailable; try again later \(asked 3 times\)"):
            fetch.fetch(f"{server.url}/x", OPEN)
    assert (waits == [1.0, 1.0]) == (kept_s == "1")


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_server_sends_costs_its_address_alone(data: st.DataObject) -> None:
    starts = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n1",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/%zz?x=[\r\nRetry-After: 3\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nabcde',
    )
    start = data.draw(st.sampled_from(starts))
    at = data.draw(st.integers(0, len(start)))
    sent = start[:at] + data.draw(st.binary(max_size=9)) + start[at + data.draw(st.integers(0, 9)) :]
    fetch.ask_anew()
    with hostile() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(fetch, "ATTEMPTS", 1)
        server.pages["/"] = lambda wire, _: wire.sendall(sent)
        try:
            fetch.fetch(f"{server.url}/", OPEN)
        except DocumentError as e:
            assert "\n" not in str(e)
