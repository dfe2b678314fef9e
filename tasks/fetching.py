"""Text from elsewhere: http(s) addresses, within time-outs and a size, and stdin. Each is asked for once a run."""

import sys
import time
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit, urlunsplit

from tasks.errors import DocumentError
from tasks.hosts import ALLOWED

MOST_BYTES = 20_000_000  # of one answer, unpacked
CONNECT_S, SILENCE_S, TOTAL_S = 10.0, 20.0, 60.0
_KEPT_S = 300.0  # a run checks its sources before it starts and reads them after: one request serves both
_AGENT = "nightdesk (reads feeds and articles)"


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: its bytes, and the media type that the server gives it ("" if none)."""

    content: bytes
    media: str
    at: float


_kept: dict[str, Fetched] = {}


def is_url(argument: str) -> bool:
    """Tell whether a source is an address."""
    return argument.lower().startswith(("http://", "https://"))


def public(url: str) -> str:
    """Return an address as it can be shown and stored: without a user's name, a password, a fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))


def fetch(url: str) -> Fetched:
    """Return what stands at an address.

    Raises:
        DocumentError: nothing that can be used: no such host, no answer in time, an error, or too much of it.
    """
    found = _kept.get(url)
    if found is None or time.monotonic() - found.at > _KEPT_S:
        found = _kept[url] = _fetched(url)
    return found


def forget() -> None:
    """Have every address asked for anew."""
    _kept.clear()


def _fetched(url: str) -> Fetched:
    import httpx

    allowed = ALLOWED.get()

    def see(request: httpx.Request) -> None:  # called for every redirect, too
        if allowed is not None and not allowed.permit_hop(url, str(request.url)):
            where = request.url.host
            raise DocumentError(f"leads to {where}, which this run may not ask; whoever runs the worker allows hosts")

    began = time.monotonic()
    limits = httpx.Timeout(SILENCE_S, connect=CONNECT_S)
    try:
        with (
            httpx.Client(
                timeout=limits, follow_redirects=True, max_redirects=5, event_hooks={"request": [see]}
            ) as client,
            client.stream("GET", url, headers={"User-Agent": _AGENT}) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise DocumentError(
                    f"the server answers {answer.status_code} {answer.reason_phrase}; check the address"
                )
            content = bytearray()
            for part in answer.iter_bytes(65_536):
                content += part
                if len(content) > MOST_BYTES:
                    raise DocumentError(f"more than {MOST_BYTES:,} bytes; fetch it yourself and name the file")
                if time.monotonic() - began > TOTAL_S:
                    raise DocumentError(f"not all there after {TOTAL_S:.0f} s; try again later")
            media = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    except httpx.TimeoutException:
        raise DocumentError("no answer in time; check the address, or try again later") from None
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError) as e:
        raise DocumentError(f"cannot be fetched ({str(e)[:200] or type(e).__name__}); check the address") from None
    return Fetched(bytes(content), media, time.monotonic())


@cache
def stdin() -> bytes:
    """Return what stands on stdin, which can be read but once in a process."""
    return sys.stdin.buffer.read()
