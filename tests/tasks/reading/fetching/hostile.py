"""Servers that do what a page says, byte by byte, and names that resolve to what a test says."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

Page = Callable[[socket.socket, dict[str, str]], None]
"""Answers a request whose headers, in small letters, it is given."""


def page(body: bytes = b"Shut again.", status: str = "200 OK", **headers: str) -> Page:
    """Answer with a text. headers: by their names, _ for -."""
    named = {"Content-Type": "text/plain", **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in named.items())]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "Connection: close", "", ""]).encode("latin-1")
    return lambda wire, _: wire.sendall(head + body)


def redirect(to: str, after_s: float = 0.0) -> Page:
    """Lead elsewhere, after some seconds."""

    def answer(wire: socket.socket, headers: dict[str, str]) -> None:
        time.sleep(after_s)
        page(b"", "302 Found", Location=to)(wire, headers)

    return answer


def dripping(start: bytes, drop: bytes, every_s: float = 0.02) -> Page:
    """Begin, and never come to an end: a drop every few milliseconds."""

    def answer(wire: socket.socket, _: dict[str, str]) -> None:
        wire.sendall(start)
        while True:
            wire.sendall(drop)
            time.sleep(every_s)

    return answer


def changing(body: bytes, **validators: str) -> Page:
    """Answer 304 if the request names the validators, as a server does whose text has not changed."""

    def answer(wire: socket.socket, headers: dict[str, str]) -> None:
        asked = {headers.get("if-none-match"), headers.get("if-modified-since")}
        if asked & set(validators.values()):
            page(b"", "304 Not Modified", **validators)(wire, headers)
        else:
            page(body, **validators)(wire, headers)

    return answer


@dataclass
class Hostile:
    """A server on the loopback: its pages by path, and what it was asked."""

    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listening = socket.create_server((self.host, 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"http://{self.host}:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                wire, _ = self._listening.accept()
                threading.Thread(target=self._answer, args=(wire,), daemon=True).start()

    def _answer(self, wire: socket.socket) -> None:
        with suppress(OSError), wire if self.tls is None else self.tls.wrap_socket(wire, server_side=True) as talk:
            asked = b""
            while b"\r\n\r\n" not in asked:
                if not (more := talk.recv(65_536)):
                    return
                asked += more
            first, *lines = asked.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
            path = first.split(" ")[1]
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
            self.asked.append(path)
            self.headers.append(headers)
            self.pages.get(path, page(b"", "404 Not Found"))(talk, headers)


@contextmanager
def hostile(**given: Any) -> Iterator[Hostile]:
    """Serve."""
    server = Hostile(**given)
    try:
        yield server
    finally:
        server.close()


@dataclass
class Names:
    """answers: of each name, one after the other, the last one for ever; resolved, connected: what was asked for."""

    answers: dict[str, list[list[str]]]
    resolved: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)


@contextmanager
def resolving(**answers: list[list[str]]) -> Iterator[Names]:
    """Have names resolve to addresses (host_test stands for host.test), and no connection leave this machine."""
    names = Names({name.replace("_", "."): list(given) for name, given in answers.items()})
    resolve, connect = socket.getaddrinfo, socket.create_connection

    def look_up(host: Any, port: Any, *more: Any, **named: Any) -> list[Any]:
        if host not in names.answers:
            return resolve(host, port, *more, **named)
        names.resolved.append(host)
        given = names.answers[host]
        found = given.pop(0) if len(given) > 1 else given[0]
        return [(socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in found]

    def connect_to(address: tuple[str, int], *more: Any, **named: Any) -> socket.socket:
        names.connected.append(address[0])
        if not address[0].startswith("127."):
            raise OSError(101, "Network is unreachable")
        return connect(address, *more, **named)

    with mock.patch("socket.getaddrinfo", look_up), mock.patch("socket.create_connection", connect_to):
        yield names
