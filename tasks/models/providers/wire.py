"""The one way over which models are spoken to: what is sent to whom, and how much of a reply is read.

The SDKs read variables of the environment (OPENAI_ORG_ID, ANTHROPIC_CUSTOM_HEADERS, ...) and send them to any server,
follow redirects to any host, and read a reply to its end whatever its size. So both are given this client, in which

- a server of others gets the headers of ALLOWED and the key that the profile names for it, and nothing else;
- a request goes to the origin of base_url only: a redirect elsewhere, which would carry the documents' text, ends it;
- a reply may have a number of bytes, counted after decompression, be compressed by gzip once, and last a number of
  seconds, its headers and redirects included;
- a key that a reply repeats is blanked before anything is read of it: a model might make it a title.
"""

import asyncio
from typing import Any

import httpx2

from nightdesk.tasks.config.secrets import HIDDEN, SHORTEST

CONNECT_TIMEOUT_S = 10.0
MOST_REPLY = 4_000_000  # bytes of a reply to one call: ten times what 100,000 tokens take
MOST_BULK = 300_000_000  # bytes of what a batch returns
MOST_REDIRECTS = 3
NO_KEY = "none"  # for a server that needs none: the SDKs want some word, and so do a few servers
BULK_S = 900.0  # that a batch's files may take on their way
LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)  # as both SDKs have them
OWN = {"openai": "api.openai.com", "anthropic": "api.anthropic.com"}
ALLOWED = frozenset(
    (
        "host", "connection", "content-length", "content-type", "transfer-encoding", "accept", "accept-encoding",
        "user-agent", "anthropic-version",
    )
)  # fmt: skip


class Elsewhere(httpx2.TransportError):
    """The server redirects to another host, to which neither key nor text is sent."""


class Overlong(httpx2.TransportError):
    """The reply is longer than any answer, or not compressed as we asked."""


def is_own(provider: str, base_url: str) -> bool:
    """Tell whether a base_url is the provider's own server ("" is), for which its variables in the environment are."""
    if not base_url:
        return True
    url, own = httpx2.URL(base_url), OWN[provider]
    return url.scheme == "https" and (url.host == own or url.host.endswith(f".{own}"))


class Wire(httpx2.AsyncClient):
    """The HTTP client of one server. key: "" if it wants none; most: bytes of a reply; most_s: seconds of one call."""

    def __init__(self, provider: str, base_url: str, key: str, timeout_s: float, most: int, most_s: float) -> None:
        super().__init__(
            timeout=httpx2.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
            limits=LIMITS,
            headers={"Accept-Encoding": "gzip"},  # of which one piece becomes 1 MiB at most
            event_hooks={"request": [self._checked]},
        )
        self._origin = httpx2.URL(base_url or f"https://{OWN[provider]}").origin
        self._is_own, self._key, self._most, self._most_s = is_own(provider, base_url), key, most, most_s

    async def _checked(self, request: httpx2.Request) -> None:
        """Look at a request, or at one that follows a redirect, before it is sent."""
        if request.url.origin != self._origin:
            raise Elsewhere(f"it redirects to {request.url.host}; if that is right, write it into base_url")
        if not self._is_own:
            for name in set(request.headers) - ALLOWED:
                del request.headers[name]
            request.headers["Authorization"] = f"Bearer {self._key or NO_KEY}"

    async def send(self, request: httpx2.Request, *, stream: bool = False, **more: Any) -> httpx2.Response:
        """Send a request and read all of its reply, within the limits; what an SDK would stream is read, too.

        Raises:
            httpx2.TransportError: there is no reply, or it is not within the limits.
        """
        more["follow_redirects"] = False  # httpx reads a redirect's body to its end, whatever its size
        try:
            async with asyncio.timeout(self._most_s):
                for _ in range(MOST_REDIRECTS + 1):
                    response = await super().send(request, stream=True, **more)
                    try:
                        if response.next_request is None:
                            return await self._read(response)
                        request = response.next_request
                    finally:
                        await response.aclose()
        except TimeoutError:
            raise httpx2.ReadTimeout(f"no whole reply within {self._most_s:g} s", request=request) from None
        raise Elsewhere(f"it redirects more than {MOST_REDIRECTS} times", request=request)

    async def _read(self, response: httpx2.Response) -> httpx2.Response:
        headers = response.headers.copy()
        if headers.pop("content-encoding", "identity").strip().lower() not in ("gzip", "identity"):
            raise Overlong("its reply is not compressed as we asked", request=response.request)
        content = bytearray()
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > self._most:
                raise Overlong(f"its reply is longer than {self._most / 1e6:g} MB", request=response.request)
        for name in ("content-length", "transfer-encoding"):
            headers.pop(name, None)
        if kind := headers.get("content-type"):  # JSON is UTF-8, and some of Python's codecs take quadratic time
            headers["content-type"] = kind.partition(";")[0]
        shown = [(name, self._blanked(value)) for name, value in headers.raw]
        said = self._blanked(bytes(content))
        return httpx2.Response(response.status_code, headers=shown, content=said, request=response.request)

    def _blanked(self, said: bytes) -> bytes:
        key = self._key.encode()
        return said.replace(key, HIDDEN.encode()) if len(key) >= SHORTEST else said
