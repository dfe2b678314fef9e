"""Sources at addresses, from a real server on the loopback."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import Document, Unreadable
from nightdesk.tasks.reading.fetching import fetch
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.fetching.terms import OPEN
from tests.tasks.reading.written import PAGE, rss

FEED = rss("<guid>a</guid><description>Shut again.</description>", "<description>Ferries run.</description>")
ANSWERS = {
    "/feed": ("application/rss+xml", FEED),
    "/wire.xml": ("text/plain", FEED),
    "/pool": ("text/html; charset=utf-8", PAGE),
    "/pool.php?id=5": ("application/octet-stream", PAGE),
    "/notes": ("text/plain", "Shut again. Ferries run."),
    "/a.jsonl": ("application/octet-stream", '{"text": "One."}\n{"text": "Two."}'),
    "/talk.vtt": ("text/vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nShut again."),
    "/empty": ("text/html", ""),
}


class Handler(BaseHTTPRequestHandler):
    """Answers from ANSWERS; counts what it is asked."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        if self.path == "/moved":
            self.send_response(301)
            self.send_header("Location", "/feed")
            self.end_headers()
        elif self.path.startswith("/fails"):  # /fails/503/2: so often with that status, then as it should
            _, _, status, times = self.path.split("/")
            if self.server.asked.count(self.path) > int(times):  # type: ignore[attr-defined]
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.end_headers()
                self.wfile.write(b"Shut again.")
            elif status == "cut":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"Shut")
                self.close_connection = True
            else:
                self.send_error(int(status))
        elif self.path == "/round":
            self.send_response(302)
            self.send_header("Location", "/round")
            self.end_headers()
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"<p>x</p>" * 8_192)
            except OSError:
                pass
        elif self.path in ANSWERS:
            media, text = ANSWERS[self.path]
            self.send_response(200)
            self.send_header("Content-Type", media)
            self.end_headers()
            self.wfile.write(text.encode())
        else:
            self.send_error(404)

    def log_message(self, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    """A web server that knows ANSWERS."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.asked = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def site(server: ThreadingHTTPServer) -> str:
    """The server's address, nothing of which has been fetched."""
    fetch.ask_anew()
    return f"http://127.0.0.1:{server.server_port}"


def ids_and_texts(*arguments: str) -> list[tuple[str, str]]:
    found = check_sources(list(arguments), DAY, fetching=OPEN).documents()
    return [(d.doc_id, d.texts[0] if isinstance(d, Document) else d.reason) for d in found]


@pytest.mark.parametrize("path", ["/feed", "/wire.xml", "/moved"])
def test_a_feed_is_its_entries(site: str, path: str) -> None:
    assert ids_and_texts(site + path) == [("a", "Shut again."), (f"{site}{path}#2", "Ferries run.")]


@pytest.mark.parametrize("path", ["/pool", "/pool.php?id=5"])
def test_a_page_is_its_article_and_is_called_by_its_address(site: str, path: str) -> None:
    (d,) = check_sources([f"{site}{path}#top"], DAY, fetching=OPEN).documents()
    assert isinstance(d, Document)
    assert (d.doc_id, d.source, d.title) == (site + path, site + path, "Council shuts the pool")
    assert d.texts[0] == "The council voted on Monday to close the pool."


def test_other_forms_are_read_by_their_suffix_or_as_text(site: str) -> None:
    assert ids_and_texts(f"{site}/a.jsonl") == [(f"{site}/a.jsonl#1", "One."), (f"{site}/a.jsonl#2", "Two.")]
    assert ids_and_texts(f"{site}/talk.vtt", f"{site}/notes") == [
        (f"{site}/talk.vtt", "Shut again."),
        (f"{site}/notes", "Shut again."),
    ]


def test_an_address_is_asked_once_for_the_check_and_the_reading(site: str, server: ThreadingHTTPServer) -> None:
    server.asked.clear()  # type: ignore[attr-defined]
    for _ in range(2):  # the command line checks, and so does the run
        list(check_sources([f"{site}/feed"], DAY, fetching=OPEN).documents())
    assert server.asked == ["/feed"]  # type: ignore[attr-defined]


def test_neither_name_nor_password_is_shown_or_kept(site: str) -> None:
    (d,) = check_sources([site.replace("//", "//ann:s3cret@") + "/notes"], DAY, fetching=OPEN).documents()
    assert "s3cret" not in f"{d.doc_id} {d.source}"
    with pytest.raises(InputError) as e:
        check_sources([site.replace("//", "//ann:s3cret@") + "/missing"], DAY, fetching=OPEN)
    assert "s3cret" not in str(e.value)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/missing", "the server answers 404 Not Found"),
        ("/endless", "more than 20,000,000 bytes"),
        ("/round", "cannot be fetched"),
        ("/empty", "no HTML in it"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(site: str, path: str, said: str) -> None:
    with pytest.raises(InputError) as e:
        check_sources([site + path], DAY, fetching=OPEN)
    assert str(e.value).startswith(f"{site}{path}: ")
    assert said in str(e.value)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/", "http://[::1", "http://", "https://no.such.host.invalid/x"])
def test_an_address_that_leads_nowhere_is_refused_in_one_line(address: str) -> None:
    with pytest.raises(InputError) as e:
        check_sources([address], DAY, fetching=OPEN)
    assert "cannot be fetched" in str(e.value) or "cannot be a path" in str(e.value)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("path", ["/fails/503/1", "/fails/500/2", "/fails/429/1", "/fails/cut/2"])
def test_what_fails_in_passing_is_asked_again(
    site: str, server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(fetch, "FIRST_WAIT_S", 0.01)
    server.asked.clear()  # type: ignore[attr-defined]
    assert ids_and_texts(site + path) == [(site + path, "Shut again.")]
    assert len(server.asked) == int(path[-1]) + 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(("status", "times"), [("500", 3), ("503", 3), ("404", 1), ("410", 1), ("403", 1)])
def test_what_fails_for_good_is_asked_three_times_and_what_is_gone_once(
    site: str, server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, status: str, times: int
) -> None:
    monkeypatch.setattr(fetch, "FIRST_WAIT_S", 0.01)
    server.asked.clear()  # type: ignore[attr-defined]
    found = check_sources([f"{site}/fails/{status}/9", f"{site}/notes"], DAY, fetching=OPEN).documents()
    (dead, _) = found
    assert isinstance(dead, Unreadable)
    assert status in dead.reason
    assert ("asked 3 times" in dead.reason) == (times == 3)
    assert server.asked.count(f"/fails/{status}/9") == times  # type: ignore[attr-defined]


def test_a_dead_address_among_others_is_reported_and_the_others_go_on(site: str) -> None:
    first, second = check_sources([f"{site}/missing", f"{site}/notes"], DAY, fetching=OPEN).documents()
    assert isinstance(first, Unreadable)
    assert (first.doc_id, first.source) == (f"{site}/missing", f"{site}/missing")
    assert isinstance(second, Document)
