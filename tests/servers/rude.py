"""What rude servers of models send in place of an answer."""

import gzip
import json
import time
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from tests.servers.loopback import Got, Reply, completion, send

MB = 1_000_000
ANSWER = '{"groups": [{"label": "facts", "numbers": "rest"}]}'


def posted(reply: Reply) -> Reply:
    """Reply so to questions; whether the model is there is answered decently."""

    def decent(got: Got, handler: BaseHTTPRequestHandler) -> None:
        return send(handler, b'{"id": "m"}') if got.method == "GET" else reply(got, handler)

    return decent


def says(text: str, **headers: str) -> Reply:
    """Say something, as a chat completion."""
    return posted(lambda got, handler: send(handler, completion(text), **headers))


def refuses(status: int, message: str = "no", **headers: str) -> Reply:
    """Refuse every question."""
    body = json.dumps({"error": {"message": message}}).encode()
    return posted(lambda got, handler: send(handler, body, status, **headers))


def long(megabytes: int) -> Reply:
    """Send a reply of so many megabytes, whose length is told."""

    def reply(got: Got, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", str(megabytes * MB))
        handler.end_headers()
        for _ in range(10 * megabytes):
            handler.wfile.write(b" " * (MB // 10))

    return posted(reply)


def pieces(piece: Callable[[], bytes], status: int = 200, **headers: str) -> Reply:
    """Send pieces as long as somebody reads them."""

    def reply(got: Got, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        while data := piece():
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        handler.wfile.write(b"0\r\n\r\n")

    return posted(reply)


def endless(status: int = 200, **headers: str) -> Reply:
    """Send a reply without an end."""
    return pieces(lambda: b" " * 65_536, status, **headers)


def drip() -> Reply:
    """Send a byte now and then, without an end."""

    def piece() -> bytes:
        time.sleep(0.05)
        return b" "

    return pieces(piece)


def drip_of_headers() -> Reply:
    """Send a header now and then, without an end."""

    def reply(got: Got, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            handler.wfile.write(b"x: y\r\n")
            time.sleep(0.05)

    return posted(reply)


def bomb(times: int = 1) -> Reply:
    """Send 200 MB of blanks as gzip, that often over."""
    packing = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    body = b"".join(packing.compress(b" " * MB) for _ in range(200)) + packing.flush()
    for _ in range(times - 1):
        body = gzip.compress(body, 9)
    return posted(lambda got, handler: send(handler, body, content_encoding=", ".join(["gzip"] * times)))


def redirects(to: Callable[[Got], str], status: int = 307) -> Reply:
    """Send every question elsewhere."""
    return posted(lambda got, handler: send(handler, b"", status, location=to(got)))
