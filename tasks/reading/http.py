"""Text from elsewhere: http(s) addresses, within time-outs and a size, and stdin. Each is asked for once a run.

What fails in passing (a server that is busy or fails, a connection that breaks) is tried again with back-off; what is
gone or refused is not.
"""

import re
import ssl
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.allowed_hosts import ALLOWED

if TYPE_CHECKING:
    import httpx
    from tenacity import RetryCallState

MOST_BYTES = 20_000_000  # of one answer, unpacked
MOST_REDIRECTS = 5
CONNECT_S, SILENCE_S, TOTAL_S = 10.0, 20.0, 60.0
ATTEMPTS, FIRST_WAIT_S, LONGEST_WAIT_S = 3, 1.0, 15.0  # the wait doubles, or is what the server asks for
_PIECE = 65_536  # bytes received at a time; unpacked, at most 16 times as many
_KEPT_S = 300.0  # a run checks its sources before it starts and reads them after: one request serves both
_NO_HOST = re.compile("name or service not known|no address associated|nodename nor servname", re.IGNORECASE)
_AGENT = "nightdesk (reads feeds and articles)"


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: its bytes, and the media type and the charset that the server gives it ("" if none)."""

    content: bytes
    media: str
    charset: str
    at: float


class Failing(DocumentError):
    """An address cannot be read now, and may be later; wait_s: what its server asks to wait, in seconds."""

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message, wait_s)
        self.wait_s = wait_s

    def __str__(self) -> str:
        return str(self.args[0])


class NotAllowed(DocumentError):
    """An address leads to where this run may not ask."""


_kept: dict[str, Fetched] = {}
_failed: dict[str, tuple[str, float]] = {}  # address -> why it cannot be read, and when it was asked


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
    if found is not None and time.monotonic() - found.at <= _KEPT_S:
        return found
    why, at = _failed.get(url, ("", 0.0))
    if why and time.monotonic() - at <= _KEPT_S:
        raise DocumentError(why)
    try:
        found = _kept[url] = _patiently(url)
    except NotAllowed:  # another run may be allowed it
        raise
    except DocumentError as e:
        _failed[url] = str(e), time.monotonic()
        raise
    return found


def forget() -> None:
    """Have every address asked for anew."""
    _kept.clear()
    _failed.clear()


def _patiently(url: str) -> Fetched:
    """Ask for an address, and again if that may help."""
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_after_delay

    tries = Retrying(
        retry=retry_if_exception_type(Failing),
        stop=stop_after_attempt(ATTEMPTS) | stop_after_delay(TOTAL_S),
        wait=_wait_s,
        reraise=True,
    )
    try:
        return tries(_fetched, url)
    except Failing as e:
        raise DocumentError(f"{e} (asked {tries.statistics['attempt_number']} times)") from None


def _wait_s(state: "RetryCallState") -> float:
    from tenacity import wait_exponential_jitter

    error = state.outcome.exception() if state.outcome else None
    asked = error.wait_s if isinstance(error, Failing) else 0.0
    return asked or wait_exponential_jitter(initial=FIRST_WAIT_S, max=LONGEST_WAIT_S, jitter=FIRST_WAIT_S)(state)


def _fetched(url: str) -> Fetched:
    import httpx

    allowed = ALLOWED.get()

    def see(request: httpx.Request) -> None:  # called for every redirect, too
        if allowed is not None and not allowed.permit_hop(url, str(request.url)):
            where = request.url.host
            raise NotAllowed(f"leads to {where}, which this run may not ask; whoever runs the worker allows hosts")

    began = time.monotonic()
    limits = httpx.Timeout(SILENCE_S, connect=CONNECT_S)
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "gzip, deflate"}
    try:
        with httpx.Client(
            timeout=limits, headers=headers, verify=_certificates(), event_hooks={"request": [see]}
        ) as client:
            request = client.build_request("GET", url)
            for _ in range(MOST_REDIRECTS + 1):
                # Not left to httpx: it reads the body of a redirect to its end, however long that is.
                answer = client.send(request, stream=True)
                try:
                    if answer.next_request is None:
                        return _received(answer, began)
                finally:
                    answer.close()
                request = answer.next_request
    except httpx.TimeoutException:
        raise Failing("no answer in time; check the address, or try again later") from None
    except (httpx.NetworkError, httpx.RemoteProtocolError) as e:
        said = f"cannot be fetched ({str(e)[:200] or type(e).__name__}); check the address"
        raise (DocumentError if _NO_HOST.search(str(e)) else Failing)(said) from None
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError) as e:
        raise DocumentError(f"cannot be fetched ({str(e)[:200] or type(e).__name__}); check the address") from None
    raise DocumentError(f"cannot be fetched (more than {MOST_REDIRECTS} redirects); check the address")


@cache
def _certificates() -> ssl.SSLContext:
    """Load the certificates that servers are checked by: once, since it takes longer than most answers."""
    import httpx

    return httpx.create_ssl_context()


def _received(answer: "httpx.Response", began: float) -> Fetched:
    """Read an answer, as far as the limits of size and time allow."""
    if answer.status_code != 200:
        said = f"the server answers {answer.status_code} {answer.reason_phrase}"
        if answer.status_code in (408, 425, 429) or answer.status_code >= 500:
            raise Failing(f"{said}; try again later", _asked_to_wait(answer))
        raise DocumentError(f"{said}; check the address")
    content = bytearray()
    for part in _unpacked(answer.iter_raw(_PIECE), answer.headers.get("content-encoding", "").strip().lower()):
        content += part
        if len(content) > MOST_BYTES:
            raise DocumentError(f"more than {MOST_BYTES:,} bytes; fetch it yourself and name the file")
        if time.monotonic() - began > TOTAL_S:
            raise DocumentError(f"not all there after {TOTAL_S:.0f} s; try again later")
    media = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Fetched(bytes(content), media, answer.charset_encoding or "", time.monotonic())


def _asked_to_wait(answer: "httpx.Response") -> float:
    """Return what a server asks to wait, in seconds; 0 if it says nothing, or more than a run waits for a source."""
    asked = answer.headers.get("retry-after", "").strip()
    return float(asked) if asked.isdigit() and int(asked) <= LONGEST_WAIT_S else 0.0


def _unpacked(parts: Iterator[bytes], packing: str) -> Iterator[bytes]:
    """Yield what a server sends, unpacked in pieces of bounded size: a kilobyte may hold gigabytes.

    Raises:
        DocumentError: it is packed in a way that was not asked for, or is broken.
    """
    if packing in ("", "identity"):
        yield from parts
        return
    if packing not in ("gzip", "x-gzip", "deflate"):
        raise DocumentError(f"the server packs it as {packing[:40]!r}, which is not read; fetch it yourself")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    first = True
    try:
        for part in parts:
            if first and packing == "deflate" and not _has_zlib_header(part):
                unpacker = zlib.decompressobj(-zlib.MAX_WBITS)  # as many servers send it
            first = False
            while part and not unpacker.eof:
                yield unpacker.decompress(part, 16 * _PIECE)
                part = unpacker.unconsumed_tail  # noqa: PLW2901
    except zlib.error:
        raise DocumentError(f"broken {packing}; try again later, or fetch it yourself") from None
    if not unpacker.eof and not first:
        raise Failing("not all there: the server stopped in the middle; try again later")


def _has_zlib_header(head: bytes) -> bool:
    return len(head) > 1 and head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0


@cache
def stdin() -> bytes:
    """Return what stands on stdin, which can be read but once in a process."""
    return sys.stdin.buffer.read()
