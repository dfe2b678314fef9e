"""Where a request may go: every hop is checked, and a proxy is asked only if the environment names one."""

import logging
import re

import pytest

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.fetching import fetch
from nightdesk.tasks.reading.fetching.allowed_hosts import ALLOWED, Hosts
from nightdesk.tasks.reading.fetching.terms import Fetching
from tests.tasks.reading.fetching.hostile import hostile, page, redirect, resolving
from tests.tasks.reading.fetching.terms import OPEN


@pytest.fixture(autouse=True)
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was asked before, what fails is asked again at once, and no proxy is named."""
    fetch.ask_anew()
    monkeypatch.setattr(fetch, "FIRST_WAIT_S", 0.01)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/x", "http://localhost:{port}/x", "http://[::ffff:127.0.0.1]:{port}/x",
        "http://2130706433:{port}/x", "http://0x7f.1:{port}/x", "http://0177.0.0.1:{port}/x", "http://127.1:{port}/x",
        "http://user:word@127.0.0.1:{port}/x", "http://0.0.0.0:{port}/x", "http://[::]:{port}/x",
    ],
)  # fmt: skip
def test_an_address_of_this_machine_is_refused_in_one_line_that_names_the_setting(address: str) -> None:
    with hostile() as server:
        server.pages["/x"] = page()
        with pytest.raises(DocumentError, match=r"allow_private = true in its table \[fetch\]|Invalid") as e:
            fetch.fetch(address.format(port=server.port), Fetching())
        assert server.asked == []
        assert "word" not in str(e.value) and "\n" not in str(e.value)


@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:9/x", "//127.0.0.1:9/x", "http://2130706433/",
        "http://[::ffff:7f00:1]:9/", "http://private.test/", "http://localhost./",
    ],
)  # fmt: skip
def test_a_redirect_to_a_private_address_is_refused(to: str) -> None:
    with hostile() as server, resolving(one_test=[["127.0.0.1"]], private_test=[["10.0.0.7"]]) as names:
        server.pages["/"] = redirect(to)
        with pytest.MonkeyPatch.context() as patch:  # the server itself stands for one of the internet
            patch.setattr("nightdesk.tasks.reading.fetching.network.is_global", lambda a: a == "127.0.0.1")
            with pytest.raises(DocumentError, match="allow_private"):
                fetch.fetch(f"http://one.test:{server.port}/", Fetching())
        assert names.connected == ["127.0.0.1"]


@pytest.mark.parametrize("to", ["file:///etc/hostname", "ftp://one.test/x", "gopher://one.test/x", "data:text/plain,x"])
def test_a_redirect_to_what_is_no_address_of_the_web_is_refused(to: str) -> None:
    with hostile() as server:
        server.pages["/"] = redirect(to)
        with pytest.raises(DocumentError, match=r"only http and https are read|cannot be fetched"):
            fetch.fetch(f"{server.url}/", OPEN)
        assert server.asked == ["/"]


def test_what_one_run_may_ask_another_does_not_learn() -> None:
    with hostile() as server:
        server.pages["/"] = page()
        address = f"{server.url}/"
        assert fetch.fetch(address, OPEN).content == b"Shut again."
        with pytest.raises(DocumentError, match="allow_private"):
            fetch.fetch(address, Fetching())
        allowed = ALLOWED.set(Hosts(("other.test",)))
        try:
            with pytest.raises(DocumentError, match="may not ask"):
                fetch.fetch(address, OPEN)
        finally:
            ALLOWED.reset(allowed)
        assert fetch.fetch(address, OPEN).content == b"Shut again."
        assert server.asked == ["/"]


def test_allowed_hosts_do_not_make_private_addresses_reachable() -> None:
    with hostile() as server:
        server.pages["/"] = page()
        allowed = ALLOWED.set(Hosts((f"127.0.0.1:{server.port}",), (f"{server.url}/",)))
        try:
            with pytest.raises(DocumentError, match="allow_private"):
                fetch.fetch(f"{server.url}/", Fetching())
            assert fetch.fetch(f"{server.url}/", OPEN).content == b"Shut again."
        finally:
            ALLOWED.reset(allowed)


def test_a_proxy_of_the_environment_is_asked_and_resolves_names(monkeypatch: pytest.MonkeyPatch) -> None:
    with hostile() as proxy, resolving(one_test=[["10.0.0.7"]]) as names:
        proxy.pages["http://one.test/feed"] = page(b"By proxy.")
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        assert fetch.fetch("http://one.test/feed", Fetching()).content == b"By proxy."
        assert names.resolved == []
        for private in ("http://127.0.0.1/x", "http://2130706433/x", "http://localhost/x"):
            with pytest.raises(DocumentError, match="allow_private"):
                fetch.fetch(private, Fetching())
        assert proxy.asked == ["http://one.test/feed"]
        monkeypatch.setenv("NO_PROXY", "one.test")
        monkeypatch.setenv("no_proxy", "one.test")
        fetch.ask_anew()
        with pytest.raises(DocumentError, match="allow_private"):
            fetch.fetch("http://one.test/feed", Fetching())


def test_the_product_and_its_version_are_named_and_neither_cookie_nor_password_goes_elsewhere() -> None:
    with hostile() as server, hostile() as other:
        server.pages["/"] = redirect(f"{other.url}/x")
        other.pages["/x"] = page()
        assert fetch.fetch(f"http://ann:s3cret@127.0.0.1:{server.port}/", OPEN).content == b"Shut again."
        assert re.match(r"nightdesk/\d", server.headers[0]["user-agent"])
        assert "authorization" in server.headers[0]
        assert "authorization" not in other.headers[0]


def test_no_secret_of_an_address_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with hostile() as server:
        server.pages["/x"] = page()
        fetch.fetch(f"http://ann:s3cret@127.0.0.1:{server.port}/x", OPEN)
    assert "s3cret" not in caplog.text
