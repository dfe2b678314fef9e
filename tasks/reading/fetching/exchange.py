"""One attempt to read an address: its redirects, and the answer at their end, within limits of size and time."""

import logging
from importlib.metadata import PackageNotFoundError, version

import httpcore
import httpx

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.fetching import kept_answers, robots
from nightdesk.tasks.reading.fetching.errors import Failing
from nightdesk.tasks.reading.fetching.hops import Hops
from nightdesk.tasks.reading.fetching.kept_answers import Answer
from nightdesk.tasks.reading.fetching.media import refuse_media
from nightdesk.tasks.reading.fetching.terms import Deadline, Fetching
from nightdesk.tasks.reading.fetching.unpacking import PIECE, unpacked

MOST_BYTES = 20_000_000  # of one answer, unpacked
MOST_REDIRECTS = 5
CONNECT_S, SILENCE_S = 10.0, 20.0
LONGEST_WAIT_S = 15.0  # that a server may ask for before the next attempt
log = logging.getLogger("nightdesk.readers")


def attempt(url: str, terms: Fetching, deadline: Deadline) -> Answer:
    """Return what an address gives now; what is kept of it, if its server says that this still holds.

    Raises:
        NotAllowed: this run may not ask there.
        Failing: it cannot be read now, and may be later.
        Late: the deadline has passed.
        DocumentError: it gives nothing that can be read.
    """
    limits = httpx.Timeout(SILENCE_S, connect=CONNECT_S)
    try:
        with httpx.Client(transport=Hops(url, terms, deadline), timeout=limits, headers=_headers()) as client:
            return _last_of(client, url, terms)
    except DocumentError:
        raise
    except httpcore.TimeoutException:
        raise Failing("no answer in time; check the address, or try again later") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as e:
        said = f"cannot be fetched ({str(e)[:200] or type(e).__name__}); check the address"
        raise (DocumentError if "CERTIFICATE_VERIFY_FAILED" in said else Failing)(said) from None
    except Exception as e:
        log.debug("an address cannot be fetched", exc_info=True)
        raise DocumentError(f"cannot be fetched ({str(e)[:200] or type(e).__name__}); check the address") from None


def _headers() -> dict[str, str]:
    try:
        agent = f"{robots.AGENT}/{version(robots.AGENT)}"
    except PackageNotFoundError:  # a checkout that is not installed
        agent = robots.AGENT
    return {"User-Agent": f"{agent} (reads feeds and articles)", "Accept-Encoding": "gzip, deflate"}


def _last_of(client: httpx.Client, url: str, terms: Fetching) -> Answer:
    """Follow redirects, by hand because httpx reads the body of each to its end, however long that is."""
    request = _unnamed(client.build_request("GET", url))
    host = request.url.host
    for _ in range(MOST_REDIRECTS + 1):
        address = str(request.url)
        is_secret = "authorization" in request.headers
        kept = None if is_secret else kept_answers.find(terms, address)
        request.headers.update(kept.conditions if kept else {})
        answer = client.send(request, stream=True)
        try:
            if answer.next_request is None:
                if answer.status_code == 304 and kept is not None:
                    return kept
                return _received(answer, "" if is_secret else address)
        finally:
            answer.close()
        request = _unnamed(answer.next_request)
        for condition in ("If-None-Match", "If-Modified-Since"):
            request.headers.pop(condition, None)
        robots.check(host, request.url.host, str(request.url), lambda robots_txt: _beginning(client, robots_txt))
    raise DocumentError(f"cannot be fetched (more than {MOST_REDIRECTS} redirects); check the address")


def _unnamed(request: httpx.Request) -> httpx.Request:
    """Put a user's name and password of an address into a header, because httpx logs addresses as they are."""
    if not request.url.userinfo:
        return request
    auth = httpx.BasicAuth(request.url.username, request.url.password)
    request.url = request.url.copy_with(username=None, password=None)
    return next(auth.auth_flow(request))


def _beginning(client: httpx.Client, url: str) -> tuple[int, bytes]:
    """Return the status of a robots.txt, redirects followed, and as much of it as counts."""
    request = client.build_request("GET", url)
    for _ in range(MOST_REDIRECTS + 1):
        answer = client.send(request, stream=True)
        try:
            if answer.next_request is None:
                text = b""
                for part in unpacked(answer.iter_raw(PIECE), _packing(answer)):
                    text += part
                    if len(text) >= robots.MOST_BYTES:
                        break
                return answer.status_code, text
        finally:
            answer.close()
        request = answer.next_request
    return 404, b""  # as RFC 9309 has it


def _received(answer: httpx.Response, address: str) -> Answer:
    """Read an answer as far as the limits allow. address: under which it may be kept; "" if it may not."""
    if answer.status_code != 200:
        raise _refusal(answer)
    media = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    content = bytearray()
    for part in unpacked(answer.iter_raw(PIECE), _packing(answer)):
        if not content:
            refuse_media(media, part)
        content += part
        if len(content) > MOST_BYTES:
            raise DocumentError(f"more than {MOST_BYTES:,} bytes; fetch it yourself and name the file")
    etag, modified = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
    forbids = "no-store" in answer.headers.get("cache-control", "").lower() or answer.headers.get("vary") == "*"
    return Answer(
        bytes(content),
        media,
        answer.charset_encoding or "",
        address,
        etag,
        modified,
        may_keep=bool(address and (etag or modified) and not forbids),
    )


def _packing(answer: httpx.Response) -> str:
    return str(answer.headers.get("content-encoding", "")).strip().lower()


def _refusal(answer: httpx.Response) -> DocumentError:
    """Return why an answer is no text: something that may pass, or something that is so."""
    status = answer.status_code
    said = f"the server answers {status} {answer.reason_phrase}".strip()
    if status in (408, 425, 429) or status >= 500:
        return Failing(f"{said}; try again later", _asked_to_wait(answer))
    if status == 410:
        return DocumentError(f"{said}: it is gone for good; name it no more")
    if status in (401, 403):
        return DocumentError(f"{said}: it is not for everybody; check the address, and its password if it has one")
    return DocumentError(f"{said}; check the address")


def _asked_to_wait(answer: httpx.Response) -> float:
    """Return what a server asks to wait, in seconds; 0 if it says nothing, or more than a run waits for a source."""
    asked = answer.headers.get("retry-after", "").strip()
    return float(asked) if asked.isdigit() and int(asked) <= LONGEST_WAIT_S else 0.0
