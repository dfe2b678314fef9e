"""The one place that every request passes: the address that was named, each redirect, and a robots.txt.

Who may be asked: first by the address as it is written (its scheme, the hosts that this run is allowed, private names
and numbers), then by what its name resolves to (network.py). If the environment names a proxy for it, that resolves the
name, so that only the first can be checked here.
"""

import ssl
from collections.abc import Iterator
from functools import cache
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.fetching.addresses import WAY_OUT, private_name
from nightdesk.tasks.reading.fetching.allowed_hosts import ALLOWED
from nightdesk.tasks.reading.fetching.errors import NotAllowed
from nightdesk.tasks.reading.fetching.network import Network
from nightdesk.tasks.reading.fetching.terms import Deadline, Fetching


class Hops(httpx.BaseTransport):
    """Sends each request on a connection of its own. named: the address that was named, whatever it leads to."""

    def __init__(self, named: str, terms: Fetching, deadline: Deadline) -> None:
        self._named, self._any = named, terms.settings.allow_private
        self._deadline = deadline

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Check whom a request asks, and send it.

        Raises:
            NotAllowed: this run may not ask there.
            DocumentError: no such host, or no proxy that can be used.
            Late: the deadline has passed.
        """
        url = request.url
        self._check(url)
        proxy = _proxy_for(url)
        pool = httpcore.ConnectionPool(
            ssl_context=_certificates(),
            proxy=proxy,
            network_backend=Network(self._deadline, self._any or proxy is not None),
        )
        try:
            answer = pool.handle_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=b"",
                    extensions=request.extensions,
                )
            )
        except BaseException:
            pool.close()
            raise
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer, pool), extensions=answer.extensions
        )

    def _check(self, url: httpx.URL) -> None:
        if url.scheme in ("", "http", "https") and not url.host:
            raise DocumentError("cannot be fetched (it names no host); check the address")
        if url.scheme not in ("http", "https"):
            raise NotAllowed(
                f"leads to an address that begins with {url.scheme[:20]}:, and only http and https are read"
            )
        allowed = ALLOWED.get()
        if allowed is not None and not allowed.permit_hop(self._named, str(url)):
            raise NotAllowed(f"leads to {url.host}, which this run may not ask; whoever runs the worker allows hosts")
        if not self._any and (what := private_name(url.host)):
            led = "" if url.host == httpx.URL(self._named).host else "leads elsewhere: "
            raise NotAllowed(f"{led}{what}, {WAY_OUT}")


class _Body(httpx.SyncByteStream):
    """What a server sends after its headers; closing it closes the connection."""

    def __init__(self, answer: httpcore.Response, pool: httpcore.ConnectionPool) -> None:
        self._answer, self._pool = answer, pool

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
        self._pool.close()


def _proxy_for(url: httpx.URL) -> httpcore.Proxy | None:
    """Return the proxy that the environment names for an address (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY)."""
    named = getproxies()
    address = named.get(url.scheme) or named.get("all")
    if not address or proxy_bypass(url.host):
        return None
    try:
        proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
    except (ValueError, httpx.InvalidURL):
        raise DocumentError(
            f"the proxy for {url.scheme} in the environment is none that can be used; mend it"
        ) from None
    if proxy.url.scheme not in ("http", "https"):
        raise DocumentError(
            f"the proxy for {url.scheme} in the environment is no HTTP proxy; name one, or set NO_PROXY"
        )
    return httpcore.Proxy(str(proxy.url), auth=proxy.raw_auth, ssl_context=_certificates())


@cache
def _certificates() -> ssl.SSLContext:
    """Load the certificates that servers are checked by: once, since it takes longer than most answers."""
    return httpx.create_ssl_context()
