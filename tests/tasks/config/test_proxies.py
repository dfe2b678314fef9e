"""Proxies are for what is elsewhere: this machine itself is asked directly, whatever NO_PROXY said before."""

import os
import urllib.request

import pytest

from nightdesk.tasks.config.proxies import is_loopback, keep_loopback_direct


@pytest.mark.parametrize("before", ["", "db.example", " db.example , localhost", "*"])
def test_what_was_direct_stays_so_and_the_loopback_is(before: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", before)
    keep_loopback_direct()
    first = os.environ["no_proxy"]
    keep_loopback_direct()
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == first
    assert all(urllib.request.proxy_bypass(host) for host in ("127.0.0.1", "localhost", "127.0.0.1:4200"))
    assert bool(urllib.request.proxy_bypass("db.example")) == bool(before)
    assert bool(urllib.request.proxy_bypass("feeds.example")) == (before == "*")


def test_only_addresses_of_this_machine_are_its_own() -> None:
    assert all(map(is_loopback, ("http://127.0.0.1:4200/api", "http://localhost/", "http://[::1]:8000/v1")))
    assert not any(map(is_loopback, ("http://127.0.0.1.example/", "https://api.example/v1", "http://[", "")))
