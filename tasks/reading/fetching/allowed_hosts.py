"""Which hosts a run may ask for documents. Started by hand a run may ask any; otherwise its flow says which."""

import re
from contextvars import ContextVar
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_DATE = re.escape("{run_date}")


@dataclass(frozen=True, slots=True)
class Hosts:
    """names: of hosts, with a port or (any port) without; * stands for any characters.

    addresses: these may be asked, and may redirect to anywhere, because the operator has named them. {run_date} in
    them stands for any date.
    """

    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    def permit(self, address: str) -> bool:
        """Tell whether an address may be asked."""
        return self._named(address) or any(
            fnmatchcase(host, name.lower()) for name in self.names for host in _names_of(address)
        )

    def permit_hop(self, asked: str, address: str) -> bool:
        """Tell whether the address that was asked may redirect to this one."""
        return self._named(asked) or self.permit(address)

    def _named(self, address: str) -> bool:
        dated = (re.escape(a).replace(_DATE, r"\d{4}-\d{2}-\d{2}") for a in self.addresses)
        return address in self.addresses or any(re.fullmatch(d, address) for d in dated)


ALLOWED: ContextVar[Hosts | None] = ContextVar("nightdesk_hosts", default=None)  # None: any


def host_of(address: str) -> str:
    """Return an address's host, with its port if it names one; "" if it has none."""
    try:
        parts = urlsplit(address)
        return f"{parts.hostname or ''}:{parts.port}" if parts.port else parts.hostname or ""
    except ValueError:
        return ""


def _names_of(address: str) -> tuple[str, ...]:
    """Return what an address's host may be called in a list of hosts."""
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme.lower())
    except ValueError:
        return ()
    return (host, f"{host}:{port}") if host else ()
