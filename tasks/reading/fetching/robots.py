"""robots.txt: heeded where an address that was named leads to another site; not for addresses that were named.

No link in a feed or a page is followed, so such redirects are all that is asked of a site that was not named.
"""

from collections.abc import Callable

from nightdesk.tasks.reading.fetching.errors import Failing, NotAllowed

MOST_BYTES = 500_000  # of a robots.txt that are read, as RFC 9309 has it
AGENT = "nightdesk"

Ask = Callable[[str], tuple[int, bytes]]
"""Asks an address, redirects followed: its status, and the beginning of its text."""


def check(named: str, host: str, address: str, ask: Ask) -> None:
    """See whether the site of a redirect lets programs read there.

    named: the host that was named; host, address: those of the redirect.

    Raises:
        NotAllowed: its robots.txt says no.
        Failing: it cannot be told, because the site fails.
    """
    if _site(named) == _site(host):
        return
    from urllib.parse import urljoin

    from protego import Protego

    status, text = ask(urljoin(address, "/robots.txt"))
    if status >= 500 or status == 429:
        raise Failing(f"leads to {host}, whose robots.txt cannot be read now ({status}); try again later")
    if status == 200 and not Protego.parse(text.decode("utf-8", "replace")).can_fetch(address, AGENT):
        raise NotAllowed(
            f"leads to {host}, whose robots.txt asks programs not to read there; if you may, name that address itself"
        )


def _site(host: str) -> str:
    return host.lower().rstrip(".").removeprefix("www.")
