"""robots.txt: heeded where an address leads to another site, and not asked for otherwise."""

import pytest

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.fetching import fetch
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.fetching.hostile import hostile, page, redirect, resolving
from tests.tasks.reading.fetching.terms import OPEN
from tests.tasks.reading.written import rss

NO = b"User-agent: *\nDisallow: /private/*.html\nUser-agent: nightdesk\nDisallow: /feed\n"


@pytest.fixture(autouse=True)
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was asked before, and what fails is asked again at once."""
    fetch.ask_anew()
    monkeypatch.setattr(fetch, "FIRST_WAIT_S", 0.01)


@pytest.mark.parametrize(
    ("robots", "refused"),
    [
        (page(NO), True),
        (page(NO.replace(b"Disallow: /feed", b"Disallow: /other")), False),
        (page(b"", "404 Not Found"), False),
        (page(b"", "503 Service Unavailable"), True),
        (redirect("/elsewhere.txt"), True),
    ],
)
def test_a_redirect_to_another_site_is_followed_as_its_robots_txt_has_it(robots: object, refused: bool) -> None:
    with hostile() as server, resolving(one_test=[["127.0.0.1"]], two_test=[["127.0.0.1"]]):
        server.pages |= {"/": redirect(f"http://two.test:{server.port}/feed"), "/feed": page(), "/robots.txt": robots}
        server.pages["/elsewhere.txt"] = page(NO)
        address = f"http://one.test:{server.port}/"
        if refused:
            with pytest.raises(DocumentError, match=r"robots\.txt"):
                fetch.fetch(address, OPEN)
            assert "/feed" not in server.asked
        else:
            assert fetch.fetch(address, OPEN).content == b"Shut again."


def test_what_was_named_and_what_stays_on_its_site_is_read_without_asking_robots_txt() -> None:
    with hostile() as server, resolving(one_test=[["127.0.0.1"]], www_one_test=[["127.0.0.1"]]):
        server.pages |= {"/": redirect(f"http://www.one.test:{server.port}/feed"), "/feed": page()}
        server.pages["/robots.txt"] = page(NO)
        assert fetch.fetch(f"http://one.test:{server.port}/", OPEN).content == b"Shut again."
        assert fetch.fetch(f"http://one.test:{server.port}/feed", OPEN).content == b"Shut again."
        assert "/robots.txt" not in server.asked


def test_no_link_of_a_feed_or_a_page_is_followed() -> None:
    with hostile() as server:
        links = f'<a href="{server.url}/trap">x</a> <img src="{server.url}/trap"><p>Shut again.</p>'
        item = f"<link>{server.url}/trap</link><description><![CDATA[{links}]]></description>"
        server.pages["/feed"] = page(rss(item).encode(), Content_Type="application/rss+xml")
        server.pages["/page"] = page(f"<html><body>{links}</body></html>".encode(), Content_Type="text/html")
        for path in ("/feed", "/page"):
            list(check_sources([server.url + path], DAY, fetching=OPEN).documents())
        assert server.asked == ["/feed", "/page"]
