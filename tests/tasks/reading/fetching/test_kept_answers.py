"""Answers that are kept: asked again, the server may say that they hold; nothing private is kept, nor too much."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from nightdesk.tasks.calling.answers import tombstones
from nightdesk.tasks.config.fetch_settings import FetchSettings
from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.fetching import fetch
from nightdesk.tasks.reading.fetching.kept_answers import FOLDER, forget_all
from nightdesk.tasks.reading.fetching.terms import Fetching
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.fetching.hostile import changing, hostile, page, redirect
from tests.tasks.reading.written import rss

FEED = rss("<guid>a</guid><description>Shut again.</description>").encode()
VALIDATORS = [{"ETag": '"1"'}, {"Last_Modified": "Sun, 01 Mar 2026 02:00:00 GMT"}]


def keeping(out: Path, **more: Any) -> Fetching:
    """Return terms of a profile that allows the loopback."""
    return Fetching(FetchSettings(allow_private=True, **more), out)


def night(address: str, terms: Fetching) -> bytes:
    """Fetch as a new run does."""
    fetch.ask_anew()
    return fetch.fetch(address, terms).content


@pytest.mark.parametrize("validators", VALIDATORS)
def test_a_feed_that_has_not_changed_is_read_as_it_was_kept(out: Path, validators: dict[str, str]) -> None:
    with hostile() as server:
        server.pages["/feed"] = changing(FEED, Content_Type="application/rss+xml", **validators)
        for _ in range(3):
            fetch.ask_anew()
            (d,) = check_sources([f"{server.url}/feed"], DAY, fetching=keeping(out)).documents()
            assert isinstance(d, Document) and (d.doc_id, d.texts) == ("a", ("Shut again.",))
        named = [h.get("if-none-match", h.get("if-modified-since")) for h in server.headers]
        assert named == [None, *validators.values(), *validators.values()]
        server.pages["/feed"] = changing(FEED.replace(b"Shut", b"Open"), ETag='"2"')
        assert b"Open again." in night(f"{server.url}/feed", keeping(out))


def test_a_check_writes_nothing_and_the_reading_keeps_what_was_fetched_for_it(out: Path) -> None:
    with hostile() as server:
        server.pages["/feed"] = changing(FEED, Content_Type="application/rss+xml", ETag='"1"')
        fetch.ask_anew()
        reading = check_sources([f"{server.url}/feed"], DAY, fetching=keeping(out))
        assert not (out / FOLDER).exists()
        list(reading.documents())
        assert len(list((out / FOLDER).iterdir())) == 1
        assert server.asked == ["/feed"]


@pytest.mark.parametrize(
    ("path", "headers", "user"),
    [
        ("/x", {}, ""),
        ("/x", {"ETag": '"1"', "Cache_Control": "private, No-Store"}, ""),
        ("/x", {"ETag": '"1"', "Vary": "*"}, ""),
        ("/x", {"ETag": '"1"'}, "ann:s3cret@"),
    ],
)
def test_what_is_private_or_cannot_be_asked_after_is_not_kept(
    out: Path, path: str, headers: dict[str, str], user: str
) -> None:
    with hostile() as server:
        server.pages[path] = page(**headers)
        night(f"http://{user}127.0.0.1:{server.port}{path}", keeping(out))
    assert list(out.rglob("*")) == []


def test_what_is_no_longer_to_be_kept_is_removed(out: Path) -> None:
    with hostile() as server:
        server.pages["/x"] = page(ETag='"1"')
        night(f"{server.url}/x", keeping(out))
        server.pages["/x"] = page(ETag='"2"', Cache_Control="no-store")
        night(f"{server.url}/x", keeping(out))
    assert list((out / FOLDER).iterdir()) == []


def test_no_key_in_an_address_stands_in_what_is_kept_and_nobody_else_may_read_it(out: Path) -> None:
    with hostile() as server:
        server.pages["/x?token=s3cret"] = page(ETag='"1"')
        night(f"{server.url}/x?token=s3cret", keeping(out))
    (file,) = (out / FOLDER).iterdir()
    assert "s3cret" not in file.name and b"s3cret" not in file.read_bytes()
    assert (file.stat().st_mode & 0o777, (out / FOLDER).stat().st_mode & 0o777) == (0o600, 0o700)


def test_what_is_kept_is_bounded_in_bytes_and_age(out: Path) -> None:
    terms = keeping(out, kept_mb=0.02, kept_days=1)
    with hostile() as server:
        for k in range(5):
            server.pages[f"/{k}"] = page(bytes([65 + k]) * 8_000, ETag=f'"{k}"')
            night(f"{server.url}/{k}", terms)
            (newest,) = [f for f in (out / FOLDER).iterdir() if f.read_bytes().endswith(bytes([65 + k]))]
            os.utime(newest, (time.time() - 600 + k * 60,) * 2)
        kept = sorted(f.read_bytes()[-1:] for f in (out / FOLDER).iterdir())
        assert kept == [b"D", b"E"]
        for file in (out / FOLDER).iterdir():
            os.utime(file, (1, 1))
        server.headers.clear()
        night(f"{server.url}/4", terms)
        assert "if-none-match" not in server.headers[0]
    night_off = keeping(out, kept_mb=0)
    forget_all(out)
    with hostile() as server:
        server.pages["/"] = page(ETag='"1"')
        night(f"{server.url}/", night_off)
    assert list((out / FOLDER).iterdir()) == []


@pytest.mark.parametrize("harm", [b"", b"no json\n", b"{}\nx", b"[]\nx", b'{"sha256": 1}\nx', b"\xff" * 99])
def test_a_kept_answer_that_is_broken_is_asked_for_anew(out: Path, harm: bytes) -> None:
    with hostile() as server:
        server.pages["/"] = changing(b"Shut again.", ETag='"1"')
        night(f"{server.url}/", keeping(out))
        (file,) = (out / FOLDER).iterdir()
        file.write_bytes(harm)
        assert night(f"{server.url}/", keeping(out)) == b"Shut again."
        assert json.loads(file.read_bytes().split(b"\n")[0])["etag"] == '"1"'


def test_a_kept_answer_by_passes_no_check(out: Path) -> None:
    with hostile() as server, hostile(host="127.0.0.2") as other:
        server.pages["/"] = redirect(f"{other.url}/x")
        other.pages["/x"] = changing(b"Shut again.", ETag='"1"')
        other.pages["/robots.txt"] = page(b"")
        assert night(f"{server.url}/", keeping(out)) == b"Shut again."
        assert night(f"{server.url}/", keeping(out)) == b"Shut again."
        assert other.headers[-1]["if-none-match"] == '"1"'
        fetch.ask_anew()
        with pytest.raises(DocumentError, match="allow_private"):
            fetch.fetch(f"{server.url}/", Fetching(out=out))
        other.pages["/x"] = page(b"", "410 Gone")
        with pytest.raises(DocumentError, match="gone for good"):
            night(f"{server.url}/", keeping(out))


def test_a_304_that_nobody_asked_for_is_an_error(out: Path) -> None:
    with hostile() as server:
        server.pages["/"] = page(b"", "304 Not Modified")
        with pytest.raises(DocumentError, match="304"):
            night(f"{server.url}/", keeping(out))


def test_a_folder_that_cannot_be_written_costs_no_document(out: Path, caplog: pytest.LogCaptureFixture) -> None:
    out.mkdir(exist_ok=True)
    (out / FOLDER).write_text("a file where the folder should be")
    with hostile() as server:
        server.pages["/"] = page(ETag='"1"')
        assert night(f"{server.url}/", keeping(out)) == b"Shut again."
    assert "cannot be kept" in caplog.text


def test_a_run_under_way_keeps_nothing_more_once_a_document_is_forgotten(out: Path) -> None:
    out.mkdir(exist_ok=True)
    settings = FetchSettings(allow_private=True)
    with hostile() as server:
        server.pages["/"] = page(ETag='"1"')
        under_way = Fetching.of_run(settings, out)
        tombstones.bury(out, "a")
        night(f"{server.url}/", under_way)
        assert not (out / FOLDER).exists()
        night(f"{server.url}/", Fetching.of_run(settings, out))
        assert (out / FOLDER).exists()
