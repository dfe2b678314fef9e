"""What an address is: one of the web, how it is shown, and whether it is one that the whole internet knows."""

import ipaddress
import re
from urllib.parse import urlsplit, urlunsplit

WAY_OUT = "which is asked only if the profile has allow_private = true in its table [fetch]"
_NAT64, _OLD_V4 = ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96")
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_LOCAL_NAMES = ("localhost", ".localhost", ".local", ".internal", ".home.arpa")


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


def hostname_of(url: str) -> str:
    """Return an address's host without its port; "" if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_global(address: str) -> bool:
    """Tell whether an IP address is one of the internet, and not of this machine, a private network or a group.

    An IPv6 address that stands for an IPv4 address (mapped, 6to4, NAT64) is what that is.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _OLD_V4 or ip in _LOCAL_NAT64 or ip.is_site_local:
            return False
        inner = (
            ip.ipv4_mapped or ip.sixtofour or (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
        )
        if inner is not None:
            return is_global(str(inner))
    return ip.is_global and not ip.is_multicast


def private_name(host: str) -> str:
    """Return what is private in a host as it is written; "" if nothing is, so that its addresses have to be looked at.

    A number that is no IPv4 address in its usual form (2130706433, 0x7f.1, 0177.0.0.1) is: systems read it as one.
    """
    host = host.strip("[]").rstrip(".").lower()
    if any(host == name or (name.startswith(".") and host.endswith(name)) for name in _LOCAL_NAMES):
        return f"{host} is a name of this machine or of a private network"
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        is_odd = bool(_NUMBER.fullmatch(host.rpartition(".")[2]))
        return f"{host[:80]} is an IP address in an unusual form" if is_odd else ""
    return "" if is_global(host) else f"{host} is an address of this machine or of a private network"
