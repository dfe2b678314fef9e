"""Connections: to the address that was checked, by the name that was asked for, and until the deadline."""

import ssl
from pathlib import Path

import pytest

from nightdesk.tasks.config.fetch_settings import FetchSettings
from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.fetching import fetch, hops
from nightdesk.tasks.reading.fetching.terms import Fetching
from tests.tasks.reading.fetching.certificate import certificate
from tests.tasks.reading.fetching.hostile import Page, dripping, hostile, page, redirect, resolving
from tests.tasks.reading.fetching.terms import OPEN

CLOSED = Fetching()
QUICK = Fetching(FetchSettings(allow_private=True, total_s=0.6))


@pytest.fixture(autouse=True)
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was asked before, and what fails is asked again at once."""
    fetch.ask_anew()
    monkeypatch.setattr(fetch, "FIRST_WAIT_S", 0.01)


@pytest.mark.parametrize("private", ["127.0.0.1", "169.254.169.254", "10.0.0.7", "::1", "::ffff:127.0.0.1", "0.0.0.0"])
def test_a_name_that_resolves_to_a_private_address_is_not_connected_to(private: str) -> None:
    for answers in ([private], ["8.8.8.8", private]):
        with resolving(one_test=[answers]) as names, pytest.raises(DocumentError, match="allow_private = true"):
            fetch.fetch("http://one.test/feed", CLOSED)
        assert (names.resolved, names.connected) == (["one.test"], [])


def test_the_address_that_was_checked_is_the_one_that_is_connected_to() -> None:
    with hostile() as private, resolving(one_test=[["8.8.8.8"], ["127.0.0.1"]]) as names:
        with pytest.raises(DocumentError, match="allow_private"):  # a second attempt resolves, and checks, anew
            fetch.fetch(f"http://one.test:{private.port}/", CLOSED)
        assert (names.connected, private.asked) == (["8.8.8.8"], [])
    with hostile() as first, hostile(host="127.0.0.2") as second:
        first.pages["/"] = page(b"First.")
        with resolving(one_test=[["127.0.0.1"], ["127.0.0.2"]]) as names:
            assert fetch.fetch(f"http://one.test:{first.port}/", OPEN).content == b"First."
        assert (names.connected, second.asked) == (["127.0.0.1"], [])
        assert first.headers[0]["host"] == f"one.test:{first.port}"


def test_an_address_that_does_not_answer_gives_way_to_the_next() -> None:
    with hostile() as server, resolving(one_test=[["2606:4700::1111", "8.8.8.8", "127.0.0.1"]]) as names:
        server.pages["/"] = page()
        assert fetch.fetch(f"http://one.test:{server.port}/", OPEN).content == b"Shut again."
    assert names.connected == ["2606:4700::1111", "8.8.8.8", "127.0.0.1"]


def test_a_certificate_is_checked_by_the_name_and_the_server_is_told_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path / "one.pem", "one.test"))
    context.sni_callback = lambda _, name, __: told.append(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "one.pem"))
    hops._certificates.cache_clear()
    try:
        with hostile(tls=context) as server, resolving(one_test=[["127.0.0.1"]], two_test=[["127.0.0.1"]]):
            server.pages["/"] = page()
            assert fetch.fetch(f"https://one.test:{server.port}/", OPEN).content == b"Shut again."
            with pytest.raises(DocumentError, match="CERTIFICATE_VERIFY_FAILED"):
                fetch.fetch(f"https://two.test:{server.port}/", OPEN)
        assert told == ["one.test", "two.test"]
        assert server.asked == ["/"]
    finally:
        hops._certificates.cache_clear()


@pytest.mark.parametrize(
    "slow",
    [
        dripping(b"HTTP/1.1 200 OK\r\nX-Long: ", b"aaa"),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", b"aaa"),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        dripping(b"", b""),
    ],
    ids=["headers", "body", "chunks", "silence"],
)
def test_what_never_ends_ends_at_the_deadline(slow: Page) -> None:
    with hostile() as server:
        server.pages["/"] = slow
        with pytest.raises(DocumentError, match=r"not all there after 0\.6 s"):
            fetch.fetch(f"{server.url}/", QUICK)


def test_slow_redirects_share_one_deadline() -> None:
    with hostile() as server:
        for k in range(6):
            server.pages[f"/{k}"] = redirect(f"/{k + 1}", after_s=0.25)
        with pytest.raises(DocumentError, match=r"not all there after 0\.6 s"):
            fetch.fetch(f"{server.url}/0", QUICK)
        assert len(server.asked) <= 3


def test_a_tls_handshake_that_never_ends_ends_at_the_deadline() -> None:
    # The server takes the handshake for a request that is not over, and says nothing.
    with hostile() as server, pytest.raises(DocumentError, match=r"not all there after 0\.6 s"):
        fetch.fetch(f"https://127.0.0.1:{server.port}/", QUICK)
