"""Connections of a fetch: a name is resolved once, its addresses are checked, and one of just these is connected to.

So a name that answers differently when it is asked again leads nowhere else. The name stays what a certificate is
checked by and what the server is told (SNI, Host). Whatever is sent or received ends at the deadline, however slowly.
"""

import ipaddress
import queue
import socket
import ssl
import threading
from collections.abc import Iterable
from typing import Any

import httpcore

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.fetching.addresses import WAY_OUT, is_global
from nightdesk.tasks.reading.fetching.errors import Failing, NotAllowed
from nightdesk.tasks.reading.fetching.terms import Deadline

_NO_HOST = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


class Network(httpcore.NetworkBackend):
    """any_address: whatever a name leads to is connected to; it is so of a proxy, and if the profile allows it."""

    def __init__(self, deadline: Deadline, any_address: bool) -> None:
        self._deadline, self._any = deadline, any_address
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of a host's addresses that answers.

        Raises:
            NotAllowed: one of its addresses is private.
            DocumentError: it has no address.
        """
        addresses = _resolved(host, port, self._deadline, timeout)
        private = next((a for a in addresses if not is_global(a)), "")
        if private and not self._any:
            raise NotAllowed(f"leads to {host} at {private}, of this machine or of a private network, {WAY_OUT}")
        failed: Exception | None = None
        for address in addresses:
            try:
                stream = self._plain.connect_tcp(
                    address, port, self._deadline.within(timeout), local_address, socket_options
                )
                return _Stream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as e:
                failed = failed or e
        assert failed is not None
        raise failed


class _Stream(httpcore.NetworkStream):
    """A connection on which every step ends at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return self._stream.read(max_bytes, self._deadline.within(timeout))
        except httpcore.ReadTimeout:
            self._deadline.within(None)
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.within(timeout))
        except httpcore.ConnectTimeout:
            self._deadline.within(None)
            raise
        return _Stream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _resolved(host: str, port: int, deadline: Deadline, most_s: float | None) -> list[str]:
    """Return the addresses of a host; the system's resolver, which knows no time limit, is given up at the deadline."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([str(address[0]) for *_, address in found])
        except (OSError, UnicodeError) as e:
            answers.put(e)

    threading.Thread(target=ask, name="nightdesk-resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.within(most_s))
    except queue.Empty:
        deadline.within(None)
        raise Failing(f"the name {host} is not resolved in time; try again later") from None
    if isinstance(answer, socket.gaierror) and answer.errno not in _NO_HOST:
        raise Failing(f"cannot be fetched (the name {host} cannot be resolved now: {answer.strerror}); try again later")
    if isinstance(answer, Exception):
        raise DocumentError(f"cannot be fetched (there is no host {host[:100]}); check the address")
    return list(dict.fromkeys(answer))
