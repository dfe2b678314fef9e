"""Which addresses no proxy is asked for: those of this machine, whatever HTTP_PROXY says.

Prefect's server of a run, models served on this machine and Dask listen on the loopback. A proxy elsewhere cannot reach
them, and would see the keys that are sent to them.
"""

import os
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")  # also in small letters


def keep_loopback_direct() -> None:
    """Add the loopback to NO_PROXY of this process, and so of those that it starts. A second call changes nothing."""
    direct = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    if direct.strip() != "*":
        named = (name.strip() for name in direct.split(","))
        direct = ",".join(dict.fromkeys([*filter(None, named), *LOOPBACK]))
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = direct


def is_loopback(url: str) -> bool:
    """Tell whether an address is one of this machine's own."""
    try:
        return urlsplit(url).hostname in LOOPBACK
    except ValueError:
        return False
