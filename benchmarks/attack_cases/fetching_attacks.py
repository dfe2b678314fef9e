"""Attacks by servers and by names: to have this machine asked for what is private, or to hold a run, or to fill it."""

import gzip
import time
from functools import partial
from pathlib import Path
from unittest import mock

from benchmarks.attack_cases.outcome import Attack, Outcome
from nightdesk.tasks.config.fetch_settings import FetchSettings
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.fetching import fetch
from nightdesk.tasks.reading.fetching.terms import Fetching
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.fetching.hostile import Hostile, Page, changing, dripping, hostile, page, redirect, resolving
from tests.tasks.reading.written import rss

SECRET = b"The vault is open."
QUICK_S, PATIENCE_S = 2.0, 10.0  # the limit, and when it has certainly passed on a busy machine
_IS_GLOBAL = "nightdesk.tasks.reading.fetching.network.is_global"


def cases() -> dict[str, Attack]:
    """Return the attacks by their names."""
    to_private = {
        "a redirect to the loopback": "http://127.0.0.1:{port}/secret",
        "a redirect to a cloud's metadata at 169.254.169.254": "http://169.254.169.254/latest/meta-data/",
        "a redirect to a name that resolves to a private address": "http://private.test:{port}/secret",
        "a redirect to an IPv4-mapped address": "http://[::ffff:127.0.0.1]:{port}/secret",
        "a redirect to an address by NAT64": "http://[64:ff9b::7f00:1]:{port}/secret",
        "a redirect to a host in decimal": "http://2130706433:{port}/secret",
        "a redirect to a host in octal": "http://0177.0.0.1:{port}/secret",
        "a redirect to a host in hexadecimal": "http://0x7f.1:{port}/secret",
        "a redirect to a file": "file:///etc/passwd",
        "a redirect to localhost with a full stop": "http://localhost.:{port}/secret",
    }
    held: dict[str, Page] = {
        "headers of 3 bytes at a time": dripping(b"HTTP/1.1 200 OK\r\nX: ", b"aaa"),
        "an endless body of 3 bytes at a time": dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"aaa"),
        "redirects that are slow": redirect("/x", after_s=0.6),
        "a redirect that leads to itself": redirect("/x"),
    }
    filled: dict[str, Page] = {
        "a body without an end": dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"<p>x</p>" * 100_000, 0.0),
        "a gzip bomb": page(gzip.compress(b"x" * 300_000_000, 1), Content_Encoding="gzip"),
        "a gzip bomb in a gzip bomb": page(gzip.compress(gzip.compress(b"x" * 10**7)), Content_Encoding="gzip, gzip"),
        "a header without an end": dripping(b"HTTP/1.1 200 OK\r\nX: ", b"a" * 100_000, 0.0),
    }
    attacks: dict[str, Attack] = {name: partial(_led, to) for name, to in to_private.items()}
    attacks |= {name: partial(_refused, answer) for name, answer in (held | filled).items()}
    attacks |= {
        "a name that is private when it is connected to (rebinding)": _rebound,
        "an address of this machine that is named where it is not allowed": _named,
        "a feed of a million entries": _million,
        "an answer kept by a run that may ask more": _kept,
        "a redirect to a site whose robots.txt says no": _robots,
        "a picture called a feed": partial(_refused, page(b"\x89PNG\r\n\x1a\n\0" * 99, Content_Type="text/xml")),
    }
    return {f"fetching: {name}": attack for name, attack in attacks.items()}


def _read(address: str, terms: Fetching) -> str:
    """Return the text that an address gives, or why it gives none."""
    fetch.ask_anew()
    try:
        found = list(check_sources([address], DAY, fetching=terms).documents())
    except InputError as e:
        return f"refused: {str(e).partition(': ')[2]}"
    return " ".join(" ".join(d.texts) if isinstance(d, Document) else f"refused: {d.reason}" for d in found)


def _outcome(seen: str, right: bool) -> Outcome:
    return Outcome("refused in one line, nothing private is asked", seen[:150], right and "\n" not in seen)


def _private(server: Hostile) -> None:
    server.pages["/secret"] = page(SECRET)


def _led(to: str, _: Path) -> Outcome:
    """A server of the internet (127.0.0.2 stands for it) leads to a private one."""
    with hostile() as private, hostile(host="127.0.0.2") as server:
        _private(private)
        server.pages["/"] = redirect(to.format(port=private.port))
        with (
            resolving(one_test=[["127.0.0.2"]], private_test=[["127.0.0.1"]]) as names,
            mock.patch(_IS_GLOBAL, lambda address: address == "127.0.0.2"),
        ):
            seen = _read(f"http://one.test:{server.port}/", Fetching())
        right = seen.startswith("refused") and not private.asked and set(names.connected) == {"127.0.0.2"}
        return _outcome(seen, right)


def _refused(answer: Page, _: Path) -> Outcome:
    """A server holds a run, or fills it."""
    with hostile() as server:
        server.pages["/x"] = answer
        terms = Fetching(FetchSettings(allow_private=True, total_s=QUICK_S))
        began = time.monotonic()
        seen = _read(f"{server.url}/x", terms)
        in_time = time.monotonic() - began < PATIENCE_S
        return Outcome(f"refused in one line after {QUICK_S:g} s", seen[:150], seen.startswith("refused") and in_time)


def _rebound(_: Path) -> Outcome:
    with hostile() as private, resolving(one_test=[["8.8.8.8"], ["127.0.0.1"]]) as names:
        _private(private)
        seen = _read(f"http://one.test:{private.port}/secret", Fetching())
        return _outcome(f"{seen[:90]}; connected to {names.connected}", "127.0.0.1" not in names.connected)


def _named(_: Path) -> Outcome:
    with hostile() as private:
        _private(private)
        seen = _read(f"{private.url}/secret", Fetching())
        return _outcome(seen, "allow_private = true" in seen and not private.asked)


def _million(_: Path) -> Outcome:
    # As many as 20,000,000 bytes hold, and packed, they are a few kilobytes.
    feed = rss("<guid>a</guid><description>Shut.</description>").encode()
    feed = gzip.compress(feed.replace(b"</channel>", b"<item></item>" * 10**6 + b"</channel>"))
    with hostile() as server:
        server.pages["/feed"] = page(feed, Content_Type="application/rss+xml", Content_Encoding="gzip")
        seen = _read(f"{server.url}/feed", Fetching(FetchSettings(allow_private=True, entries=1_000)))
        right = seen.startswith("Shut.") and "more than 1,000 entries" in seen
        return Outcome("the first are read, the rest is named", f"{seen[:40]} ... {seen[-110:]}", right)


def _kept(folder: Path) -> Outcome:
    with hostile() as private:
        private.pages["/secret"] = changing(SECRET, ETag='"1"')
        address = f"{private.url}/secret"
        assert "vault" in _read(address, Fetching(FetchSettings(allow_private=True), folder))
        seen = _read(address, Fetching(out=folder))
        return _outcome(seen, seen.startswith("refused") and private.asked == ["/secret"])


def _robots(_: Path) -> Outcome:
    with hostile() as server, resolving(one_test=[["127.0.0.1"]], two_test=[["127.0.0.1"]]):
        server.pages |= {"/": redirect(f"http://two.test:{server.port}/secret"), "/secret": page(SECRET)}
        server.pages["/robots.txt"] = page(b"User-agent: *\nDisallow: /secret")
        seen = _read(f"http://one.test:{server.port}/", Fetching(FetchSettings(allow_private=True)))
        return _outcome(seen, "robots.txt" in seen and "/secret" not in server.asked)
