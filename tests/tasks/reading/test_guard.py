"""What a server or a file can make us do: nothing but read what it says. Our disk stays closed, memory bounded.

Everything is read in one process, which tells every file and address that Python opens meanwhile.
"""

import gzip
import io
import json
import os
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nightdesk.tasks.reading.documents import Document, Unreadable
from nightdesk.tasks.reading.formats import jsonl, markdown
from nightdesk.tasks.reading.isolation import processes
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.written import rss

SECRET = "The vault is open."
MEDIA = (
    "application/rss+xml", "application/atom+xml", "text/xml", "application/xml", "text/html", "application/xhtml+xml",
    "application/json", "application/x-ndjson", "text/plain", "application/octet-stream",
)  # fmt: skip
SUFFIXES = (
    ".xml", ".rss", ".atom", ".html", ".htm", ".json", ".jsonl", ".ndjson", ".md", ".srt", ".vtt", ".txt", ".parquet"
)  # fmt: skip
MOST_MB = 700  # that the reading process may take at its most; its libraries take 200 to 300
PATIENCE_S = 120

# Not by getrusage, because its figure begins with what the parent had at the fork.
PEAK_MB = """
def peak_mb():
    status = open("/proc/self/status").read()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024
"""

READ = (
    PEAK_MB
    + """
import json, sys
from datetime import date
from nightdesk.tasks.reading.formats import captions, feed, html, json_pairs, jsonl, markdown, parquet, prose
import feedparser, trafilatura, pyarrow.parquet, markdown_it, chardet, httpx
from nightdesk.tasks.reading.sources import check_sources
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.isolation import processes
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.config.fetch_settings import FetchSettings
from nightdesk.tasks.reading.fetching.terms import Fetching

processes.ISOLATED = False  # the hook sees this process alone
fetching = Fetching(FetchSettings(allow_private=True))
watched, opened = sys.argv[1], []

def hook(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)):
        opened.append(args[0] if isinstance(args[0], str) else args[0].decode("utf-8", "replace"))

sys.addaudithook(hook)
told = []
for source in sys.argv[3:]:
    before = len(opened)
    try:
        documents = [(d.doc_id, list(d.texts) if isinstance(d, Document) else d.reason)
                     for d in check_sources([source, sys.argv[2]], date(2026, 3, 1), fetching=fetching).documents()]
    except InputError as e:
        documents = str(e)
    named = [p for p in opened[before:] if p != source and (watched in p or p.startswith(("/etc/", "/dev/")))]
    told.append({"source": source, "documents": documents, "opened": named})
print(json.dumps({"peak_mb": peak_mb(), "told": told}))
"""
)


class Site(ThreadingHTTPServer):
    """Answers with what `pages` holds, and keeps what it was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, tuple[dict[str, str], bytes]] = {}
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers a GET from the pages; /endless-redirect never ends."""

    server: Site

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.path == "/endless-redirect":
            self.send_response(302)
            self.send_header("Location", "/plain")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65_536)
            except OSError:
                return
        headers, body = self.server.pages.get(self.path, ({}, b""))
        self.send_response(200 if headers else 404)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A server of pages that mean no good."""
    site = Site()
    site.pages["/plain"] = ({"Content-Type": "text/plain"}, b"Shut again.")
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield site
    site.shutdown()
    site.server_close()


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """A folder with a file that nobody named, in every form that could be taken for the answer, and a pipe."""
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "secret.xml").write_text(rss(f"<description>{SECRET}</description>"))
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


def reading(watched: Path, *sources: str | Path) -> list[dict[str, Any]]:
    """Read every source, beside a document that is good; return what came of it."""
    (good := watched.with_name("good.json")).write_text('[[1, "Ferries run."]]')
    command = [sys.executable, "-c", READ, str(watched), str(good), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    assert result["peak_mb"] < MOST_MB
    for told in result["told"]:
        assert told["opened"] == [], told["source"]
        assert SECRET not in json.dumps(told), told["source"]
        assert "good" in [doc_id for doc_id, _ in told["documents"]]  # the run goes on
    return list(result["told"])


def bodies(vault: Path, site: Site) -> dict[str, str]:
    """Texts that name what is not theirs: paths, addresses, entities, parts of a page."""
    secret = vault / "secret"
    head = '<?xml version="1.0"?>'
    entity = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{secret}"><!ENTITY % p SYSTEM "{site.url}/trap.dtd"> %p;]>'
    lines = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 10))
    return {
        "path": str(secret),
        "feed": str(vault / "secret.xml"),
        "path-and-more": f"{secret}\n",
        "file-uri": f"file://{vault}/secret.xml",
        "address": f"{site.url}/trap",
        "feed-address": f"feed:{site.url}/trap",
        "pipe": str(vault / "pipe"),
        "zero": "/dev/zero",
        "stdin": "/dev/stdin",
        "hostname": "/etc/hostname",
        "entity": f"{head}{entity}{rss('<description>&x; Shut.</description>').removeprefix(head)}",
        "laughs": f'{head}<!DOCTYPE rss [<!ENTITY l0 "ha">{lines}]>'
        f"{rss('<description>&l9; Shut.</description>').removeprefix(head)}",
        "include": f'{head}<rss version="2.0" xmlns:xi="http://www.w3.org/2001/XInclude"><channel><item><description>'
        f'Shut.</description><xi:include href="file://{secret}" parse="text"/></item></channel></rss>',
        "style": f'{head}<?xml-stylesheet href="file://{secret}"?>' + rss("<description>Shut.</description>")[21:],
        "page": f'<!DOCTYPE html [<!ENTITY x SYSTEM "file://{secret}">]><html><head><base href="file://{vault}/">'
        f'<link rel="stylesheet" href="{site.url}/trap"></head><body><p>Shut. &x;</p><iframe src="secret"></iframe>'
        f'<img src="{site.url}/trap"><object data="secret">x</object></body></html>',
        "markdown": f"Shut. ![x](file://{secret}) [y](/etc/hostname)\n\n[z]: {site.url}/trap\n\n.. include:: {secret}",
        "listed": json.dumps([[1, str(secret)], [2, "Shut."]]),
    }


def test_no_answer_of_a_server_has_us_open_a_file_or_an_address(site: Site, vault: Path) -> None:
    urls = []
    for name, body in bodies(vault, site).items():
        for k, media in enumerate(MEDIA if not body.startswith("<") else MEDIA[:1]):  # its beginning tells what it is
            site.pages[f"/{name}/{k}"] = ({"Content-Type": media}, body.encode())
            urls.append(f"{site.url}/{name}/{k}")
        for suffix in SUFFIXES:
            site.pages[f"/{name}/a{suffix}"] = ({"Content-Type": "application/octet-stream"}, body.encode())
            urls.append(f"{site.url}/{name}/a{suffix}")
    site.asked.clear()
    told = {t["source"]: t["documents"] for t in reading(vault, *urls)}
    assert not [path for path in site.asked if "trap" in path]
    of_a_feed = told[f"{site.url}/path/0"]  # a path is no feed, and a text is a text
    assert "no RSS or Atom feed" in of_a_feed[0][1]
    assert told[f"{site.url}/path/{MEDIA.index('text/plain')}"][0][1] == [str(vault / "secret")]
    assert told[f"{site.url}/entity/0"][0][1][-1].endswith("Shut.")


def test_nor_has_a_file_that_we_are_given(site: Site, vault: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("given")
    sources = []
    for name, body in bodies(vault, site).items():
        for suffix in SUFFIXES:
            sources.append(folder / f"{name}{suffix}")
            sources[-1].write_text(body)
    site.asked.clear()
    told = reading(vault, *sources)
    assert len(told) == len(sources)
    assert site.asked == []


def packed_parquet() -> bytes:
    """100,000 rows that share a text of a million characters: next to nothing as a file."""
    shared = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array(["Shut. " * 170_000]))
    file = io.BytesIO()
    pq.write_table(pa.table({"text": shared}), file, store_schema=False, dictionary_pagesize_limit=10_000_000)
    return file.getvalue()


def bomb(times: int) -> bytes:
    """A quarter of a gigabyte of nothing, packed so many times."""
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(256)) + packer.flush()
    for _ in range(times - 1):
        packed = gzip.compress(packed)
    return packed


def test_memory_stays_bounded_whatever_is_packed_into_an_answer(site: Site, tmp_path: Path) -> None:
    plain = {"Content-Type": "text/plain"}
    site.pages["/gzip"] = ({**plain, "Content-Encoding": "gzip"}, bomb(1))
    site.pages["/gzips"] = ({**plain, "Content-Encoding": "gzip, gzip"}, bomb(2))
    site.pages["/raw"] = ({**plain, "Content-Encoding": "deflate"}, zlib.compress(b"Shut again.", wbits=-15))
    site.pages["/zlib"] = ({**plain, "Content-Encoding": "deflate"}, zlib.compress(b"Shut again."))
    site.pages["/whole"] = ({**plain, "Content-Encoding": "gzip"}, gzip.compress(b"Shut again."))
    site.pages["/cut"] = ({**plain, "Content-Encoding": "gzip"}, gzip.compress(b"Shut again. " * 99)[:-9])
    site.pages["/rows.parquet"] = (plain, packed_parquet())
    names = ("gzip", "gzips", "cut", "endless-redirect", "raw", "zlib", "whole")
    bad = [f"{site.url}/{name}" for name in names]
    told = [t["documents"][0][1] for t in reading(tmp_path, *bad)]
    assert "more than 20,000,000 bytes" in told[0]
    assert "packs it as 'gzip, gzip'" in told[1]
    assert "not all there" in told[2]
    assert told[3:] == [["Shut again."]] * 4


def test_rows_that_share_a_text_are_in_memory_once_and_are_refused_from_some_row_on(site: Site, tmp_path: Path) -> None:
    site.pages["/rows.parquet"] = ({"Content-Type": "text/plain"}, packed_parquet())
    command = (
        PEAK_MB
        + """
import sys
from nightdesk.tasks.reading.fetching.fetch import fetch
from nightdesk.tasks.config.fetch_settings import FetchSettings
from nightdesk.tasks.reading.fetching.terms import Fetching
from nightdesk.tasks.reading.formats import parquet
import io
from nightdesk.tasks.errors import DocumentError
rows = 0
try:
    for _ in parquet.read(io.BytesIO(fetch(sys.argv[1], Fetching(FetchSettings(allow_private=True))).content)):
        rows += 1
except DocumentError as e:
    assert "more than 100 times its size" in str(e)
    print(rows, peak_mb())
"""
    )
    done = subprocess.run(
        [sys.executable, "-c", command, f"{site.url}/rows.parquet"],
        capture_output=True, text=True, timeout=PATIENCE_S, check=True,
    )  # fmt: skip
    rows, peak_mb = map(int, done.stdout.split())
    assert 0 < rows < 50
    assert peak_mb < MOST_MB


def test_a_declared_encoding_that_is_none_costs_that_document_at_most(tmp_path: Path) -> None:
    feeds, pages = [], []
    for charset in ("undefined", "punycode", "idna", "unicode_escape", "rot13", "hex", "no-such"):
        feeds.append(tmp_path / f"{charset}.xml")
        said = rss("<description>Shut.</description>")[21:]
        feeds[-1].write_text(f'<?xml version="1.0"?><?x encoding="{charset}"?>{said}')
        pages.append(tmp_path / f"{charset}.html")
        pages[-1].write_bytes(f"<meta charset={charset}><p>Shut.".encode() + b"\xff" + b"b" * 1_000_000)
    told = [t["documents"][0][1] for t in reading(tmp_path / "nothing", *feeds, *pages)]
    assert told[:7] == [["Shut."]] * 7
    assert all("Shut." in said[0] if isinstance(said, list) else "encoding cannot be told" in said for said in told[7:])


def test_whatever_a_reader_raises_costs_that_document_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Exception):
        pass

    def fails(*_: object) -> None:
        raise Broken("in the middle\nof it")

    monkeypatch.setattr(processes, "ISOLATED", False)
    monkeypatch.setattr(markdown, "read", fails)
    monkeypatch.setattr(jsonl, "read", fails)
    (tmp_path / "a.md").write_text("Shut.")
    (tmp_path / "b.jsonl").write_text('{"text": "Shut."}')
    (tmp_path / "c.txt").write_text("Shut again.")
    *bad, good = check_sources([str(tmp_path)], DAY).documents()
    for document in bad:
        assert isinstance(document, Unreadable)
        assert document.reason.endswith(
            "its reader fails on it (Broken: in the middle of it); mend it, or leave it out"
        )
    assert isinstance(good, Document)
