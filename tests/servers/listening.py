"""What listens on this machine, and attacks that every server of ours has to withstand.

For any server that is ours: `listening` finds its sockets, `open_to_others` those that other machines reach, and
`weaknesses` sends what foreign websites and other users would send to an HTTP server.
"""

import http.client
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field

import psutil

from tests.processes import alive_of

LOOPBACK = ("127.0.0.1", "::1")
EVIL = "evil.example"
TRAVERSALS = (
    "/../../../../../../../../etc/passwd",
    "/..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "//etc/passwd",
    "/assets/..%5c..%5c..%5cetc%5cpasswd",
    "/assets/%00/../../etc/passwd",
)
TIMEOUT_S = 30


@dataclass(frozen=True, slots=True, order=True)
class Listener:
    """A TCP socket that waits for connections, and the command whose process has it."""

    host: str
    port: int
    command: str = field(compare=False)

    @property
    def is_loopback(self) -> bool:
        """Whether no other machine reaches it."""
        return self.host in LOOPBACK


def listening(pid: int) -> list[Listener]:
    """Return what listens of a process and of all that it has started, in sessions of their own too."""
    processes = {p.pid: p for p in alive_of(pid)}
    with suppress(psutil.Error):
        of_it = psutil.Process(pid)
        processes |= {p.pid: p for p in (of_it, *of_it.children(recursive=True))}
    found: set[Listener] = set()
    for process in processes.values():
        with suppress(psutil.Error):
            command = " ".join(process.cmdline())
            for one in process.net_connections(kind="tcp"):
                if one.status == psutil.CONN_LISTEN:
                    found.add(Listener(one.laddr.ip, one.laddr.port, command))
    return sorted(found)


def open_to_others(listeners: Sequence[Listener]) -> list[Listener]:
    """Return those that another machine may reach."""
    return [one for one in listeners if not one.is_loopback]


@dataclass(frozen=True)
class Expected:
    """What a server is for. page: a path that it answers with 200. signed_in: headers that open it ({}: open to all).

    write: (method, path) that changes something and takes JSON, None: nothing does. csrf: whether it wants a token of
    who is signed in. body: of the write, such as it would take if it came from whom it may come from.
    """

    page: str
    signed_in: Mapping[str, str] = field(default_factory=dict)
    write: tuple[str, str] | None = None
    csrf: bool = True
    body: str = "{}"


def weaknesses(host: str, port: int, expected: Expected) -> list[str]:
    """Attack an HTTP server as foreign websites and other users do; return what got through, in words."""
    return [
        *_names(host, port, expected),
        *_origins(host, port, expected),
        *_paths(host, port, expected),
        *_machines(host, port),
    ]


def status(
    host: str, port: int, method: str, path: str, headers: Mapping[str, str], body: str | None = None
) -> tuple[int, Mapping[str, str], bytes]:
    """Send one request with just these headers, path as it is; return status, headers and body of the answer.

    An answer that is none (the connection is closed, say) has status 0.
    """
    with closing(http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)) as connection:
        try:
            connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            data = None if body is None else body.encode()
            if data is not None:
                connection.putheader("Content-Type", "application/json")
                connection.putheader("Content-Length", str(len(data)))
            connection.endheaders(data)
            reply = connection.getresponse()
            return reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()
        except (http.client.HTTPException, OSError):
            return 0, {}, b""


def _names(host: str, port: int, expected: Expected) -> Iterator[str]:
    """DNS rebinding: a website's own name is made to point to this machine, so a browser takes us for that website."""
    if (seen := status(host, port, "GET", expected.page, expected.signed_in)[0]) != 200:
        yield f"whom it is for gets {seen} of GET {expected.page}"
    for name in (EVIL, f"{EVIL}:{port}", f"{host}.{EVIL}", f"{host}:{port}@{EVIL}", f"localhost.{EVIL}", ""):
        for headers in ({}, expected.signed_in):
            seen = status(host, port, "GET", expected.page, {**headers, "Host": name})[0]
            if 200 <= seen < 400:
                yield f"Host {name!r}: GET {expected.page} is answered with {seen}"


def _origins(host: str, port: int, expected: Expected) -> Iterator[str]:
    for origin in (f"https://{EVIL}", f"http://{EVIL}:{port}", "null", f"http://{host}:{port}.{EVIL}"):
        _, headers, _ = status(host, port, "GET", expected.page, {**expected.signed_in, "Origin": origin})
        if headers.get("access-control-allow-origin") in ("*", origin):
            yield f"the website {origin} may read GET {expected.page}"
        if expected.write is None:
            continue
        method, path = expected.write
        seen = status(host, port, method, path, {**expected.signed_in, "Origin": origin}, expected.body)[0]
        if 0 < seen < 400:
            yield f"the website {origin} may {method} {path}"
        wish = {"Origin": origin, "Access-Control-Request-Method": method}
        _, headers, _ = status(host, port, "OPTIONS", path, wish)
        if headers.get("access-control-allow-origin") in ("*", origin):
            yield f"a browser is told that the website {origin} may {method} {path}"
    if expected.write is not None:
        method, path = expected.write
        if expected.signed_in and 0 < (seen := status(host, port, method, path, {}, expected.body)[0]) < 400:
            yield f"who is not signed in may {method} {path}: {seen}"
        if expected.csrf and 0 < (seen := status(host, port, method, path, expected.signed_in, expected.body)[0]) < 400:
            yield f"{method} {path} wants no token: {seen}"


def _paths(host: str, port: int, expected: Expected) -> Iterator[str]:
    for path in TRAVERSALS:
        if b"root:" in status(host, port, "GET", path, expected.signed_in)[2]:
            yield f"GET {path} gives a file of the system"


def _machines(host: str, port: int) -> Iterator[str]:
    for address in _own_addresses():
        with suppress(OSError), socket.create_connection((address, port), timeout=5):
            if host in LOOPBACK:
                yield f"it is reached at {address}, which other machines reach too"


def _own_addresses() -> set[str]:
    found = {a.address for every in psutil.net_if_addrs().values() for a in every if a.family == socket.AF_INET}
    return {address for address in found if not address.startswith("127.")}


def answer_of(listener: Listener, request: str) -> str:
    """Return what a socket answers to a few lines of text; "" if nothing within a second."""
    said = b""
    with suppress(OSError), socket.create_connection((listener.host, listener.port), timeout=5) as s:
        s.settimeout(1)
        s.sendall(f"{request}\r\n\r\n".encode())
        while more := s.recv(4096):
            said += more
    return said.decode(errors="replace")
